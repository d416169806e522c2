// Class scores at each position: segmentation maps, labels of tokens.

#include <numeric>
#include <string>
#include <utility>

#include "posittune/metrics/class_rows.h"
#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

class SegmentScorer : public TaskScorer {
 public:
  explicit SegmentScorer(const ScorerOptions& options) : options_(options) {}

  Status add(const Batch& batch) override {
    auto reference = class_rows(batch.reference, Task::kSegment, options_.class_axis);
    if (!reference) return reference.error();
    auto output = class_rows(batch.output, Task::kSegment, options_.class_axis);
    if (!output) return output.error();
    if (Status classes = check_classes(options_, output->classes); !classes) return classes;
    std::vector<std::size_t> rows(output->positions);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    // Item by item: the scores of all pixels of a batch would be larger than its output.
    for (std::size_t i = 0; i < batch.items; ++i) {
      const auto scores = score_rows(reference->item(i).data(), output->item(i).data(),
                                     output->classes, rows, options_.threads, options_.scores);
      if (Status valid = check_reference(options_, scores, batch.first_item + i); !valid)
        return valid;
      for (const RowScores& position : scores) positions_.add(batch.units[i], position);
    }
    return success();
  }

  std::vector<MetricSamples> finish(std::size_t units) override {
    std::vector<MetricSamples> metrics;
    if (!positions_.empty()) positions_.finish(units, "position", metrics);
    return metrics;
  }

 private:
  ScorerOptions options_;
  LogitSums positions_;
};

}  // namespace

std::unique_ptr<TaskScorer> segment_scorer(const ScorerOptions& options) {
  return std::make_unique<SegmentScorer>(options);
}

}  // namespace posittune::metrics
