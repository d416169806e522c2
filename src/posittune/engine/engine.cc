#include "posittune/engine/engine.h"

#include <algorithm>
#include <utility>

#include "posittune/base/memory.h"
#include "posittune/base/threads.h"
#include "posittune/engine/bias_correction.h"
#include "posittune/engine/engine_state.h"
#include "posittune/engine/path_speed.h"
#include "posittune/engine/recipe_check.h"

namespace posittune::engine {
namespace {

using quant::ActivationSetting;
using quant::Recipe;
using quant::WeightSetting;

constexpr const char* kNoMemory = "not enough memory for the model";

Error no_such(const std::string& what, const std::string& where) {
  return {.kind = ErrorKind::kUsage, .what = what, .where = where};
}

}  // namespace

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Status Engine::prepare(const Options& options) {
  State& state = *state_;
  if (const Status loaded = load_weights(state.layers, options.compensated_bytes); !loaded)
    return loaded.error();
  state.calibration.plan({.covariance_bytes = options.covariance_bytes,
                          .held_out = options.held_out,
                          .embedding_columns = options.embedding_columns});
  if (!options.runs) return state.model.leave_out();
  // oneTBB waits for itself for ever where its own set-up meets the end of memory, on whatever
  // thread of OpenVINO's that happens: it is set up here, while there is enough.
  if (memory_is_short()) return out_of_memory(graph().path, kNoMemory);
  parallel_for(2, 2, [](std::size_t) {});
  const Status compiled = state.model.compile(std::max<std::size_t>(1, options.segments));
  if (!compiled) return compiled.error();
  return state.recipe.begin();
}

Result<Engine> Engine::create(model::Graph graph, const Options& options) {
  if (const auto first = most_preferred_path(); !first) return first.error();
  if (options.chosen.size() != graph.layers.size()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "not one flag for each layer",
                 .where = graph.path,
                 .expected = std::to_string(graph.layers.size()),
                 .found = std::to_string(options.chosen.size())};
  }
  Engine engine(std::make_unique<State>());
  ChosenLayers& layers = engine.state_->layers;
  layers.graph = std::move(graph);
  layers.chosen = options.chosen;
  layers.threads = options.threads > 0 ? options.threads : hardware_threads();
  try {
    if (const Status prepared = engine.prepare(options); !prepared) return prepared.error();
  } catch (const std::bad_alloc&) {
    return out_of_memory(layers.graph.path, kNoMemory);
  } catch (const std::exception& error) {
    if (memory_ended(error.what())) return out_of_memory(layers.graph.path, kNoMemory);
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "OpenVINO cannot compile the model",
                 .where = layers.graph.path,
                 .found = last_line(error.what())};
  }
  return engine;
}

const model::Graph& Engine::graph() const { return state_->layers.graph; }
bool Engine::chosen(std::size_t layer) const { return state_->layers.chosen[layer]; }

Status Engine::calibrate(const Tensors& inputs) {
  if (state_->recipe.current() != Recipe{})
    return no_such("calibration is in FP32, but a recipe is applied", {});
  const Status seen = within_memory(graph().path, [&]() -> Status {
    state_->calibration.observe(true);
    forget_derived();
    const auto outputs = run(inputs);
    if (!outputs) return outputs.error();
    return success();
  });
  state_->calibration.observe(false);
  // Some layers have seen the batch and others not.
  if (!seen) forget_calibration();
  return seen;
}

bool Engine::calibrated() const { return state_->calibration.calibrated(); }

void Engine::forget_calibration() {
  forget_derived();
  state_->calibration.clear();
}

std::size_t Engine::undecided_inputs() const {
  std::size_t count = 0;
  for (std::size_t l = 0; l < graph().layers.size(); ++l) {
    if (!graph().layers[l].weight || !state_->layers.chosen[l] || state_->layers.operands(l) == 0)
      continue;
    const InputStatistics& seen = state_->calibration.statistics(l, 0);
    count += !seen.empty() && !seen.can_compare() ? 1 : 0;
  }
  return count;
}

void Engine::forget_derived() {
  state_->quantizers.forget();
  state_->errors.forget();
  state_->compensator.forget();
  state_->calibration.forget_sampled();
  for (auto& store : state_->layers.stores) {
    if (store) store->forget_calibration();
  }
}

std::size_t Engine::embedding_runs() const { return state_->calibration.embeddings().runs(); }

Status Engine::measure_embeddings(const Tensors& inputs, const std::string& output,
                                  const std::function<Status()>& advance) {
  if (state_->recipe.current() != Recipe{})
    return no_such("embeddings are measured in FP32, but a recipe is applied", {});
  const std::string& name = output.empty() ? graph().outputs.front().name : output;
  const EmbeddingMetrics::Run run_once = [&]() -> Result<Tensor> {
    if (const Status goes_on = advance(); !goes_on) return goes_on.error();
    auto outputs = run(inputs);
    if (!outputs) return outputs.error();
    if (outputs->contains(name)) return std::move(outputs->at(name));
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no such output",
                 .where = graph().path,
                 .expected = graph().outputs.front().name,
                 .found = name};
  };
  forget_derived();
  EmbeddingMetrics& embeddings = state_->calibration.embeddings();
  const Status measured = within_memory(graph().path, [&] { return embeddings.measure(run_once); });
  // Some tables have seen the batch and others not.
  if (!measured) embeddings.clear();
  return measured;
}

Recipe Engine::uniform(const std::optional<WeightSetting>& weights,
                       const std::optional<ActivationSetting>& activations) const {
  const ChosenLayers& layers = state_->layers;
  Recipe recipe;
  for (std::size_t w = 0; weights && w < layers.stores.size(); ++w) {
    if (layers.stores[w]) recipe.weights[graph().weights[w].name] = *weights;
  }
  for (std::size_t l = 0; activations && l < layers.nodes.size(); ++l) {
    if (layers.nodes[l] && layers.operands(l) > 0)
      recipe.activations[graph().layers[l].name] = *activations;
  }
  return recipe;
}

Result<OutputError> Engine::weight_error(std::size_t layer, const WeightSetting& setting) {
  const model::Layer& of = graph().layers[layer];
  const std::string where = state_->layers.where(layer);
  if (!state_->layers.nodes[layer] || !of.weight)
    return no_such("a layer without a weight to change", where);
  if (const Status fits = check_setting(*of.weight, setting); !fits) return fits.error();
  return within_memory(where, [&] { return state_->errors.of_weight(layer, setting); });
}

Result<OutputError> Engine::activation_error(std::size_t layer, const ActivationSetting& setting) {
  const std::string where = state_->layers.where(layer);
  if (!state_->layers.nodes[layer] || !graph().layers[layer].weight ||
      state_->layers.operands(layer) == 0)
    return no_such("a layer without an input to round", where);
  return within_memory(where, [&]() -> Result<OutputError> {
    auto quantizer = state_->quantizers.quantizer(layer, 0, setting);
    if (!quantizer) return quantizer.error();
    return state_->errors.of_input(layer, *quantizer);
  });
}

Result<std::vector<double>> Engine::rounding_error(std::size_t weight,
                                                   const WeightSetting& setting) {
  if (const Status read = state_->layers.check_weight(weight); !read) return read.error();
  const WeightStore& store = *state_->layers.stores[weight];
  auto prepared = within_memory("weight '" + store.name() + "'", [&] {
    return state_->compensator.prepare(weight, setting, {.values = true});
  });
  if (!prepared) return prepared.error();
  std::vector<double> errors(store.rows(), 0);
  for (std::size_t r = 0; r < store.rows(); ++r) {
    for (std::size_t c = 0; c < store.cols(); ++c) {
      const double d = double{(*(*prepared)->values)[r * store.cols() + c]} -
                       store.values()[r * store.cols() + c];
      errors[r] += d * d;
    }
  }
  return errors;
}

const InputCovariance* Engine::covariance(std::size_t layer) const {
  return state_->calibration.covariance(layer);
}

std::optional<bool> Engine::fell_back(std::size_t weight, const WeightSetting& setting) const {
  return state_->compensator.fell_back(weight, setting);
}

Result<std::vector<formats::Format>> Engine::row_formats(std::size_t weight,
                                                         const WeightSetting& setting) {
  if (const Status read = state_->layers.check_weight(weight); !read) return read.error();
  auto rows = within_memory("weight '" + graph().weights[weight].name + "'",
                            [&] { return state_->compensator.rows(weight, setting); });
  if (!rows) return rows.error();
  std::vector<formats::Format> formats;
  for (const RowRun& run : *rows)
    formats.insert(formats.end(), run.count, formats::plain(run.format));
  return formats;
}

Result<QuantizedWeight> Engine::quantized_weight(std::size_t weight, const WeightSetting& setting) {
  if (const Status read = state_->layers.check_weight(weight); !read) return read.error();
  if (const Status fits = check_setting(weight, setting); !fits) return fits.error();
  return within_memory("weight '" + graph().weights[weight].name + "'",
                       [&] { return state_->compensator.quantized(weight, setting); });
}

Result<ActivationQuantizer> Engine::activation_quantizer(std::size_t layer, std::size_t operand,
                                                         const ActivationSetting& setting) {
  const std::string where = state_->layers.where(layer);
  if (!state_->layers.nodes[layer] || operand >= state_->layers.operands(layer))
    return no_such("a layer without an input to round", where);
  return within_memory(where,
                       [&] { return state_->quantizers.quantizer(layer, operand, setting); });
}

Result<std::vector<float>> Engine::input_scales(std::size_t layer,
                                                const ActivationSetting& setting) {
  std::vector<float> scales;
  if (setting.scale == quant::ActivationScale::kToken) return scales;
  for (std::size_t operand = 0; operand < state_->layers.operands(layer); ++operand) {
    auto quantizer = activation_quantizer(layer, operand, setting);
    if (!quantizer) return quantizer.error();
    scales.push_back(quantizer->scale);
  }
  return scales;
}

Result<std::vector<float>> Engine::bias_correction(std::size_t layer,
                                                   const WeightSetting& setting) {
  const std::optional<std::size_t> weight = graph().layers[layer].weight;
  const std::string where = state_->layers.where(layer);
  if (!state_->layers.nodes[layer] || !weight)
    return no_such("a layer without a weight to change", where);
  if (const Status fits = check_setting(*weight, setting); !fits) return fits.error();
  if (!setting.bias_correction) return std::vector<float>{};  // without preparing the weight
  return within_memory(where, [&]() -> Result<std::vector<float>> {
    auto prepared = state_->compensator.prepare(*weight, setting, {.values = true});
    if (!prepared) return prepared.error();
    const auto shift = bias_shift(state_->layers, state_->calibration, layer, setting, **prepared);
    return shift ? *shift : std::vector<float>{};
  });
}

Status Engine::check_setting(std::size_t weight, const WeightSetting& setting) const {
  Recipe recipe;
  recipe.weights[graph().weights[weight].name] = setting;
  return check_weights(recipe, state_->layers, state_->compensator);
}

Status Engine::check(const Recipe& recipe) const {
  const ChosenLayers& layers = state_->layers;
  if (const Status known = check_names(recipe, layers); !known) return known;
  return check_weights(recipe, layers, state_->compensator);
}

Status Engine::apply(const Recipe& recipe) {
  if (const Status fits = check(recipe); !fits) return fits;
  return state_->recipe.apply(recipe);
}

Result<Tensors> Engine::run(const Tensors& inputs, const Keep& keep) {
  if (segment_count() == 0) return no_such("the engine was made without a model to run", {});
  if (state_->recipe.broken()) return *state_->recipe.broken();
  return state_->model.run(0, inputs, {}, keep);
}

Result<Tensors> Engine::run_from(std::size_t segment, const Tensors& inputs,
                                 const Tensors& crossing) {
  if (segment >= segment_count()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the model is not cut into that many segments",
                 .where = graph().path,
                 .expected = "below " + std::to_string(segment_count()),
                 .found = std::to_string(segment)};
  }
  for (const std::string& name :
       segment == 0 ? std::vector<std::string>{} : cut_before(segment).tensors) {
    if (crossing.contains(name)) continue;
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a tensor that crosses into the segment is missing",
                 .where = graph().path + ", segment " + std::to_string(segment),
                 .expected = name};
  }
  if (state_->recipe.broken()) return *state_->recipe.broken();
  return state_->model.run(segment, inputs, crossing, {});
}

std::size_t Engine::segment_count() const { return state_->model.segment_count(); }
const Cut& Engine::cut_before(std::size_t segment) const {
  return state_->model.segmentation().cuts[segment - 1];
}

std::size_t Engine::segment_of(std::size_t layer) const {
  const auto found = state_->model.segmentation().layers.find(graph().layers[layer].name);
  return found == state_->model.segmentation().layers.end() ? 0 : found->second;
}

std::uint64_t Engine::weight_count() const {
  std::uint64_t count = 0;
  for (const model::Weight& weight : graph().weights) count += weight.size();
  return count;
}

double Engine::bits_per_weight(const Recipe& recipe) const {
  double bits = 0;
  for (std::size_t w = 0; w < graph().weights.size(); ++w) {
    const model::Weight& weight = graph().weights[w];
    const auto setting = weight_setting(recipe, graph(), w);
    const double plain = 32.0 * static_cast<double>(weight.size());
    bits += setting ? quant::stored_bits(*setting, weight.rows, weight.cols) : plain;
    // A layer that is not chosen reads FP32: the weight is stored twice.
    const bool also_plain = std::any_of(weight.layers.begin(), weight.layers.end(),
                                        [&](std::size_t l) { return !state_->layers.nodes[l]; });
    if (setting && also_plain) bits += plain;
  }
  return weight_count() == 0 ? 0 : bits / static_cast<double>(weight_count());
}

std::vector<std::string_view> Engine::paths() const {
  std::vector<std::string_view> paths;
  for (const auto& node : state_->layers.nodes)
    paths.push_back(node ? name(node->setting.path) : "fp32");
  return paths;
}

}  // namespace posittune::engine
