#pragma once

// Evaluator: how good a model is under a recipe, on one split of the data, compared with FP32 on
// the same items.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "posittune/base/interrupt.h"
#include "posittune/base/result.h"
#include "posittune/data/dataset.h"
#include "posittune/engine/engine.h"
#include "posittune/metrics/divergence.h"
#include "posittune/metrics/scorer.h"
#include "posittune/quant/recipe.h"
#include "posittune/records/comparison.h"

namespace posittune::evaluation {

struct Options {
  metrics::Task task = metrics::Task::kGeneric;
  metrics::ScorerOptions scorer{};
  metrics::BootstrapOptions bootstrap{};
  std::size_t batch = 0;                   // items to a run; 0: by the size of the outputs
  std::size_t memory_limit = 512UL << 20;  // bytes of FP32's outputs in memory; the rest on disk
  std::string scratch_folder{};            // folder for that rest; empty: TMPDIR
};

// Watch is called with the outputs of each batch, to save them or to measure something else.
using Watch = std::function<Status(std::size_t first_item, const Tensors& outputs)>;

class Evaluator {
 public:
  // Makes an evaluator: runs FP32 once over the data and keeps its outputs. The engine and the data
  // outlive it.
  static Result<Evaluator> create(engine::Engine& engine, const data::Dataset& data,
                                  const Options& options, const Advance& advance,
                                  const Watch& watch = {});

  const std::vector<metrics::Measured>& fp32() const { return fp32_; }
  std::size_t batch() const { return batch_; }

  // Units of the last measure() whose scored output has a NaN, or an infinity where FP32's is
  // finite.
  std::size_t nonfinite() const { return nonfinite_; }
  // The loss of each item in the last measure().
  const std::vector<metrics::ItemDivergence>& item_losses() const { return item_losses_; }

  // Measures a recipe, and leaves it applied.
  Result<std::vector<metrics::Measured>> measure(const quant::Recipe& recipe,
                                                 const Advance& advance, const Watch& watch = {});

  // Compares with FP32: values, intervals, paired differences.
  Result<std::map<std::string, records::MetricResult>> compare(
      const std::vector<metrics::Measured>& measured) const;

 private:
  Evaluator(engine::Engine& engine, const data::Dataset& data, Options options);
  metrics::Scorer make_scorer() const;
  Status run_fp32(const struct Batch& batch, const Advance& advance, const Watch& watch);
  Result<std::vector<metrics::Measured>> run_recipe(const Advance& advance, const Watch& watch);
  Result<Tensors> run(std::size_t first_item, const Tensors& inputs);

  engine::Engine* engine_;
  const data::Dataset* data_;
  Options options_;
  std::size_t batch_ = 1;
  std::shared_ptr<class TensorStore> reference_;
  std::vector<metrics::Measured> fp32_;
  std::size_t nonfinite_ = 0;
  std::vector<metrics::ItemDivergence> item_losses_;
};

// Metrics of a model beside those of FP32 on the same items.
Result<std::map<std::string, records::MetricResult>> to_results(
    const std::vector<metrics::Measured>& fp32, const std::vector<metrics::Measured>& measured);

// Calibrates the engine: runs FP32 over the data; for a model with a fixed batch in whole batches
// only, so that no statistics come from padding (the remaining items are not used, unless there is
// no whole batch). Then measures on the first items what embeddings do to an output (empty: the
// default one, see scored_output.h), unless it holds integers. After an error the engine is not
// calibrated.
Status calibrate(engine::Engine& engine, const data::Dataset& data, std::size_t batch,
                 const std::string& output, const Advance& advance);

}  // namespace posittune::evaluation
