#pragma once

// Engine: runs a model under a recipe.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/engine/covariance.h"
#include "posittune/engine/output_error.h"
#include "posittune/engine/quantized_weight.h"
#include "posittune/engine/segments.h"
#include "posittune/engine/settings.h"
#include "posittune/model/graph.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

struct Options {
  std::vector<bool> chosen{};  // layers that recipes may name; one flag for each layer of the graph
  int threads = 0;             // 0 = all
  std::size_t segments = 1;    // at most; what run_from() starts at
  bool runs = true;  // false: weights can be quantized, but run() and calibrate() are kUsage
  // Bytes for E[x x^T] of the inputs of matrix products, which calibrate() then collects, smallest
  // first; for inputs that do not fit it collects the diagonal. 0: none. Compensated rounding needs
  // them, and takes as much memory again for its factors.
  std::size_t covariance_bytes = 0;
  // Bytes for codes of compensated weights, so that a setting that is used again need not be
  // computed again.
  std::size_t compensated_bytes = std::size_t{2} << 30;
  // Holds out every fourth block of 64 calibration tokens (covariance.h), for convolutions every
  // second of the first 16 images. Errors of weights are then those on the held-out data, and where
  // compensated rounding is not better there, nearest rounding is used. Both matrices count for
  // covariance_bytes, those of convolutions not: at most twice 64 MiB for a layer. (Scales that are
  // weighted by the input, and mean inputs, come from all calibration data.)
  bool held_out = false;
  // The most columns of a table that only embeddings read, for which compensated rounding is
  // prepared by measure_embeddings(). 0: none.
  std::size_t embedding_columns = 0;
};

class Engine {
 public:
  // Makes an engine of a graph, whose own copy of the weights is freed, and compiles it once.
  static Result<Engine> create(model::Graph graph, const Options& options);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // The graph with its layers and weights, without nodes.
  const model::Graph& graph() const;
  bool chosen(std::size_t layer) const;

  // Calibrates on one batch, in FP32: collects statistics for scales. kUsage after apply() of a
  // recipe that is not empty. Any other error discards the statistics of earlier batches too.
  Status calibrate(const Tensors& inputs);
  bool calibrated() const;
  void forget_calibration();  // forgets all that was calibrated or measured
  // Measures on one batch what changes of embeddings do to an output of the model (empty: the
  // first), by embedding_runs() runs (embedding_metrics.h). With held_out every fourth batch is
  // held out; at least one is needed. `advance` is called before each run; its error ends the work.
  // kUsage under a recipe.
  Status measure_embeddings(const Tensors& inputs, const std::string& output,
                            const std::function<Status()>& advance);
  // The number of runs that measure_embeddings() makes for one batch: one for each column of each
  // sum of tables that Options::embedding_columns admits.
  std::size_t embedding_runs() const;

  // Chosen layers with a weight whose input has too little calibration data to choose between
  // static and output scales: the scale is static. 0 before calibrate().
  std::size_t undecided_inputs() const;

  // The recipe with every chosen weight and activation in the same setting; absent: FP32.
  quant::Recipe uniform(const std::optional<quant::WeightSetting>& weights,
                        const std::optional<quant::ActivationSetting>& activations) const;

  // The output error of a layer under a setting of its weight. Matrix products: tr(dW S dW^T), S =
  // E[x x^T] of all calibration tokens, or of those held out; embeddings: weighted by how often
  // each row was used, where measured tr(dW M dW^T); convolutions: on images held out, or (without
  // held_out) sampled. kUsage when not calibrated, or (matrix products) without covariance_bytes.
  Result<OutputError> weight_error(std::size_t layer, const quant::WeightSetting& setting);
  // The output error of a layer under a setting of its input, with FP32 weights, on the sampled
  // tokens (or images).
  Result<OutputError> activation_error(std::size_t layer, const quant::ActivationSetting& setting);
  // The rounding error |dW|^2 of each row of a chosen weight.
  Result<std::vector<double>> rounding_error(std::size_t weight,
                                             const quant::WeightSetting& setting);
  // The covariance of a layer's input, without the tokens that are held out; null when not
  // collected.
  const InputCovariance* covariance(std::size_t layer) const;

  // Whether nearest rounding took the place of the compensated rounding that a setting asks for: S
  // is not known, or the error on the tokens held out was not lower. Nothing when the setting does
  // not ask for it or was not prepared yet.
  std::optional<bool> fell_back(std::size_t weight, const quant::WeightSetting& setting) const;
  // The format of each row of a chosen weight under a setting (quant::WeightSetting::alternatives).
  Result<std::vector<formats::Format>> row_formats(std::size_t weight,
                                                   const quant::WeightSetting& setting);

  // A chosen weight under a setting as an exporter writes it: codes, scales and formats of its
  // rows. Decoded, these are the values that a recipe with this setting runs with. kUsage as
  // apply().
  Result<QuantizedWeight> quantized_weight(std::size_t weight, const quant::WeightSetting& setting);
  // The quantizer of a chosen layer's input: its format and, unless chosen per token, its scale
  // (`operand` 1: the second factor of attention). kUsage as apply(), and where there is no such
  // operand.
  Result<ActivationQuantizer> activation_quantizer(std::size_t layer, std::size_t operand,
                                                   const quant::ActivationSetting& setting);
  // The scales of a chosen layer's input, one for each operand; empty where they are chosen per
  // token. kUsage as apply().
  Result<std::vector<float>> input_scales(std::size_t layer,
                                          const quant::ActivationSetting& setting);
  // The bias correction of a layer with a chosen weight: what the setting adds to each output
  // channel; empty: nothing.
  Result<std::vector<float>> bias_correction(std::size_t layer,
                                             const quant::WeightSetting& setting);

  // Checks a recipe without preparing it. kUsage as apply().
  Status check(const quant::Recipe& recipe) const;
  // Applies a recipe, which run() then follows. Only differences to the current one are prepared.
  // kUsage: names that no chosen layer has (with the nearest), scales that need calibration data
  // when there are none.
  Status apply(const quant::Recipe& recipe);

  // Keep is called in front of each segment but the first, with the tensors that cross into it.
  using Keep = std::function<Status(std::size_t segment, Tensors crossing)>;

  // Runs the model: outputs by name. Inputs must have the model's names and types; kInput
  // otherwise. An error of any layer is the run's error. kResource where memory ended; the engine
  // can still be used. Where the model fixes its batch, fewer items are padded to it, and outputs
  // have rows only for the items given.
  Result<Tensors> run(const Tensors& inputs, const Keep& keep = {});

  // Runs the model from a segment on. The graph is cut where few bytes cross. The results are the
  // bits of a whole run if the layers in front of the segment are as they were when `crossing` was
  // kept. kUsage when a tensor of `crossing` is missing.
  Result<Tensors> run_from(std::size_t segment, const Tensors& inputs, const Tensors& crossing);
  std::size_t segment_count() const;
  std::size_t segment_of(std::size_t layer) const;   // 0 for a layer that is not chosen
  const Cut& cut_before(std::size_t segment) const;  // segment > 0

  // Bits per weight, over all weights of the model's layers, scales and format tags included,
  // layers in FP32 included. A weight that some layers read quantized and others, which are not
  // chosen, in FP32 is stored twice.
  double bits_per_weight(const quant::Recipe& recipe) const;
  std::uint64_t weight_count() const;

  // The path on which each layer multiplies under the current recipe ("fp32", "bf16", "int8",
  // "quire").
  std::vector<std::string_view> paths() const;

 private:
  friend struct EngineTestAccess;  // tests/engine/engine_access.h
  struct State;
  Status prepare(const Options& options);
  Status check_setting(std::size_t weight, const quant::WeightSetting& setting) const;
  void forget_derived();  // forgets results of older calibration data
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace posittune::engine
