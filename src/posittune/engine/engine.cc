#include "posittune/engine/engine.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <openvino/core/model.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>
#include <set>
#include <utility>

#include "posittune/base/memory.h"
#include "posittune/base/nearest.h"
#include "posittune/base/threads.h"
#include "posittune/engine/engine_state.h"
#include "posittune/engine/fixed_batch.h"
#include "posittune/engine/path_speed.h"
#include "posittune/model/tensors.h"

namespace posittune::engine {
namespace {

using quant::ActivationScale;
using quant::ActivationSetting;
using quant::Recipe;
using quant::WeightSetting;

std::size_t operands(const model::Layer& layer) {
  if (layer.kind == model::LayerKind::kEmbedding) return 0;
  return layer.kind == model::LayerKind::kAttention ? 2 : 1;
}

// OpenVINO's messages are a trace of checks; the last line that says something is the reason.
std::string last_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.pop_back();
  const std::size_t end = text.rfind('\n');
  return end == std::string::npos ? text : text.substr(end + 1);
}

// All that rows may have.
std::vector<formats::Format> formats_of(const WeightSetting& setting) {
  std::vector<formats::Format> formats = {setting.format};
  formats.insert(formats.end(), setting.alternatives.begin(), setting.alternatives.end());
  for (const quant::RowWindow& window : setting.windows) {
    formats.push_back(window.format);
    formats.insert(formats.end(), window.alternatives.begin(), window.alternatives.end());
  }
  return formats;
}

}  // namespace

std::optional<WeightSetting> Engine::State::weight_setting(const Recipe& of,
                                                           std::size_t weight) const {
  const auto found = of.weights.find(graph.weights[weight].name);
  return found == of.weights.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ActivationSetting> Engine::State::activation_setting(const Recipe& of,
                                                                   std::size_t layer) const {
  const auto found = of.activations.find(graph.layers[layer].name);
  return found == of.activations.end() ? std::nullopt : std::optional(found->second);
}

Path Engine::State::path_of(const Recipe& of, std::size_t index) const {
  const model::Layer& layer = graph.layers[index];
  const auto activation = activation_setting(of, index);
  if (layer.kind == model::LayerKind::kEmbedding) return Path::kFp32;
  if (!layer.weight) return of.accumulate == quant::Accumulate::kQuire ? Path::kQuire : Path::kFp32;
  const auto weight = weight_setting(of, *layer.weight);
  std::optional<formats::Format> w, a;
  if (weight) w = weight->format;
  if (activation) a = activation->format;
  const bool grouped = weight && weight->granularity == quant::Granularity::kGroup;
  std::vector<Path> order = path_order();
  if (layer.kind != model::LayerKind::kMatMul) std::erase(order, Path::kInt8);  // no kernel
  const Path path = choose_path(w, a, grouped, of.accumulate, order);
  if (!weight) return path;
  // Rows in formats of different paths meet in floats.
  for (const formats::Format& format : formats_of(*weight)) {
    if (choose_path(format, a, grouped, of.accumulate, order) != path) return Path::kFp32;
  }
  return path;
}

// Weights share the bytes by their sizes.
Status Engine::State::load_weights(std::size_t compensated_bytes) {
  stores.resize(graph.weights.size());
  forms.resize(graph.weights.size());
  settings.resize(graph.weights.size());
  judgements.resize(graph.weights.size());
  double all = 0;
  for (const model::Weight& weight : graph.weights) all += static_cast<double>(weight.size());
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const model::Weight& weight = graph.weights[w];
    const bool used = std::any_of(weight.layers.begin(), weight.layers.end(),
                                  [&](std::size_t l) { return chosen[l]; });
    if (!used) continue;
    auto values = model::weight_values(graph, w);
    if (!values) return values.error();
    const double share = static_cast<double>(weight.size()) / all;
    stores[w].emplace(weight.name, weight.rows, weight.cols, std::move(*values),
                      static_cast<std::size_t>(share * static_cast<double>(compensated_bytes)));
  }
  return success();
}

// Inputs that are the indices of an embedding as they come.
void Engine::State::find_ids_inputs() {
  const auto parameters = graph.ov_model->get_parameters();
  for (const model::Layer& layer : graph.layers) {
    if (layer.kind != model::LayerKind::kEmbedding) continue;
    std::shared_ptr<ov::Node> source = layer.node->get_input_node_shared_ptr(1);
    while (ov::is_type<ov::op::v0::Convert>(source)) source = source->get_input_node_shared_ptr(0);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i] == source) ids_inputs.insert(graph.inputs[i].name);
    }
  }
}

// Nodes of a copy of the model stand in the same order as in the original.
Status Engine::State::compile(std::size_t segments) {
  const std::shared_ptr<ov::Model> copy = graph.ov_model->clone();
  auto originals = graph.ov_model->get_ordered_ops(), copies = copy->get_ordered_ops();
  std::vector<std::pair<NodeState*, std::shared_ptr<ov::Node>>> convolutions;
  std::map<const ov::Node*, std::shared_ptr<ov::Node>> counterpart;
  for (std::size_t i = 0; i < originals.size() && i < copies.size(); ++i) {
    if (originals[i]->get_friendly_name() == copies[i]->get_friendly_name())
      counterpart[originals[i].get()] = copies[i];
  }
  nodes.resize(graph.layers.size());
  statistics.resize(graph.layers.size());
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    if (!chosen[l]) continue;
    const auto node = counterpart.find(layer.node.get());
    if (node == counterpart.end()) {
      return Error{.kind = ErrorKind::kInternal,
                   .what = "a layer was lost when the graph was copied",
                   .where = layer.name};
    }
    auto state = std::make_shared<NodeState>();
    state->name = layer.name;
    state->operation = make_operation(layer);
    state->scratch = &scratch;
    state->failure = &failure;
    state->threads = threads;
    statistics[l].resize(operands(layer));
    nodes[l] = state;
    const auto replaced = replace_with_quantized(layer, node->second, state);
    const bool convolution = layer.kind == model::LayerKind::kConvolution ||
                             layer.kind == model::LayerKind::kTransposedConvolution;
    if (convolution) convolutions.emplace_back(state.get(), replaced);
  }
  // The originals are of no more use, and hold the weights; nodes of the copy that are held here
  // would count as readers of others.
  counterpart.clear();
  originals.clear();
  copies.clear();
  for (const auto& [state, node] : convolutions) {
    if (auto epilogue = take_epilogue(node)) {
      state->setting.epilogue = std::make_shared<const Epilogue>(std::move(*epilogue));
    }
  }
  convolutions.clear();
  for (model::Layer& layer : graph.layers) layer.node.reset();
  graph.ov_model.reset();
  segmentation = cut_into_segments(copy, segments, graph.inputs, graph.outputs);
  ov::Core core;
  for (Segment& segment : segmentation.segments) {
    ov::CompiledModel compiled = core.compile_model(
        segment.model, "CPU", ov::hint::inference_precision(ov::element::f32), ov::num_streams(1),
        ov::inference_num_threads(threads), ov::hint::enable_cpu_pinning(false));
    requests.push_back(compiled.create_infer_request());
    segment.model.reset();
  }
  return success();
}

Status Engine::State::check_names(const Recipe& next) const {
  std::vector<std::string> weights, layers;
  for (std::size_t w = 0; w < stores.size(); ++w) {
    if (stores[w]) weights.push_back(graph.weights[w].name);
  }
  for (std::size_t l = 0; l < nodes.size(); ++l) {
    if (nodes[l]) layers.push_back(graph.layers[l].name);
  }
  const auto unknown = [&](const std::string& what, const std::string& name,
                           const std::vector<std::string>& known) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the recipe names a " + what + " that is not among the chosen layers: '" +
                         name + "'",
                 .where = graph.path,
                 .expected = "names like " + joined(nearest(name, known, 3)),
                 .hint = "`posittune inspect` lists the names"};
  };
  const std::set<std::string> known_weights(weights.begin(), weights.end()),
      known_layers(layers.begin(), layers.end());
  for (const auto& [name, setting] : next.weights) {
    if (!known_weights.contains(name)) return unknown("weight", name, weights);
  }
  for (const auto& [name, setting] : next.activations) {
    if (!known_layers.contains(name)) return unknown("layer", name, layers);
  }
  return success();
}

Status Engine::State::check_weights(const Recipe& next) const {
  for (const auto& [name, setting] : next.weights) {
    const bool grouped = setting.granularity == quant::Granularity::kGroup;
    for (const formats::Format& format : formats_of(setting)) {
      if (!grouped ||
          (setting.group > 0 && (format.block == 0 || setting.group % format.block == 0)))
        continue;
      return Error{.kind = ErrorKind::kUsage,
                   .what = "a group of columns that does not fit the format",
                   .where = "weight '" + name + "'",
                   .expected = format.block > 0 ? "a multiple of " + std::to_string(format.block)
                                                : "at least 1",
                   .found = std::to_string(setting.group)};
    }
    for (std::size_t w = 0; w < graph.weights.size(); ++w) {
      if (graph.weights[w].name != name) continue;
      if (auto fits = quant::parts(setting, graph.weights[w].rows); !fits) {
        Error error = fits.error();
        error.where = "weight '" + name + "'";
        return error;
      }
      if (const Status ready = check_calibrated_setting(name, setting, w); !ready)
        return ready.error();
    }
  }
  return success();
}

// E[x_k^2] for each column, averaged over the layers that use the weight; empty when unknown.
std::vector<float> Engine::State::input_squares(std::size_t weight) const {
  const model::Weight& of = graph.weights[weight];
  std::vector<float> sums;
  for (const std::size_t l : of.layers) {
    if (!nodes[l] || statistics[l].empty() || statistics[l][0].empty() ||
        graph.layers[l].groups > 1)
      continue;
    const std::vector<float> channels = statistics[l][0].mean_squares();
    if (channels.empty() || of.cols % channels.size() != 0) continue;
    sums.resize(of.cols, 0);
    const std::size_t taps = of.cols / channels.size();
    for (std::size_t k = 0; k < of.cols; ++k) sums[k] += channels[k / taps];
  }
  return sums;
}

Status Engine::State::prepare_weights(const Recipe& next) {
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    if (!stores[w]) continue;
    Forms needed;
    for (const std::size_t l : graph.weights[w].layers) {
      if (!nodes[l]) continue;
      const Path path = path_of(next, l);
      needed.bf16 = needed.bf16 || path == Path::kBf16;
      needed.int8 = needed.int8 || path == Path::kInt8;
      needed.values = needed.values || path == Path::kFp32 || path == Path::kQuire;
    }
    const auto setting = weight_setting(next, w);
    if (setting && setting->bias_correction) needed.values = true;
    const bool same = forms[w].values == needed.values && forms[w].bf16 == needed.bf16 &&
                      forms[w].int8 == needed.int8;
    if (same && setting == settings[w]) continue;
    // The old form goes first: one weight at a time exists twice at most.
    for (const std::size_t l : graph.weights[w].layers) {
      if (nodes[l]) nodes[l]->setting.weight.reset();
    }
    forms[w] = {};
    auto prepared = prepare(w, setting, needed);
    if (!prepared) return prepared.error();
    forms[w] = needed;
    settings[w] = setting;
    for (const std::size_t l : graph.weights[w].layers) {
      if (!nodes[l]) continue;
      nodes[l]->setting.weight = *prepared;
      nodes[l]->setting.shift = shift_of(l, setting, **prepared);
    }
  }
  return success();
}

Result<float> Engine::State::activation_scale(std::size_t layer, std::size_t operand,
                                              const ActivationSetting& setting) {
  auto& known = scales[{layer, operand}];
  for (const auto& [of, scale] : known) {
    if (of == setting) return scale;
  }
  const InputStatistics& seen = statistics[layer][operand];
  if (seen.empty() && setting.rule != quant::ScaleRule::kNone) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "static activation scales need calibration data",
                 .where = "layer '" + graph.layers[layer].name + "'",
                 .hint = "give --calibrate, or choose scales per token (--activation-scale token)"};
  }
  const bool by_output = setting.scale == ActivationScale::kOutput && graph.layers[layer].weight &&
                         setting.rule != quant::ScaleRule::kNone;
  auto scale = static_scale(setting, seen, threads);
  if (scale && by_output) scale = better_scale(layer, setting, *scale);
  if (scale) known.emplace_back(setting, *scale);
  return scale;
}

Result<ActivationQuantizer> Engine::State::quantizer_of(std::size_t layer, std::size_t operand,
                                                        const ActivationSetting& setting) {
  ActivationQuantizer made{.format = quant::scaled_format(setting.format, setting.rule),
                           .rule = setting.rule};
  if (setting.scale == ActivationScale::kToken) {
    if (quant::search_rounds(setting.rule) > 0) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "a scale per token cannot be searched for",
                   .expected = "absmax, rms_pow2, mean_pow2 or none",
                   .found = std::string(quant::name(setting.rule))};
    }
    made.per_token = true;
    return made;
  }
  auto scale = activation_scale(layer, operand, setting);
  if (!scale) return scale.error();
  made.scale = *scale;
  return made;
}

Status Engine::State::set_activations(const Recipe& next) {
  for (std::size_t l = 0; l < nodes.size(); ++l) {
    if (!nodes[l]) continue;
    const auto setting = activation_setting(next, l);
    for (std::size_t i = 0; i < operands(graph.layers[l]); ++i) {
      auto& quantizer = nodes[l]->setting.activation[i];
      quantizer.reset();
      if (!setting) continue;
      auto made = quantizer_of(l, i, *setting);
      if (!made) return made.error();
      quantizer = *made;
    }
    nodes[l]->setting.path = path_of(next, l);
  }
  return success();
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::create(model::Graph graph, const Options& options) {
  if (const auto first = most_preferred_path(); !first) return first.error();
  if (options.chosen.size() != graph.layers.size()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "not one flag for each layer",
                 .where = graph.path,
                 .expected = std::to_string(graph.layers.size()),
                 .found = std::to_string(options.chosen.size())};
  }
  auto state = std::make_unique<State>();
  state->graph = std::move(graph);
  state->chosen = options.chosen;
  state->threads = options.threads > 0 ? options.threads : hardware_threads();
  try {
    if (const Status loaded = state->load_weights(options.compensated_bytes); !loaded)
      return loaded.error();
    state->held_out = options.held_out;
    state->plan_covariances(options.covariance_bytes);
    state->plan_embedding_metrics(options.embedding_columns);
    state->find_ids_inputs();
    // oneTBB waits for itself for ever where its own set-up meets the end of memory, on whatever
    // thread of OpenVINO's that happens: it is set up here, while there is enough.
    if (memory_is_short())
      return out_of_memory(state->graph.path, "not enough memory for the model");
    parallel_for(2, 2, [](std::size_t) {});
    if (const Status compiled = state->compile(std::max<std::size_t>(1, options.segments));
        !compiled)
      return compiled.error();
    if (const Status applied = state->prepare_weights({}); !applied) return applied.error();
  } catch (const std::bad_alloc&) {
    return out_of_memory(state->graph.path, "not enough memory for the model");
  } catch (const std::exception& error) {
    if (memory_ended(error.what()))
      return out_of_memory(state->graph.path, "not enough memory for the model");
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "OpenVINO cannot compile the model",
                 .where = state->graph.path,
                 .found = last_line(error.what())};
  }
  return Engine(std::move(state));
}

const model::Graph& Engine::graph() const { return state_->graph; }
bool Engine::chosen(std::size_t layer) const { return state_->chosen[layer]; }

Status Engine::calibrate(const Tensors& inputs) {
  if (state_->recipe != Recipe{}) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "calibration is in FP32, but a recipe is applied"};
  }
  const Status seen = within_memory(state_->graph.path, [&]() -> Status {
    state_->plan_patches();
    state_->observe(true);
    state_->forget_calibration();
    const auto outputs = run(inputs);
    if (!outputs) return outputs.error();
    return success();
  });
  state_->observe(false);
  // Some layers have seen the batch and others not.
  if (!seen) state_->clear_calibration();
  return seen;
}

void Engine::State::observe(bool on) {
  for (std::size_t l = 0; l < nodes.size(); ++l) {
    if (!nodes[l]) continue;
    NodeState& node = *nodes[l];
    const auto found = patches.find(l);
    node.observed = on ? &statistics[l] : nullptr;
    node.covariance = on && covariances[l] ? &*covariances[l] : nullptr;
    node.held = on && held[l] ? &*held[l] : nullptr;
    node.patches = on && held_out && found != patches.end() ? &*found->second : nullptr;
    node.uses = on && !uses[l].empty() ? &uses[l] : nullptr;
  }
}

void Engine::State::clear_calibration() {
  forget_calibration();
  for (auto& layer : statistics) std::fill(layer.begin(), layer.end(), InputStatistics{});
  for (auto* of : {&covariances, &held}) {
    for (auto& each : *of) {
      if (each) each->clear();
    }
  }
  for (auto& rows : uses) std::fill(rows.begin(), rows.end(), 0);
  patches.clear();
  clear_metrics();
}

void Engine::forget_calibration() { state_->clear_calibration(); }

bool Engine::calibrated() const { return state_->calibrated(); }

bool Engine::State::calibrated() const {
  const bool looked_up = std::any_of(uses.begin(), uses.end(), [](const auto& rows) {
    return std::any_of(rows.begin(), rows.end(), [](std::uint64_t n) { return n > 0; });
  });
  return looked_up || std::any_of(statistics.begin(), statistics.end(), [](const auto& layer) {
           return !layer.empty() && !layer[0].empty();
         });
}

Recipe Engine::uniform(const std::optional<WeightSetting>& weights,
                       const std::optional<ActivationSetting>& activations) const {
  Recipe recipe;
  for (std::size_t w = 0; weights && w < state_->stores.size(); ++w) {
    if (state_->stores[w]) recipe.weights[state_->graph.weights[w].name] = *weights;
  }
  for (std::size_t l = 0; activations && l < state_->nodes.size(); ++l) {
    if (state_->nodes[l] && operands(state_->graph.layers[l]) > 0) {
      recipe.activations[state_->graph.layers[l].name] = *activations;
    }
  }
  return recipe;
}

Status Engine::apply(const Recipe& recipe) {
  if (const Status known = state_->check_names(recipe); !known) return known.error();
  if (const Status fits = state_->check_weights(recipe); !fits) return fits.error();
  const auto follow = [&](const Recipe& next) {
    return within_memory(state_->graph.path, [&] { return state_->follow(next); });
  };
  const Status followed = follow(recipe);
  if (followed) {
    state_->recipe = recipe;
    state_->broken.reset();
    return success();
  }
  // Back to the recipe that run() promises to follow; it could be prepared before, memory allowing.
  if (const Status back = follow(state_->recipe); !back) {
    state_->broken = back.error();
    return back.error();
  }
  return followed.error();
}

// Activations first: they need the scales of the calibration, and fail without touching weights.
Status Engine::State::follow(const Recipe& next) {
  if (const Status set = set_activations(next); !set) return set.error();
  return prepare_weights(next);
}

// OpenVINO's CPU plugin computes with 32 bits. Gather counts negative indices from the end, which
// the graph may use on purpose, but no token or position that a person feeds means.
template <typename T>
Status Engine::State::check_range(std::span<const T> values, const std::string& input,
                                  bool ids) const {
  const auto bad = std::find_if(values.begin(), values.end(), [&](T x) {
    return x != static_cast<std::int32_t>(x) || (ids && x < 0);
  });
  if (bad == values.end()) return success();
  return Error{
      .kind = ErrorKind::kInput,
      .what = "an input has a number that is out of range",
      .where = graph.path + ", input '" + input + "'",
      .expected = ids ? "indices of an embedding, 0 or more" : "32 bits",
      .found = std::to_string(*bad) + " at position " + std::to_string(bad - values.begin()),
      .hint = ids ? "are the data made with this model's tokenizer?" : ""};
}

Status Engine::State::check_inputs(const Tensors& inputs) const {
  for (const TensorInfo& info : graph.inputs) {
    const auto found = inputs.find(info.name);
    if (found == inputs.end() || found->second.type != info.type) {
      return Error{
          .kind = ErrorKind::kInput,
          .what = found == inputs.end() ? "an input of the model is missing"
                                        : "an input has another type",
          .where = graph.path + ", input '" + info.name + "'",
          .expected = std::string(posittune::name(info.type)),
          .found = found == inputs.end() ? "" : std::string(posittune::name(found->second.type))};
    }
    const bool ids = ids_inputs.contains(info.name);
    const Status in_range = info.type == ElementType::kI64
                                ? check_range(found->second.as<std::int64_t>(), info.name, ids)
                            : info.type == ElementType::kI32
                                ? check_range(found->second.as<std::int32_t>(), info.name, ids)
                                : success();
    if (!in_range) return in_range;
  }
  return success();
}

// Throws what OpenVINO throws. Tensors go from segment to segment without a copy.
Result<Tensors> Engine::State::infer(std::size_t first, const Tensors& inputs,
                                     const Tensors& crossing, const Keep& keep) {
  std::map<std::string, ov::Tensor> alive;
  for (const TensorInfo& info : graph.inputs) alive[info.name] = model::view(inputs.at(info.name));
  for (const auto& [name, tensor] : crossing) alive[name] = model::view(tensor);
  Tensors outputs;
  for (std::size_t s = first; s < requests.size(); ++s) {
    if (s > first && keep) {
      Tensors kept;
      for (const std::string& name : segmentation.cuts[s - 1].tensors) {
        auto tensor = model::to_tensor(alive.at(name));
        if (!tensor) return tensor.error();
        kept[name] = std::move(*tensor);
      }
      if (const Status done = keep(s, std::move(kept)); !done) return done.error();
    }
    const Segment& segment = segmentation.segments[s];
    // By position: ports need not have tensor names.
    for (std::size_t i = 0; i < segment.inputs.size(); ++i)
      requests[s].set_input_tensor(i, alive.at(segment.inputs[i]));
    requests[s].infer();
    // OpenVINO does not throw when a node's evaluate() returns false.
    if (failure.error) return *failure.error;
    for (std::size_t i = 0; i < segment.outputs.size(); ++i) {
      const ov::Tensor output = requests[s].get_output_tensor(i);
      if (s + 1 < requests.size()) {
        alive[segment.outputs[i]] = output;
        continue;
      }
      auto tensor = model::to_tensor(output);
      if (!tensor) return tensor.error();
      outputs[segment.outputs[i]] = std::move(*tensor);
    }
  }
  return outputs;
}

Result<Tensors> Engine::run(const Tensors& inputs, const Keep& keep) {
  return run_segments(0, inputs, {}, keep);
}

Result<Tensors> Engine::run_from(std::size_t segment, const Tensors& inputs,
                                 const Tensors& crossing) {
  if (segment >= segment_count()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the model is not cut into that many segments",
                 .where = state_->graph.path,
                 .expected = "below " + std::to_string(segment_count()),
                 .found = std::to_string(segment)};
  }
  for (const std::string& name :
       segment == 0 ? std::vector<std::string>{} : cut_before(segment).tensors) {
    if (crossing.contains(name)) continue;
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a tensor that crosses into the segment is missing",
                 .where = state_->graph.path + ", segment " + std::to_string(segment),
                 .expected = name};
  }
  return run_segments(segment, inputs, crossing, {});
}

Result<Tensors> Engine::run_segments(std::size_t first, const Tensors& inputs,
                                     const Tensors& crossing, const Keep& keep) {
  State& state = *state_;
  if (state.broken) return *state.broken;
  if (const Status good = state.check_inputs(inputs); !good) return good.error();
  state.failure.error.reset();
  Error thrown{.kind = ErrorKind::kInput,
               .what = "the model could not run on these inputs",
               .where = state.graph.path};
  try {
    const FilledBatch filled = fill_batch(state.graph.inputs, inputs);
    auto outputs = state.infer(first, filled.batch == 0 ? inputs : filled.inputs, crossing, keep);
    if (!state.failure.error) {
      if (outputs && filled.batch > 0) leave_out_filling(filled, *outputs);
      return outputs;
    }
  } catch (const std::bad_alloc&) {
    thrown = out_of_memory(state.graph.path, "out of memory while the model runs");
  } catch (const std::exception& error) {
    if (memory_ended(error.what()))
      thrown = out_of_memory(state.graph.path, "out of memory while the model runs");
    thrown.found = last_line(error.what());
  }
  if (!state.failure.error) return thrown;
  Error found = *state.failure.error;
  if (found.kind == ErrorKind::kInput) {
    found.where += ", inputs";
    for (const TensorInfo& info : state.graph.inputs) found.where += " '" + info.name + "'";
  }
  return found;
}

std::size_t Engine::segment_count() const { return state_->requests.size(); }
const Cut& Engine::cut_before(std::size_t segment) const {
  return state_->segmentation.cuts[segment - 1];
}

std::size_t Engine::segment_of(std::size_t layer) const {
  const auto found = state_->segmentation.layers.find(state_->graph.layers[layer].name);
  return found == state_->segmentation.layers.end() ? 0 : found->second;
}

std::uint64_t Engine::weight_count() const {
  std::uint64_t count = 0;
  for (const model::Weight& weight : state_->graph.weights) count += weight.size();
  return count;
}

double Engine::bits_per_weight(const Recipe& recipe) const {
  double bits = 0;
  for (std::size_t w = 0; w < state_->graph.weights.size(); ++w) {
    const model::Weight& weight = state_->graph.weights[w];
    const auto setting = state_->weight_setting(recipe, w);
    const double plain = 32.0 * static_cast<double>(weight.size());
    bits += setting ? quant::stored_bits(*setting, weight.rows, weight.cols) : plain;
    // A layer that is not chosen reads FP32: the weight is stored twice.
    const bool also_plain = std::any_of(weight.layers.begin(), weight.layers.end(),
                                        [&](std::size_t l) { return !state_->nodes[l]; });
    if (setting && also_plain) bits += plain;
  }
  return weight_count() == 0 ? 0 : bits / static_cast<double>(weight_count());
}

std::vector<std::string_view> Engine::paths() const {
  std::vector<std::string_view> paths;
  for (const auto& node : state_->nodes) paths.push_back(node ? name(node->setting.path) : "fp32");
  return paths;
}

}  // namespace posittune::engine
