#include "posittune/engine/applied_recipe.h"

#include "posittune/base/interrupt.h"
#include "posittune/base/memory.h"
#include "posittune/engine/bias_correction.h"
#include "posittune/engine/path_speed.h"
#include "posittune/engine/recipe_check.h"

namespace posittune::engine {

using quant::Recipe;

Path AppliedRecipe::path_of(const Recipe& of, std::size_t index) const {
  const model::Layer& layer = layers_.graph.layers[index];
  const auto activation = activation_setting(of, layers_.graph, index);
  if (layer.kind->operands == 0) return Path::kFp32;
  if (!layer.weight) return of.accumulate == quant::Accumulate::kQuire ? Path::kQuire : Path::kFp32;
  const auto weight = weight_setting(of, layers_.graph, *layer.weight);
  std::optional<formats::Format> w, a;
  if (weight) w = weight->format;
  if (activation) a = activation->format;
  const bool grouped = weight && weight->granularity == quant::Granularity::kGroup;
  std::vector<Path> order = path_order();
  if (!layers_.nodes[index]->operation->has_int8()) std::erase(order, Path::kInt8);
  const Path path = choose_path(w, a, grouped, of.accumulate, order);
  if (!weight) return path;
  // Rows in formats of different paths meet in floats.
  for (const formats::Format& format : formats_of(*weight)) {
    if (choose_path(format, a, grouped, of.accumulate, order) != path) return Path::kFp32;
  }
  return path;
}

Status AppliedRecipe::set_activations(const Recipe& next) {
  for (std::size_t l = 0; l < layers_.nodes.size(); ++l) {
    if (!layers_.nodes[l]) continue;
    LayerSetting& of = layers_.nodes[l]->setting;
    const auto setting = activation_setting(next, layers_.graph, l);
    for (std::size_t i = 0; i < layers_.operands(l); ++i) {
      of.activation[i].reset();
      if (!setting) continue;
      auto made = quantizers_.quantizer(l, i, *setting);
      if (!made) return made.error();
      of.activation[i] = *made;
    }
    of.path = path_of(next, l);
  }
  return success();
}

Forms AppliedRecipe::needed_forms(const Recipe& next, std::size_t weight) const {
  Forms needed;
  for (const std::size_t l : layers_.graph.weights[weight].layers) {
    if (!layers_.nodes[l]) continue;
    const Path path = path_of(next, l);
    needed.bf16 = needed.bf16 || path == Path::kBf16;
    needed.int8 = needed.int8 || path == Path::kInt8;
    needed.values = needed.values || path == Path::kFp32 || path == Path::kQuire;
  }
  const auto setting = weight_setting(next, layers_.graph, weight);
  if (setting && setting->bias_correction) needed.values = true;
  return needed;
}

Status AppliedRecipe::prepare_weights(const Recipe& next) {
  for (std::size_t w = 0; w < layers_.graph.weights.size(); ++w) {
    if (!layers_.stores[w]) continue;
    const std::vector<std::size_t>& readers = layers_.graph.weights[w].layers;
    const Forms needed = needed_forms(next, w);
    const auto setting = weight_setting(next, layers_.graph, w);
    if (needed == forms_[w] && setting == settings_[w]) continue;
    if (const Status going = check_interrupt(); !going) return going.error();
    // The old form goes first: one weight at a time exists twice at most.
    for (const std::size_t l : readers) {
      if (layers_.nodes[l]) layers_.nodes[l]->setting.weight.reset();
    }
    forms_[w] = {};
    auto prepared = compensator_.prepare(w, setting, needed);
    if (!prepared) return prepared.error();
    forms_[w] = needed;
    settings_[w] = setting;
    for (const std::size_t l : readers) {
      if (!layers_.nodes[l]) continue;
      layers_.nodes[l]->setting.weight = *prepared;
      layers_.nodes[l]->setting.shift = bias_shift(layers_, calibration_, l, setting, **prepared);
    }
  }
  return success();
}

// Activations first: they need the scales of the calibration, and fail without touching weights.
Status AppliedRecipe::follow(const Recipe& next) {
  return within_memory(layers_.graph.path, [&]() -> Status {
    if (const Status set = set_activations(next); !set) return set.error();
    return prepare_weights(next);
  });
}

Status AppliedRecipe::begin() {
  forms_.resize(layers_.stores.size());
  settings_.resize(layers_.stores.size());
  return prepare_weights({});
}

Status AppliedRecipe::apply(const Recipe& next) {
  const Status followed = follow(next);
  if (followed) {
    recipe_ = next;
    broken_.reset();
    return success();
  }
  // Back to the recipe that run() promises to follow; it could be prepared before, memory allowing.
  if (const Status back = follow(recipe_); !back) {
    broken_ = back.error();
    return back.error();
  }
  return followed.error();
}

}  // namespace posittune::engine
