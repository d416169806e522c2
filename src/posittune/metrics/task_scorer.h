#pragma once

// Task scorers: what each task adds to Scorer (internal).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/metrics/metric.h"
#include "posittune/metrics/scorer.h"
#include "posittune/metrics/scores.h"

namespace posittune::metrics {

// A batch. Both outputs are float32 (kAgreement: integers) of one shape whose first dimension is
// `items` > 0.
struct Batch {
  std::size_t first_item = 0, items = 0;
  const Tensors& inputs;
  const Tensor& reference;
  const Tensor& output;
  std::span<const std::uint32_t> units;  // unit of each item of the batch
};

class TaskScorer {
 public:
  virtual ~TaskScorer() = default;
  virtual Status add(const Batch& batch) = 0;
  // The metrics, for `units` units that were seen. Empty when nothing was scored.
  virtual std::vector<MetricSamples> finish(std::size_t units) = 0;
};

std::unique_ptr<TaskScorer> language_model_scorer(const ScorerOptions& options);
std::unique_ptr<TaskScorer> classify_scorer(const ScorerOptions& options,
                                            std::vector<std::int64_t> labels);
std::unique_ptr<TaskScorer> detect_scorer(const ScorerOptions& options,
                                          std::vector<std::vector<records::Box>> boxes,
                                          std::vector<std::int64_t> image_ids);
std::unique_ptr<TaskScorer> ctc_scorer(const ScorerOptions& options,
                                       std::vector<std::vector<std::int64_t>> sequences);
std::unique_ptr<TaskScorer> segment_scorer(const ScorerOptions& options);
std::unique_ptr<TaskScorer> generic_scorer(const ScorerOptions& options);
std::unique_ptr<TaskScorer> agreement_scorer();

// The relative error, sum (x - y)^2 / sum x^2; 0 for equal rows, infinite where x is zero and y is
// not.
double relative_error(const Deviation& row);

// The number of elements of an item that differ in bytes between two tensors of one type and shape.
std::size_t differing_elements(const Tensor& reference, const Tensor& output, std::size_t item);

// Checks the reference: kInput where FP32's own rows of an item are not of the kind of scores.
Status check_reference(const ScorerOptions& options, std::span<const RowScores> rows,
                       std::size_t item);
// Checks the classes: kInput for logits of one class, whose softmax is always 1.
Status check_classes(const ScorerOptions& options, std::size_t classes);

// Sums by unit.
class UnitSums {
 public:
  void add(std::uint32_t unit, double x) {
    if (unit >= sums_.size()) sums_.resize(unit + std::size_t{1});
    sums_[unit] += x;
  }
  std::vector<double> take(std::size_t units) {
    sums_.resize(units);
    return std::move(sums_);
  }

 private:
  std::vector<double> sums_;
};

MetricSamples ratio(Metric metric, std::vector<double> numerators, std::vector<double> denominators,
                    RatioStatistic::Transform transform = nullptr);

// Deviations by unit, for cosine and sqnr_db.
class UnitDeviation {
 public:
  void add(std::uint32_t unit, const Deviation& row);
  void finish(std::size_t units, std::vector<MetricSamples>& metrics);

 private:
  UnitSums cosine_, rows_, signal_, noise_;
};

// Sums for kl and top1_agreement of rows of logits, and deviations.
class LogitSums {
 public:
  void add(std::uint32_t unit, const RowScores& row);
  bool empty() const { return !any_; }
  // unit_name: "token", "item"
  void finish(std::size_t units, const char* unit_name, std::vector<MetricSamples>& metrics);

 private:
  bool any_ = false;
  UnitSums kl_, agreement_, rows_;
  UnitDeviation deviation_;
};

// Whether a type is an integer or bool.
bool is_integer(ElementType type);

// All elements of an integer or bool tensor; kInput for other types.
Result<std::vector<std::int64_t>> integers(const Tensor& tensor, const std::string& name);

Error input_error(std::string what, std::string where, std::string expected, std::string found,
                  std::string hint = {});

}  // namespace posittune::metrics
