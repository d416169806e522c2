#pragma once

// A model that runs under a recipe.

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
  // For E[x x^T] of the inputs of matrix products, which calibrate() then collects, smallest first;
  // inputs that find no place have its diagonal. 0: none. Compensated rounding needs it, and takes
  // as much again for the factors that it makes of them.
  std::size_t covariance_bytes = 0;
  // For codes of compensated weights, so that a setting that returns need not be computed again.
  std::size_t compensated_bytes = std::size_t{2} << 30;
  // Every fourth block of 64 calibration tokens is kept apart (covariance.h), for convolutions
  // every second of the first 16 images. Errors of weights are then those on what was held out, and
  // compensated rounding that is not better there gives way to nearest. Both matrices count for
  // covariance_bytes. (Scales that are weighted by the input and mean inputs are of all calibration
  // data.)
  bool held_out = false;
  // Matrices of convolutions do not count: twice 64 MiB for a layer at most.
  // Tables of at most so many columns that only embeddings read can be compensated too, by what
  // measure_embeddings() finds. 0: none.
  std::size_t embedding_columns = 0;
};

class Engine {
 public:
  // Takes the graph: its own copy of the weights is freed. Compiles once.
  static Result<Engine> create(model::Graph graph, const Options& options);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Layers and weights as in the graph (without nodes).
  const model::Graph& graph() const;
  bool chosen(std::size_t layer) const;

  // Collects what calibrated scales need, one batch at a time, in FP32. Not after apply() of a
  // recipe that is not empty: kUsage. After another error all of it is gone, of earlier batches
  // too.
  Status calibrate(const Tensors& inputs);
  bool calibrated() const;
  void forget_calibration();  // as if nothing had been calibrated or measured
  // What changes of embeddings do to an output of the model (empty: the first), one batch at a
  // time, by embedding_runs() runs (embedding_metrics.h). With held_out every fourth batch is kept
  // apart; without one of those nothing is known. `advance` is called before each run; its error
  // ends the work. kUsage under a recipe.
  Status measure_embeddings(const Tensors& inputs, const std::string& output,
                            const std::function<Status()>& advance);
  // A run for each column of each sum of tables that Options::embedding_columns admits; 0: none.
  std::size_t embedding_runs() const;

  // Chosen layers with a weight whose input has too little calibration data to choose between
  // static and output scales: the scale is static. 0 before calibrate().
  std::size_t undecided_inputs() const;

  // Every chosen weight and activation in the same setting; absent: FP32.
  quant::Recipe uniform(const std::optional<quant::WeightSetting>& weights,
                        const std::optional<quant::ActivationSetting>& activations) const;

  // Of a layer with a weight. Matrix products: tr(dW S dW^T), S = E[x x^T] of all calibration
  // tokens, or of those held out; embeddings: by how often each row was used, where measured tr(dW
  // M dW^T); convolutions: on images held out, or (without held_out) sampled. kUsage when not
  // calibrated, or (matrix products) without covariance_bytes.
  Result<OutputError> weight_error(std::size_t layer, const quant::WeightSetting& setting);
  // The input's error through the FP32 weights, on the sampled tokens (or images).
  Result<OutputError> activation_error(std::size_t layer, const quant::ActivationSetting& setting);
  // |dW|^2 of each row of a chosen weight.
  Result<std::vector<double>> rounding_error(std::size_t weight,
                                             const quant::WeightSetting& setting);
  // Null when not collected. Without the tokens that are held out.
  const InputCovariance* covariance(std::size_t layer) const;

  // Whether nearest rounding took the place of the compensated rounding that a setting asks for: S
  // is not known, or the error on the tokens held out was not lower. Nothing when the setting does
  // not ask for it or was not prepared yet.
  std::optional<bool> fell_back(std::size_t weight, const quant::WeightSetting& setting) const;
  // The format of each row of a chosen weight under a setting (quant::WeightSetting::alternatives).
  Result<std::vector<formats::Format>> row_formats(std::size_t weight,
                                                   const quant::WeightSetting& setting);

  // What an exporter writes: a chosen weight under a setting as codes, scales and formats of its
  // rows, whose decoded values are those that a recipe with this setting runs with. kUsage as
  // apply().
  Result<QuantizedWeight> quantized_weight(std::size_t weight, const quant::WeightSetting& setting);
  // The format and, unless chosen per token, the scale of a chosen layer's input (`operand` 1: the
  // second factor of attention) under a setting. kUsage as apply(), and where there is no such
  // operand.
  Result<ActivationQuantizer> activation_quantizer(std::size_t layer, std::size_t operand,
                                                   const quant::ActivationSetting& setting);
  // What a setting with bias correction adds to each output channel of a layer with a chosen
  // weight; empty: nothing.
  Result<std::vector<float>> bias_correction(std::size_t layer,
                                             const quant::WeightSetting& setting);

  // From now on run() follows this recipe. Only what differs from the current one is prepared.
  // kUsage: names that no chosen layer has (with the nearest), scales that need calibration data
  // when there are none.
  Status apply(const quant::Recipe& recipe);

  // Called in front of each segment but the first with the tensors that cross into it.
  using Keep = std::function<Status(std::size_t segment, Tensors crossing)>;

  // Outputs by name. Inputs must have the model's names and types; kInput otherwise. An error of
  // any layer is the run's, and nothing of its tensors is returned; kResource where memory ended,
  // which the engine survives. Where the model fixes its batch, fewer items are filled up to it,
  // and outputs have the rows of those given.
  Result<Tensors> run(const Tensors& inputs, const Keep& keep = {});

  // The graph may be cut where little crosses. Running from a segment on gives the bits of a whole
  // run when the layers in front of it are as they were when `crossing` was kept. kUsage when a
  // tensor of `crossing` is missing.
  Result<Tensors> run_from(std::size_t segment, const Tensors& inputs, const Tensors& crossing);
  std::size_t segment_count() const;
  std::size_t segment_of(std::size_t layer) const;   // 0 for a layer that is not chosen
  const Cut& cut_before(std::size_t segment) const;  // segment > 0

  // Bits of all weights of the model's layers, scales and format tags included, layers in FP32
  // included, over their number. A weight that some layers read quantized and others, which are not
  // chosen, in FP32 is stored twice.
  double bits_per_weight(const quant::Recipe& recipe) const;
  std::uint64_t weight_count() const;

  // How each layer multiplies under the current recipe ("fp32", "bf16", "int8", "quire").
  std::vector<std::string_view> paths() const;

 private:
  friend struct EngineTestAccess;  // tests/engine/faults.h: makes layers fail
  struct State;
  Status prepare(const Options& options);
  Status check_setting(std::size_t weight, const quant::WeightSetting& setting) const;
  void forget_derived();  // what followed from older calibration data
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace posittune::engine
