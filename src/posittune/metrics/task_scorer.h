#pragma once

// What a task adds to Scorer (internal).

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

// Both outputs are float32 of one shape whose first dimension is `items` > 0.
struct Batch {
  std::size_t first_item = 0, items = 0;
  const Tensors& inputs;
  const Tensor& reference;
  const Tensor& output;
  std::span<const std::uint32_t> units;  // of each item of the batch
};

class TaskScorer {
 public:
  virtual ~TaskScorer() = default;
  virtual Status add(const Batch& batch) = 0;
  // units: how many were seen. Empty when nothing was scored.
  virtual std::vector<MetricSamples> finish(std::size_t units) = 0;
};

std::unique_ptr<TaskScorer> language_model_scorer(const ScorerOptions& options);
std::unique_ptr<TaskScorer> classify_scorer(const ScorerOptions& options,
                                            std::vector<std::int64_t> labels);
std::unique_ptr<TaskScorer> detect_scorer(const ScorerOptions& options,
                                          std::vector<std::vector<records::Box>> boxes,
                                          std::vector<std::int64_t> image_ids);
std::unique_ptr<TaskScorer> generic_scorer(const ScorerOptions& options);

// One sum for each unit.
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

// cosine and sqnr_db.
class UnitDeviation {
 public:
  void add(std::uint32_t unit, const Deviation& row);
  void finish(std::size_t units, std::vector<MetricSamples>& metrics);

 private:
  UnitSums cosine_, rows_, signal_, noise_;
};

// kl and top1_agreement of rows of logits, and the above.
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

// Every element of an integer or bool tensor; kInput for other types.
Result<std::vector<std::int64_t>> integers(const Tensor& tensor, const std::string& name);

Error input_error(std::string what, std::string where, std::string expected, std::string found,
                  std::string hint = {});

}  // namespace posittune::metrics
