#include "posittune/session/export.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "posittune/exporter/archive.h"
#include "posittune/quant/recipe_file.h"
#include "posittune/session/session_state.h"

namespace posittune::session {
namespace {

Status add_weights(engine::Engine& engine, const Advance& advance, exporter::PortableModel& model) {
  const model::Graph& graph = engine.graph();
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const model::Weight& weight = graph.weights[w];
    const auto setting = model.recipe.weights.find(weight.name);
    if (setting == model.recipe.weights.end()) continue;
    if (!weight.layout) {
      return Error{.kind = ErrorKind::kUnsupported,
                   .what = "it is not known where the weight's matrix lies in the file's tensor",
                   .where = "weight '" + weight.name + "'",
                   .hint = "leave it out of the recipe"};
    }
    auto numbers = engine.quantized_weight(w, setting->second);
    if (!numbers) return numbers.error();
    auto codes = exporter::coded(*numbers);
    if (!codes) return codes.error();
    exporter::PortableWeight& to = model.weights[weight.name];
    to = {
        .codes = std::move(*codes), .shape = weight.shape, .layout = *weight.layout, .readers = {}};
    for (const std::size_t layer : weight.layers) {
      if (engine.chosen(layer)) to.readers.push_back(graph.layers[layer].name);
    }
    if (const Status going = advance(1); !going) return going;
  }
  return success();
}

Status add_layer(engine::Engine& engine, std::size_t l, exporter::PortableModel& model) {
  const model::Graph& graph = engine.graph();
  const model::Layer& layer = graph.layers[l];
  const auto input = model.recipe.activations.find(layer.name);
  if (input != model.recipe.activations.end()) {
    auto scales = engine.input_scales(l, input->second);
    if (!scales) return scales.error();
    model.inputs[layer.name] = {.operands = layer.kind->operands, .scales = std::move(*scales)};
  }
  if (!layer.weight) return success();
  const auto weight = model.recipe.weights.find(graph.weights[*layer.weight].name);
  if (weight == model.recipe.weights.end()) return success();
  auto shift = engine.bias_correction(l, weight->second);
  if (!shift) return shift.error();
  if (!shift->empty()) model.corrections[layer.name] = std::move(*shift);
  return success();
}

double promised_bytes(const exporter::PortableModel& model) {
  double bits = 0;
  for (const auto& [name, weight] : model.weights)
    bits += quant::stored_bits(model.recipe.weights.at(name), weight.codes.rows, weight.codes.cols);
  return bits / 8;
}

}  // namespace

Result<const ExportTarget*> parse_export_target(std::string_view text) {
  Error unknown{.kind = ErrorKind::kUsage,
                .what = "unknown export target",
                .where = "`to`",
                .found = std::string(text)};
  for (const ExportTarget& target : export_targets()) {
    if (target.name == text) return &target;
    unknown.expected += (unknown.expected.empty() ? "" : ", ") + std::string(target.name);
  }
  return unknown;
}

Result<exporter::PortableModel> SessionState::portable(const QuantizedOptions& options) {
  auto engine = engine_for(options);
  if (!engine) return engine.error();
  const Advance advance = observer_->step("weights", options.recipe.weights.size(), "steps");
  exporter::PortableModel model{.model_sha256 = sha256_,
                                .recipe = options.recipe,
                                .weights = {},
                                .inputs = {},
                                .corrections = {}};
  if (const Status added = add_weights(*engine, advance, model); !added) return added.error();
  for (std::size_t l = 0; l < engine->graph().layers.size(); ++l) {
    if (!engine->chosen(l)) continue;
    if (const Status added = add_layer(*engine, l, model); !added) return added.error();
  }
  return model;
}

// Numbers of an archive must be of this model.
Result<exporter::PortableModel> SessionState::archived(const std::string& path) {
  auto model = exporter::read_archive(path);
  if (!model) return model.error();
  const Status fits = check_made_for(model->model_sha256, path);
  if (!fits) return fits.error();
  return model;
}

Result<ExportResult> SessionState::export_to(const ExportOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  if (const Status known = know_hash(); !known) return known.error();
  Result<exporter::PortableModel> model = exporter::PortableModel{};
  if (!options.archive.empty()) {
    model = archived(options.archive);
  } else if (options.target->needs_numbers) {
    model = portable(options.numbers);
  } else {
    const Status fits = check_made_for(options.numbers.model_sha256, "`recipe`");
    if (!fits) return fits.error();
    model->recipe = options.numbers.recipe;
    model->model_sha256 = sha256_;
  }
  if (!model) return model.error();
  ExportResult result{.promised_bytes = promised_bytes(*model)};
  if (const Status done = options.target->write({*model, source_.model, options}, result); !done)
    return done.error();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace posittune::session
