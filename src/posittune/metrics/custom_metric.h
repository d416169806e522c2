#pragma once

// Custom metrics: numbers that the user's own code takes from the outputs of each item. Beside
// those of the task they are measured, bootstrapped and compared with FP32 alike.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/metrics/metric.h"
#include "posittune/records/annotations.h"

namespace posittune::metrics {

// Items first .. first + count - 1 of the data set, as a model saw and left them; axis 0 of every
// input is the items. Of the outputs only those with a row for each item are there.
struct ItemBatch {
  std::size_t first = 0, count = 0;
  const Tensors& inputs;
  const Tensors& outputs;
  const records::Annotations& annotations;  // of all items of the data set
};

struct CustomMetric {
  std::string name;     // in results: letters, digits, '_'; no metric of the task has it
  std::string version;  // changes when the code does: rows of another version are measured anew
  Direction direction = Direction::kHigherIsBetter;
  std::string unit{};
  // A number for each item of the batch; the metric is their mean. Called on one thread, for FP32
  // first and then for each format, in the order of the items.
  std::function<Result<std::vector<double>>(const ItemBatch&)> measure;
};

// Checks names and versions: kUsage.
Status check(std::span<const CustomMetric> metrics);

// The identity of custom metrics for keys, "name@version" each; empty without any.
std::string identity(std::span<const CustomMetric> metrics);

// The means of custom metrics, by unit.
class CustomSums {
 public:
  explicit CustomSums(std::vector<CustomMetric> metrics);

  // Adds a batch. units: of each item. broken: whether the item's scored output is not finite,
  // where a metric may be NaN or infinite too; elsewhere that is kInput, naming metric and item.
  // kInput as well for another number of values than items.
  Status add(const ItemBatch& batch, std::span<const std::uint32_t> units,
             const std::vector<bool>& broken);

  // Appends the metrics to those of the task, which then rank as details: whoever brings a metric
  // decides by it. kUsage where the task has one of that name.
  Status finish(std::size_t units, std::vector<MetricSamples>& metrics);

  bool empty() const { return metrics_.empty(); }

 private:
  std::vector<CustomMetric> metrics_;
  std::vector<std::vector<double>> sums_;  // [metric][unit]
  std::vector<double> items_;              // [unit]
};

}  // namespace posittune::metrics
