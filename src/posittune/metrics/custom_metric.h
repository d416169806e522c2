#pragma once

// Custom metrics: numbers that the user's own code computes from the outputs of each item. They are
// measured, bootstrapped and compared with FP32 like those of the task.

#include <any>
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

// Inputs and outputs of items first .. first + count - 1 of the data set. Axis 0 of every input is
// the items; outputs without a row for each item are left out.
struct ItemBatch {
  std::size_t first = 0, count = 0;
  const Tensors& inputs;
  const Tensors& outputs;
  const records::Annotations& annotations;  // for all items of the data set
  // Shared by the metrics of a batch, such as its tensors in another language: the first metric
  // that needs it makes it, and it ends with the batch.
  mutable std::any shared{};
};

struct CustomMetric {
  std::string name;     // key in results: letters, digits, '_'; unique
  std::string version;  // changes when the code does: rows of another version are measured anew
  Direction direction = Direction::kHigherIsBetter;
  std::string unit{};
  // Gives a number for each item of the batch; the metric is their mean. It is called on one
  // thread, for FP32 first and then for each format, with the items in order.
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

  // Adds a batch. `units`: the unit of each item. `broken`: whether the item's scored output is not
  // finite; the metric of such an item may be NaN or infinite. For another item that is kInput,
  // naming metric and item. Also kInput: not as many values as items.
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
