// Integer outputs (classes of pixels, indices): the part of the elements that are FP32's.

#include <algorithm>

#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

class AgreementScorer : public TaskScorer {
 public:
  Status add(const Batch& batch) override {
    const std::size_t size = batch.output.size() / batch.items;
    for (std::size_t i = 0; i < batch.items; ++i) {
      const std::size_t differing = differing_elements(batch.reference, batch.output, i);
      equal_.add(batch.units[i], static_cast<double>(size - differing));
      elements_.add(batch.units[i], static_cast<double>(size));
    }
    any_ = true;
    return success();
  }

  std::vector<MetricSamples> finish(std::size_t units) override {
    std::vector<MetricSamples> metrics;
    if (!any_) return metrics;
    metrics.push_back(ratio({"agreement", Direction::kHigherIsBetter, "", Rank::kAgreement},
                            equal_.take(units), elements_.take(units)));
    return metrics;
  }

 private:
  bool any_ = false;
  UnitSums equal_, elements_;
};

}  // namespace

std::size_t differing_elements(const Tensor& reference, const Tensor& output, std::size_t item) {
  const std::size_t width = element_bytes(output.type), size = output.size() / output.shape[0];
  const std::byte* x = reference.bytes.data() + item * size * width;
  const std::byte* y = output.bytes.data() + item * size * width;
  std::size_t differing = 0;
  for (std::size_t i = 0; i < size * width; i += width)
    differing += !std::equal(x + i, x + i + width, y + i);
  return differing;
}

std::unique_ptr<TaskScorer> agreement_scorer() { return std::make_unique<AgreementScorer>(); }

}  // namespace posittune::metrics
