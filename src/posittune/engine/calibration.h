#pragma once

// Calibration: what the calibration data show of a model, statistics of inputs, covariances for
// errors of weights and for compensated rounding, uses of embeddings.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "posittune/engine/chosen_layers.h"
#include "posittune/engine/covariance.h"
#include "posittune/engine/embedding_metrics.h"
#include "posittune/engine/input_statistics.h"
#include "posittune/engine/patch_covariance.h"

namespace posittune::engine {

class Calibration {
 public:
  // `layers` outlives this.
  explicit Calibration(ChosenLayers& layers) : layers_(layers), embeddings_(layers) {}

  // Plan of what is collected; the sizes are those of engine::Options. Call plan() while the graph
  // has its nodes.
  struct Plan {
    std::size_t covariance_bytes = 0;
    bool held_out = false;
    std::size_t embedding_columns = 0;
  };
  void plan(const Plan& plan);

  // Turns collecting on or off: while on, runs of the model are calibration.
  void observe(bool on);
  void clear();           // forgets all that was calibrated or measured
  void forget_sampled();  // forgets results computed from samples
  bool calibrated() const;
  bool holds_out() const { return held_out_; }

  const InputStatistics& statistics(std::size_t layer, std::size_t operand) const {
    return statistics_[layer][operand];
  }
  // Mean squares E[x_k^2] for each column of a weight, summed over the layers that use it; empty
  // when unknown.
  std::vector<float> input_squares(std::size_t weight) const;

  // Covariance S = E[x x^T] of the input of a matrix product, or its diagonal; null when not
  // collected. With holds_out() it covers the part for fitting only. Layers with the same input
  // share it.
  const InputCovariance* covariance(std::size_t layer) const;
  bool plans_covariance(std::size_t layer) const { return covariance_of_[layer].has_value(); }

  // Covariance S of a convolution's patches; null where there is none (grouped, too wide, no data,
  // or nothing held out). Without holds_out() it is computed from the sample when first asked for.
  const PatchCovariance* patches(std::size_t layer);

  // The layers that use a weight and whose matrix is known in full: S, or M for embeddings. Layers
  // that share a matrix are named by the layer that holds it.
  std::vector<std::size_t> fully_known(std::size_t weight);
  // The layer that holds the matrix S of this layer; layers with the same input share one.
  std::size_t holder(std::size_t layer) const;
  // fit() and holdout(): the matrix of a layer that has one, over the data for fitting, and over
  // the data held out. Where no data were held out, because the layer sees few tokens, holdout() is
  // over all data.
  const InputCovariance& fit(std::size_t layer);
  const InputCovariance& holdout(std::size_t layer);

  // Look-ups of each row of an embedding's table; empty for other layers.
  const std::vector<std::uint64_t>& uses(std::size_t layer) const { return uses_[layer]; }
  // Look-ups of each row by all chosen layers that read the table.
  std::vector<double> row_uses(std::size_t weight) const;
  EmbeddingMetrics& embeddings() { return embeddings_; }
  const EmbeddingMetrics& embeddings() const { return embeddings_; }

 private:
  void plan_covariances(std::size_t bytes);
  void plan_patches();

  ChosenLayers& layers_;
  bool held_out_ = false;
  std::vector<std::vector<InputStatistics>> statistics_;     // [layer][operand]
  std::vector<std::optional<InputCovariance>> covariances_;  // [layer]; absent: it holds none
  std::vector<std::optional<InputCovariance>> holdout_;      // the same for tokens held out
  std::vector<std::optional<std::size_t>> covariance_of_;    // [layer]: the layer that holds its S
  std::vector<std::vector<std::uint64_t>> uses_;
  // Patches by layer: collected during calibration where images are held out, else from the sample.
  std::map<std::size_t, std::optional<PatchCovariance>> patches_;
  EmbeddingMetrics embeddings_;
};

}  // namespace posittune::engine
