#include "posittune/engine/calibration.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace posittune::engine {
namespace {

using model::Moments;

constexpr std::size_t kMostPatchColumns = 4096;  // a matrix of 64 MiB

}  // namespace

void Calibration::plan(const Plan& plan) {
  const std::size_t count = layers_.graph.layers.size();
  held_out_ = plan.held_out;
  statistics_.resize(count);
  uses_.resize(count);
  for (std::size_t l = 0; l < count; ++l) {
    if (!layers_.chosen[l]) continue;
    const model::Layer& layer = layers_.graph.layers[l];
    statistics_[l].resize(layers_.operands(l));
    if (layer.kind->moments == Moments::kUses)
      uses_[l].assign(layers_.graph.weights[*layer.weight].rows, 0);
  }
  plan_covariances(plan.covariance_bytes);
  embeddings_.plan(plan.embedding_columns, plan.held_out);
}

// Layers with one input share what is known of it; the first holds it.
void Calibration::plan_covariances(std::size_t bytes) {
  const std::size_t count = layers_.graph.layers.size();
  covariances_.resize(count);
  holdout_.resize(count);
  covariance_of_.resize(count);
  std::map<std::pair<const ov::Node*, std::size_t>, std::size_t> holders;
  std::vector<std::size_t> wanted;
  for (std::size_t l = 0; l < count; ++l) {
    const model::Layer& layer = layers_.graph.layers[l];
    if (!layers_.chosen[l] || layer.kind->moments != Moments::kInput || bytes == 0) continue;
    const auto source = layer.node->input_value(0);
    const auto [known, first] = holders.try_emplace({source.get_node(), source.get_index()}, l);
    covariance_of_[l] = known->second;
    if (first) wanted.push_back(l);
  }
  std::stable_sort(wanted.begin(), wanted.end(),
                   [&](std::size_t a, std::size_t b) { return layers_.cols(a) < layers_.cols(b); });
  for (const std::size_t l : wanted) {
    const std::size_t cols = layers_.cols(l);
    const std::size_t size = cols * cols * sizeof(float) * (held_out_ ? 2 : 1);
    const bool full = size <= bytes;
    bytes -= full ? size : 0;
    covariances_[l].emplace(cols, full);
    if (held_out_) holdout_[l].emplace(cols, full);
  }
}

// Where images are held out, the matrices of all convolutions are collected with the calibration,
// from the first image on.
void Calibration::plan_patches() {
  if (!held_out_ || !patches_.empty()) return;
  for (std::size_t l = 0; l < layers_.graph.layers.size(); ++l) {
    const model::Layer& layer = layers_.graph.layers[l];
    if (!layers_.chosen[l] || layer.kind->moments != Moments::kPatches || layer.groups > 1)
      continue;
    if (layers_.cols(l) <= kMostPatchColumns) patches_[l].emplace(layers_.cols(l));
  }
}

void Calibration::observe(bool on) {
  if (on) plan_patches();
  for (std::size_t l = 0; l < layers_.nodes.size(); ++l) {
    if (!layers_.nodes[l]) continue;
    NodeState& node = *layers_.nodes[l];
    const auto found = patches_.find(l);
    node.observed = on ? &statistics_[l] : nullptr;
    node.covariance = on && covariances_[l] ? &*covariances_[l] : nullptr;
    node.holdout = on && holdout_[l] ? &*holdout_[l] : nullptr;
    node.patches = on && held_out_ && found != patches_.end() ? &*found->second : nullptr;
    node.uses = on && !uses_[l].empty() ? &uses_[l] : nullptr;
  }
}

void Calibration::clear() {
  for (auto& layer : statistics_) std::fill(layer.begin(), layer.end(), InputStatistics{});
  for (auto* of : {&covariances_, &holdout_}) {
    for (auto& each : *of) {
      if (each) each->clear();
    }
  }
  for (auto& rows : uses_) std::fill(rows.begin(), rows.end(), 0);
  patches_.clear();
  embeddings_.clear();
}

void Calibration::forget_sampled() {
  if (!held_out_) patches_.clear();
}

bool Calibration::calibrated() const {
  const bool looked_up = std::any_of(uses_.begin(), uses_.end(), [](const auto& rows) {
    return std::any_of(rows.begin(), rows.end(), [](std::uint64_t n) { return n > 0; });
  });
  return looked_up || std::any_of(statistics_.begin(), statistics_.end(), [](const auto& layer) {
           return !layer.empty() && !layer[0].empty();
         });
}

std::vector<float> Calibration::input_squares(std::size_t weight) const {
  const model::Weight& of = layers_.graph.weights[weight];
  std::vector<float> sums;
  for (const std::size_t l : of.layers) {
    if (!layers_.nodes[l] || statistics_[l].empty() || statistics_[l][0].empty() ||
        layers_.graph.layers[l].groups > 1)
      continue;
    const std::vector<float> channels = statistics_[l][0].mean_squares();
    if (channels.empty() || of.cols % channels.size() != 0) continue;
    sums.resize(of.cols, 0);
    const std::size_t taps = of.cols / channels.size();
    for (std::size_t k = 0; k < of.cols; ++k) sums[k] += channels[k / taps];
  }
  return sums;
}

const InputCovariance* Calibration::covariance(std::size_t layer) const {
  const auto& of = covariance_of_[layer];
  return of ? &*covariances_[*of] : nullptr;
}

// A single image cannot validate what was fitted to it: its positions are too much alike.
const PatchCovariance* Calibration::patches(std::size_t layer) {
  const auto known = patches_.find(layer);
  if (held_out_)
    return known != patches_.end() && known->second->holdout.count() > 0 ? &*known->second
                                                                         : nullptr;
  if (known != patches_.end()) return known->second ? &*known->second : nullptr;
  if (!layers_.nodes[layer] || layers_.graph.layers[layer].kind->moments != Moments::kPatches)
    return nullptr;
  const InputStatistics& images = statistics_[layer][0];
  const Operation& operation = *layers_.nodes[layer]->operation;
  if (images.empty() || layers_.cols(layer) > kMostPatchColumns ||
      operation.positions(images.token()) == 0)
    return nullptr;
  PatchCovariance made(layers_.cols(layer));
  ov::Shape shape = images.token();
  shape.insert(shape.begin(), images.sample_shape().rows);
  made.add(operation, images.sample(), shape, false, layers_.threads);
  return &patches_[layer].emplace(std::move(made));
}

std::vector<std::size_t> Calibration::fully_known(std::size_t weight) {
  std::vector<std::size_t> known;
  for (const std::size_t l : layers_.graph.weights[weight].layers) {
    if (!layers_.nodes[l]) continue;
    const Moments moments = layers_.graph.layers[l].kind->moments;
    const InputCovariance* product = covariance(l);
    if (product != nullptr && product->full() && product->count() > 0) known.push_back(holder(l));
    if (moments == Moments::kPatches && patches(l) != nullptr) known.push_back(l);
    if (moments == Moments::kUses && known.empty() && embeddings_.of(weight) != nullptr)
      known.push_back(l);
  }
  return known;
}

std::size_t Calibration::holder(std::size_t layer) const {
  return covariance_of_[layer].value_or(layer);
}

const InputCovariance& Calibration::fit(std::size_t layer) {
  const model::Layer& of = layers_.graph.layers[layer];
  if (of.kind->moments == Moments::kPatches) return patches(layer)->fit;
  if (of.kind->moments == Moments::kUses) return embeddings_.of(*of.weight)->fit;
  return *covariances_[holder(layer)];
}

const InputCovariance& Calibration::holdout(std::size_t layer) {
  const model::Layer& of = layers_.graph.layers[layer];
  const InputCovariance* kept = nullptr;
  if (of.kind->moments == Moments::kPatches) {
    kept = &patches(layer)->holdout;
  } else if (of.kind->moments == Moments::kUses) {
    kept = &embeddings_.of(*of.weight)->holdout;
  } else if (holdout_[holder(layer)]) {
    kept = &*holdout_[holder(layer)];
  }
  return kept != nullptr && kept->count() > 0 ? *kept : fit(layer);
}

std::vector<double> Calibration::row_uses(std::size_t weight) const {
  std::vector<double> sums(layers_.graph.weights[weight].rows, 0);
  for (const std::size_t l : layers_.graph.weights[weight].layers) {
    std::transform(uses_[l].begin(), uses_[l].end(), sums.begin(), sums.begin(),
                   [](std::uint64_t n, double sum) { return sum + static_cast<double>(n); });
  }
  return sums;
}

}  // namespace posittune::engine
