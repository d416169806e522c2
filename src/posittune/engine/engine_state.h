#pragma once

// What an engine holds (internal).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <openvino/runtime/infer_request.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "posittune/engine/calibration.h"
#include "posittune/engine/covariance.h"
#include "posittune/engine/embedding_metrics.h"
#include "posittune/engine/engine.h"
#include "posittune/engine/patch_covariance.h"
#include "posittune/engine/quantized_node.h"
#include "posittune/engine/weight_store.h"

namespace posittune::engine {

// What compensated rounding came to on one weight, judged on what was held out.
struct Judgement {
  quant::WeightSetting setting;
  bool back = false;  // to nearest rounding
  // tr(dW S dW^T) by row of what was taken (of embeddings times the uses of the row), for the
  // entries of compensating_layers; empty when nothing was compared.
  std::vector<std::vector<double>> errors;
};

// Of the layer whose input was judged last.
struct WeightGram {
  std::size_t layer = 0;
  InputCovariance rows;  // W^T W
  double signal = 0;     // of the sampled tokens, at the output
};

using RunModel = std::function<Result<Tensor>()>;  // one output

struct Engine::State {
  model::Graph graph;
  std::vector<bool> chosen;
  int threads = 0;
  std::vector<std::optional<WeightStore>> stores;        // by weight; absent: not chosen
  std::vector<std::shared_ptr<NodeState>> nodes;         // by layer; null: not chosen
  std::vector<std::vector<InputStatistics>> statistics;  // by layer and operand
  bool held_out = false;                                 // some calibration tokens are kept apart
  std::vector<std::optional<InputCovariance>> covariances;  // of the layers that hold one
  std::vector<std::optional<InputCovariance>> held;         // the same of the tokens held out
  std::vector<std::optional<std::size_t>> covariance_of;  // by layer: which holds that of its input
  std::map<std::size_t, std::optional<double>>
      signals;                                   // of the outputs of matrix products, once known
  std::vector<std::vector<std::uint64_t>> uses;  // of each row of an embedding, by layer
  std::vector<EmbeddingMetric> metrics;
  std::vector<std::optional<std::size_t>> metric_of;  // by weight: which is that of its rows
  std::map<std::pair<std::size_t, std::size_t>,
           std::vector<std::pair<quant::ActivationSetting, float>>>
      scales;
  std::optional<WeightGram> gram;
  // Of convolutions, by layer: collected with the calibration where some images are kept apart,
  // else made of the sampled ones when first asked for.
  std::map<std::size_t, std::optional<PatchCovariance>> patches;
  // For compensated rounding, made when first asked for.
  std::map<std::vector<std::size_t>, std::shared_ptr<const CompensationFactor>>
      factors;                                     // by what S is the sum of
  std::vector<std::vector<Judgement>> judgements;  // by weight
  std::set<std::string> ids_inputs;                // model inputs that are indices of an embedding
  Scratch scratch;
  Failure failure;  // of the last run
  std::optional<Error>
      broken;  // memory ended while a recipe was prepared, and again on the way back: nothing runs
  quant::Recipe recipe;
  std::vector<Forms> forms;  // by weight, as prepared
  std::vector<std::optional<quant::WeightSetting>> settings;
  Segmentation segmentation;
  std::vector<ov::InferRequest> requests;  // by segment

  Status load_weights(std::size_t compensated_bytes);
  void find_ids_inputs();
  void plan_covariances(std::size_t bytes);
  void plan_patches();
  void plan_embedding_metrics(std::size_t columns);
  const EmbeddingMetric* embedding_metric(std::size_t weight) const;  // null when not measured
  Result<std::vector<float>> jacobian(const EmbeddingMetric& metric, std::span<const float> plain,
                                      const RunModel& run);
  std::vector<double> row_uses(std::size_t weight) const;
  Status compile(std::size_t segments);
  Result<Tensors> infer(std::size_t first, const Tensors& inputs, const Tensors& crossing,
                        const Keep& keep);
  Status check_inputs(const Tensors& inputs) const;
  template <typename T>
  Status check_range(std::span<const T> values, const std::string& input, bool ids) const;
  Status prepare_weights(const quant::Recipe& next);
  Result<float> activation_scale(std::size_t layer, std::size_t operand,
                                 const quant::ActivationSetting& setting);
  Result<ActivationQuantizer> quantizer_of(std::size_t layer, std::size_t operand,
                                           const quant::ActivationSetting& setting);
  const PatchCovariance* patches_of(std::size_t layer);
  std::vector<std::size_t> compensating_layers(std::size_t weight);
  const InputCovariance& seen_of(std::size_t layer);
  const InputCovariance& judge_of(std::size_t layer);
  std::shared_ptr<const CompensationFactor> factor_of(std::size_t weight);
  std::vector<std::vector<double>> judged_errors(std::size_t weight,
                                                 const std::vector<float>& values);
  Result<Judgement> judge(std::size_t weight, const quant::WeightSetting& setting,
                          const CompensationFactor& factor);
  Result<const Judgement*> judgement_of(std::size_t weight, const quant::WeightSetting& setting);
  Result<std::shared_ptr<const PreparedWeight>> prepare(
      std::size_t weight, const std::optional<quant::WeightSetting>& setting, const Forms& needed);
  std::shared_ptr<const std::vector<float>> shift_of(
      std::size_t layer, const std::optional<quant::WeightSetting>& setting,
      const PreparedWeight& prepared) const;
  void forget_calibration();  // what followed from it
  void clear_calibration();   // what was seen, too: as if nothing had been calibrated
  void observe(bool on);      // whether runs are calibration
  void clear_metrics();
  Status check_calibrated_setting(const std::string& name, const quant::WeightSetting& setting,
                                  std::size_t weight) const;
  Result<OutputError> sampled_error(std::size_t layer, const LayerSetting& setting,
                                    std::span<const float> sample);
  OutputError quadratic_error(std::size_t layer, const InputCovariance& s, std::size_t positions,
                              const std::vector<float>& values, const std::vector<float>* shift);
  OutputError scaled_error(std::size_t layer, const InputCovariance& s, std::size_t positions,
                           std::vector<double> rows);
  Result<std::vector<double>> judged_rows(std::size_t layer, const quant::WeightSetting& setting);
  std::vector<float> change_of(std::size_t weight,
                               const std::vector<float>& values) const;  // values - W
  OutputError embedding_error(std::size_t layer, const std::vector<float>& values);
  Result<OutputError> weight_error(std::size_t layer, const quant::WeightSetting& setting);
  // Errors at the layer's output of some of its inputs, by token or image.
  Result<std::vector<double>> token_errors(std::size_t layer, const ActivationQuantizer& quantizer,
                                           std::span<const float> x);
  // By the error at the output if that is surely less than under `scale` for what was kept apart,
  // else `scale`.
  Result<float> better_scale(std::size_t layer, const quant::ActivationSetting& setting,
                             float scale);
  Result<std::vector<double>> product_errors(std::size_t layer,
                                             const ActivationQuantizer& quantizer,
                                             std::span<const float> x);
  Result<OutputError> input_error(std::size_t layer, const ActivationQuantizer& quantizer);
  Status set_activations(const quant::Recipe& next);
  Status check_names(const quant::Recipe& next) const;
  Status check_weights(const quant::Recipe& next) const;
  Status follow(const quant::Recipe& next);
  bool calibrated() const;
  std::vector<float> input_squares(std::size_t weight) const;
  std::optional<quant::WeightSetting> weight_setting(const quant::Recipe& of,
                                                     std::size_t weight) const;
  std::optional<quant::ActivationSetting> activation_setting(const quant::Recipe& of,
                                                             std::size_t layer) const;
  Path path_of(const quant::Recipe& of, std::size_t layer) const;
};

}  // namespace posittune::engine
