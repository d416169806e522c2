// Which weights are compensated, by what, and whether that pays.

#include <algorithm>
#include <numeric>

#include "posittune/base/memory.h"
#include "posittune/engine/engine_state.h"

namespace posittune::engine {
namespace {

using model::LayerKind;

constexpr std::size_t kMostPatchColumns = 4096;  // a matrix of 64 MiB
constexpr std::size_t kRemembered = 1024;        // settings of one weight

bool is_convolution(LayerKind kind) {
  return kind == LayerKind::kConvolution || kind == LayerKind::kTransposedConvolution;
}

}  // namespace

// Where some calibration images are kept apart, the matrices of all convolutions are collected with
// the calibration, from the first on.
void Engine::State::plan_patches() {
  if (!held_out || !patches.empty()) return;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    if (!chosen[l] || !is_convolution(layer.kind) || layer.groups > 1) continue;
    if (graph.weights[*layer.weight].cols <= kMostPatchColumns)
      patches[l].emplace(graph.weights[*layer.weight].cols);
  }
}

// A single image cannot be its own judge: its positions are too much alike.
const PatchCovariance* Engine::State::patches_of(std::size_t layer) {
  const auto known = patches.find(layer);
  if (held_out)
    return known != patches.end() && known->second->held.count() > 0 ? &*known->second : nullptr;
  if (known != patches.end()) return known->second ? &*known->second : nullptr;
  const model::Layer& of = graph.layers[layer];
  if (!nodes[layer] || !is_convolution(of.kind) || statistics[layer][0].empty()) return nullptr;
  const std::size_t cols = graph.weights[*of.weight].cols;
  const InputStatistics& images = statistics[layer][0];
  if (cols > kMostPatchColumns || nodes[layer]->operation->positions(images.token()) == 0)
    return nullptr;
  PatchCovariance made(cols);
  ov::Shape shape = images.token();
  shape.insert(shape.begin(), images.sample_shape().rows);
  made.add(*nodes[layer]->operation, images.sample(), shape, false, threads);
  return &patches[layer].emplace(std::move(made));
}

// Layers that use the weight and whose S (of embeddings M) is known in full, by what holds it.
std::vector<std::size_t> Engine::State::compensating_layers(std::size_t weight) {
  std::vector<std::size_t> layers;
  for (const std::size_t l : graph.weights[weight].layers) {
    if (!nodes[l]) continue;
    const bool product = covariance_of[l] && covariances[*covariance_of[l]]->full() &&
                         covariances[*covariance_of[l]]->count() > 0;
    if (product) layers.push_back(*covariance_of[l]);
    if (is_convolution(graph.layers[l].kind) && patches_of(l) != nullptr) layers.push_back(l);
    if (graph.layers[l].kind == LayerKind::kEmbedding && layers.empty() &&
        embedding_metric(weight) != nullptr)
      layers.push_back(l);
  }
  return layers;
}

const InputCovariance& Engine::State::seen_of(std::size_t layer) {
  if (is_convolution(graph.layers[layer].kind)) return patches_of(layer)->seen;
  if (graph.layers[layer].kind == LayerKind::kEmbedding)
    return embedding_metric(*graph.layers[layer].weight)->seen;
  return *covariances[*covariance_of[layer]];
}

// What was held out; where that is nothing, because a layer sees few tokens, all that was seen.
const InputCovariance& Engine::State::judge_of(std::size_t layer) {
  if (is_convolution(graph.layers[layer].kind)) {
    const PatchCovariance& of = *patches_of(layer);
    return of.held.count() > 0 ? of.held : of.seen;
  }
  if (graph.layers[layer].kind == LayerKind::kEmbedding) {
    const EmbeddingMetric& of = *embedding_metric(*graph.layers[layer].weight);
    return of.held.count() > 0 ? of.held : of.seen;
  }
  const auto& kept = held[*covariance_of[layer]];
  return kept && kept->count() > 0 ? *kept : seen_of(layer);
}

// Of the sum over all layers that use the weight; null where there is none.
std::shared_ptr<const CompensationFactor> Engine::State::factor_of(std::size_t weight) {
  const std::vector<std::size_t> layers = compensating_layers(weight);
  if (layers.empty()) return nullptr;
  const auto known = factors.find(layers);
  if (known != factors.end()) return known->second;
  std::vector<float> sum = seen_of(layers.front()).mean();
  for (std::size_t i = 1; i < layers.size(); ++i) {
    const std::vector<float> other = seen_of(layers[i]).mean();
    std::transform(sum.begin(), sum.end(), other.begin(), sum.begin(), std::plus<>());
  }
  std::shared_ptr<const CompensationFactor> factor;
  if (auto made = make_compensation_factor(sum, graph.weights[weight].cols, threads)) {
    factor = std::make_shared<const CompensationFactor>(std::move(*made));
  }
  return factors[layers] = factor;
}

// tr(dW S dW^T) by row on what was held out, for each layer that uses the weight.
std::vector<std::vector<double>> Engine::State::judged_errors(std::size_t weight,
                                                              const std::vector<float>& values) {
  const std::vector<float> difference = change_of(weight, values);
  std::vector<std::vector<double>> errors;
  for (const std::size_t layer : compensating_layers(weight)) {
    errors.push_back(judge_of(layer).quadratic(difference, stores[weight]->rows(), threads));
    if (graph.layers[layer].kind != LayerKind::kEmbedding) continue;
    const std::vector<double> times = row_uses(weight);
    std::transform(errors.back().begin(), errors.back().end(), times.begin(), errors.back().begin(),
                   std::multiplies<>());
  }
  return errors;
}

Result<Judgement> Engine::State::judge(std::size_t weight, const quant::WeightSetting& setting,
                                       const CompensationFactor& factor) {
  Judgement made{.setting = setting, .back = false, .errors = {}};
  if (!held_out) return made;
  const std::vector<float> squares =
      setting.input_weighted ? input_squares(weight) : std::vector<float>{};
  double sums[2] = {0, 0};
  for (const bool compensated : {false, true}) {
    auto values = stores[weight]->prepare(setting, squares, {.values = true}, threads,
                                          compensated ? &factor : nullptr);
    if (!values) return values.error();
    auto errors = judged_errors(weight, *(*values)->values);
    for (const auto& rows : errors)
      sums[compensated ? 1 : 0] += std::accumulate(rows.begin(), rows.end(), 0.0);
    if (compensated) made.back = !(sums[1] < sums[0]);  // not a number: back
    if (!made.back) made.errors = std::move(errors);
  }
  return made;
}

Result<const Judgement*> Engine::State::judgement_of(std::size_t weight,
                                                     const quant::WeightSetting& setting) {
  auto& known = judgements[weight];
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Judgement& each) { return each.setting == setting; });
  if (found != known.end()) return &*found;
  const auto factor = factor_of(weight);
  auto made = factor ? judge(weight, setting, *factor)
                     : Result<Judgement>(Judgement{.setting = setting, .back = true, .errors = {}});
  if (!made) return made.error();
  if (known.size() == kRemembered) known.erase(known.begin());
  known.push_back(std::move(*made));
  return &known.back();
}

Result<std::shared_ptr<const PreparedWeight>> Engine::State::prepare(
    std::size_t weight, const std::optional<quant::WeightSetting>& setting, const Forms& needed) {
  WeightStore& store = *stores[weight];
  if (!setting) return store.prepare(setting, {}, needed, threads);
  std::shared_ptr<const CompensationFactor> factor;
  if (setting->rounding == quant::Rounding::kCompensated) {
    auto judged = judgement_of(weight, *setting);
    if (!judged) return judged.error();
    if (!(*judged)->back) factor = factor_of(weight);
  }
  const std::vector<float> squares =
      setting->input_weighted ? input_squares(weight) : std::vector<float>{};
  return store.prepare(setting, squares, needed, threads, factor.get());
}

// The mean of (W - q(W)) x over all calibration data; at the borders of images, padding counts as
// the rest.
std::shared_ptr<const std::vector<float>> Engine::State::shift_of(
    std::size_t layer, const std::optional<quant::WeightSetting>& setting,
    const PreparedWeight& prepared) const {
  const model::Layer& of = graph.layers[layer];
  if (!setting || !setting->bias_correction || of.kind == LayerKind::kEmbedding ||
      statistics[layer].empty())
    return nullptr;
  const std::vector<double> means = statistics[layer][0].means();
  const std::vector<float>& exact = stores[*of.weight]->values();
  const std::size_t channels =
      means.size() / std::max<std::size_t>(1, of.groups);  // that a row sees
  if (channels == 0 || prepared.cols % channels != 0) return nullptr;
  const std::size_t taps = prepared.cols / channels, group_rows = prepared.rows / of.groups;
  auto shift = std::make_shared<std::vector<float>>(prepared.rows);
  for (std::size_t r = 0; r < prepared.rows; ++r) {
    const double* mean = means.data() + r / group_rows * channels;
    double sum = 0;
    for (std::size_t c = 0; c < prepared.cols; ++c) {
      const std::size_t i = r * prepared.cols + c;
      sum += (double{exact[i]} - (*prepared.values)[i]) * mean[c / taps];
    }
    (*shift)[r] = static_cast<float>(sum);
  }
  return shift;
}

void Engine::State::forget_calibration() {
  scales.clear();
  signals.clear();
  gram.reset();
  if (!held_out) patches.clear();
  factors.clear();
  judgements.assign(stores.size(), {});
  for (auto& store : stores) {
    if (store) store->forget_calibration();
  }
}

Status Engine::State::check_calibrated_setting(const std::string& name,
                                               const quant::WeightSetting& setting,
                                               std::size_t weight) const {
  const bool compensated = setting.rounding == quant::Rounding::kCompensated;
  const auto refused = [&](const std::string& what, const std::string& hint) {
    return Error{
        .kind = ErrorKind::kUsage, .what = what, .where = "weight '" + name + "'", .hint = hint};
  };
  if (!calibrated()) {
    if (setting.input_weighted) {
      return refused("errors that are weighted by the input need calibration data",
                     "give --calibrate, or leave --input-weighted out");
    }
    if (compensated)
      return refused("compensated rounding needs calibration data",
                     "give --calibrate, or --rounding nearest");
    if (setting.bias_correction)
      return refused("bias correction needs calibration data",
                     "give --calibrate, or leave --bias-correction out");
  }
  for (const std::size_t l : graph.weights[weight].layers) {
    if (!compensated || !nodes[l] || graph.layers[l].kind != LayerKind::kMatMul || covariance_of[l])
      continue;
    return refused("compensated rounding needs the covariances of inputs, which were not collected",
                   "make the engine with covariance_bytes");
  }
  return success();
}

std::optional<bool> Engine::fell_back(std::size_t weight,
                                      const quant::WeightSetting& setting) const {
  for (const Judgement& known : state_->judgements[weight]) {
    if (known.setting == setting) return known.back;
  }
  return std::nullopt;
}

Result<std::vector<formats::Format>> Engine::row_formats(std::size_t weight,
                                                         const quant::WeightSetting& setting) {
  auto& store = state_->stores[weight];
  if (!store) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no chosen layer uses this weight",
                 .where = "weight '" + state_->graph.weights[weight].name + "'"};
  }
  const std::vector<float> squares =
      setting.input_weighted ? state_->input_squares(weight) : std::vector<float>{};
  auto rows = within_memory("weight '" + store->name() + "'",
                            [&] { return store->stretches(setting, squares, state_->threads); });
  if (!rows) return rows.error();
  std::vector<formats::Format> formats;
  for (const Stretch& stretch : *rows)
    formats.insert(formats.end(), stretch.count, formats::plain(stretch.format));
  return formats;
}

}  // namespace posittune::engine
