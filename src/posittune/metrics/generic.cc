#include "posittune/base/threads.h"
#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

class GenericScorer : public TaskScorer {
 public:
  explicit GenericScorer(const ScorerOptions& options) : options_(options) {}

  Status add(const Batch& batch) override {
    const auto reference = batch.reference.as<float>(), output = batch.output.as<float>();
    const std::size_t size = output.size() / batch.items;
    std::vector<Deviation> rows(batch.items);
    parallel_for(batch.items, options_.threads, [&](std::size_t i) {
      rows[i] = deviation(reference.subspan(i * size, size), output.subspan(i * size, size));
    });
    for (std::size_t i = 0; i < batch.items; ++i) {
      error_.add(batch.units[i], relative_error(rows[i]));
      items_.add(batch.units[i], 1);
      deviation_.add(batch.units[i], rows[i]);
    }
    any_ = true;
    return success();
  }

  std::vector<MetricSamples> finish(std::size_t units) override {
    std::vector<MetricSamples> metrics;
    if (!any_) return metrics;
    metrics.push_back(ratio(loss_of(Task::kGeneric), error_.take(units), items_.take(units)));
    deviation_.finish(units, metrics);
    return metrics;
  }

 private:
  ScorerOptions options_;
  UnitSums error_, items_;
  UnitDeviation deviation_;
  bool any_ = false;
};

}  // namespace

std::unique_ptr<TaskScorer> generic_scorer(const ScorerOptions& options) {
  return std::make_unique<GenericScorer>(options);
}

}  // namespace posittune::metrics
