#pragma once

// Prober: measures the loss of a change of a few layers; the model is run from the first segment
// that changes, on FP32's own tensors at that cut.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/data/dataset.h"
#include "posittune/engine/engine.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/metrics/scorer.h"
#include "posittune/quant/recipe.h"

namespace posittune::evaluation {

struct Batch;  // see batches.h

struct ProberOptions {
  metrics::Task task = metrics::Task::kGeneric;
  metrics::ScorerOptions scorer{};
  std::size_t batch = 0;                   // items to a run; 0: by the size of the outputs
  std::size_t output_limit = 512UL << 20;  // bytes of FP32's outputs in memory; the rest on disk
  std::size_t cache_limit = 1UL << 30;     // bytes of tensors at cuts in memory; the rest on disk
  std::string scratch_folder{};            // folder for that rest; empty: TMPDIR
};

// Divergence (metrics/divergence.h) summed over the items of each unit that was seen.
struct Divergence {
  std::vector<double> sums, counts;  // one per unit; count 0: unit not seen

  double mean() const;            // sum of sums / sum of counts; 0 when nothing was seen
  std::size_t units() const;      // number of units seen
  std::size_t nonfinite() const;  // units seen whose sum is NaN or infinite, as their outputs were
  // The half width of the interval mean() +- half_width(z): z standard errors of a ratio of sums
  // over units; infinite for fewer than two units.
  // source: W. Cochran, "Sampling Techniques", 1977, section 6.4.
  double half_width(double z) const;
};

// The paired difference a.mean() - b.mean() over the units that both saw, and its half width.
struct PairedDifference {
  double mean = 0, half_width = 0;
};
PairedDifference paired(const Divergence& a, const Divergence& b, double z);

// Stop is called after each batch but the last; true ends the measurement.
using Stop = std::function<bool(const Divergence& so_far)>;

class Prober {
 public:
  // Makes a prober: runs FP32 once and keeps its outputs and the tensors that cross the cuts.
  // Engine and data outlive it. kUsage when the limit is too small for one batch at one cut (the
  // message says how much that takes).
  static Result<Prober> create(engine::Engine& engine, const data::Dataset& data,
                               const ProberOptions& options, const Advance& advance);

  // Measures a recipe, which may differ from FP32 only in layers of segment `first` and later ones,
  // and leaves it applied. Batches come in a random order, the same for all recipes, so that an
  // early stop sees items from the whole data set.
  Result<Divergence> measure(const quant::Recipe& recipe, std::size_t first, const Advance& advance,
                             const Stop& stop = {});

  // The first segment with a layer that the recipe names.
  std::size_t first_segment(const quant::Recipe& recipe) const;

  std::size_t batch() const { return batch_; }
  std::size_t batches() const { return order_.size(); }
  // Seconds of one FP32 run over all data, loading and scoring included.
  double fp32_seconds() const { return fp32_seconds_; }
  // Bytes of each cut, for all data.
  const std::vector<std::uint64_t>& cut_bytes() const { return cut_bytes_; }
  std::uint64_t suffix_runs() const { return suffix_runs_; }  // batches that measure() ran

 private:
  Prober(engine::Engine& engine, const data::Dataset& data, ProberOptions options);
  Status keep_fp32(const Batch& batch, const Advance& advance);
  Result<Divergence> run_from(std::size_t first, const Advance& advance, const Stop& stop);
  Status add(Divergence& divergence, std::size_t first_item, const Tensors& inputs,
             const Tensors& reference, const Tensors& outputs) const;

  engine::Engine* engine_;
  const data::Dataset* data_;
  ProberOptions options_;
  std::size_t batch_ = 1;
  std::vector<std::size_t> order_;                         // order of the batches
  std::shared_ptr<class TensorStore> outputs_, crossing_;  // crossing_: batch by batch, cut by cut
  Tensors read_buffer_;                                    // memory for outputs that are on disk
  std::vector<std::uint64_t> cut_bytes_;
  double fp32_seconds_ = 0;
  std::uint64_t suffix_runs_ = 0;
};

}  // namespace posittune::evaluation
