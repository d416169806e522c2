#include "posittune/session/quantized_model.h"

#include <utility>

#include "posittune/session/measuring.h"
#include "posittune/session/session_state.h"
#include "posittune/session/trials.h"

namespace posittune::session {
namespace {

// Scales of the operands of a layer, and its correction.
Status add_layer(engine::Engine& engine, std::size_t layer, QuantizedModel& model) {
  const model::Layer& of = engine.graph().layers[layer];
  const auto input = model.recipe.activations.find(of.name);
  if (input != model.recipe.activations.end()) {
    auto scales = engine.input_scales(layer, input->second);
    if (!scales) return scales.error();
    if (!scales->empty()) model.input_scales[of.name] = std::move(*scales);
  }
  if (!of.weight) return success();
  const std::string& name = engine.graph().weights[*of.weight].name;
  if (of.kind->operands > 0) model.layers.emplace_back(of.name, name);
  const auto weight = model.recipe.weights.find(name);
  if (weight == model.recipe.weights.end()) return success();
  auto shift = engine.bias_correction(layer, weight->second);
  if (!shift) return shift.error();
  if (!shift->empty()) model.corrections[of.name] = std::move(*shift);
  return success();
}

Result<QuantizedModel> numbers_of(engine::Engine& engine, const quant::Recipe& recipe,
                                  const Advance& advance) {
  QuantizedModel model{
      .recipe = recipe, .layers = {}, .weights = {}, .input_scales = {}, .corrections = {}};
  const model::Graph& graph = engine.graph();
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const auto setting = recipe.weights.find(graph.weights[w].name);
    if (setting == recipe.weights.end()) continue;
    auto weight = engine.quantized_weight(w, setting->second);
    if (!weight) return weight.error();
    model.weights[setting->first] = std::move(*weight);
    if (const Status going = advance(1); !going) return going.error();
  }
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    if (!engine.chosen(l)) continue;
    if (const Status added = add_layer(engine, l, model); !added) return added.error();
  }
  return model;
}

}  // namespace

Result<engine::Engine> SessionState::calibrated_for(const QuantizedOptions& options) {
  const Trial trial{.format = formats::fp32(), .recipe = options.recipe};
  engine::Options with = recipe_options(is_compensated(trial));
  if (!needs_calibration(trial)) {
    auto graph = take_graph();
    if (!graph) return graph.error();
    with.runs = false;
    with.chosen = chosen_;
    with.threads = options_.threads;
    return engine::Engine::create(std::move(*graph), with);
  }
  if (!splits_.calibrate) {
    return data::missing_split("calibrate", "the recipe needs calibration data");
  }
  auto ready = prepare(splits_.report ? *splits_.report : *splits_.calibrate, options.scores, with);
  if (!ready) return ready.error();
  const Status seen_all = calibrate_once(ready->engine, ready->scored.scorer.output, options.batch);
  if (!seen_all) return seen_all.error();
  if (takes_output_scales(trial)) note_undecided(ready->engine);
  return std::move(ready->engine);
}

Result<engine::Engine> SessionState::engine_for(const QuantizedOptions& options) {
  const Status made_for = check_made_for(options.model_sha256, "`recipe`");
  if (!made_for) return made_for.error();
  if (const Status some = check_chosen(); !some) return some.error();
  const Status ok = check_measuring({.batch = options.batch}, kCompareJob);
  if (!ok) return ok.error();
  auto engine = calibrated_for(options);
  if (!engine) return engine.error();
  if (const Status fits = engine->check(options.recipe); !fits) return fits.error();
  return engine;
}

Result<QuantizedModel> SessionState::quantized(const QuantizedOptions& options) {
  auto engine = engine_for(options);
  if (!engine) return engine.error();
  const Advance advance = observer_->step("weights", options.recipe.weights.size(), "steps");
  return numbers_of(*engine, options.recipe, advance);
}

}  // namespace posittune::session
