#include "posittune/engine/compiled_model.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <openvino/core/model.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>
#include <utility>

#include "posittune/base/interrupt.h"
#include "posittune/base/memory.h"
#include "posittune/engine/fixed_batch.h"
#include "posittune/engine/index_check.h"
#include "posittune/model/tensors.h"

namespace posittune::engine {
namespace {

// The nodes of a copy of a model, which stand in the same order, by those of the original.
std::map<const ov::Node*, std::shared_ptr<ov::Node>> counterparts(const ov::Model& original,
                                                                  const ov::Model& copy) {
  const auto originals = original.get_ordered_ops(), copies = copy.get_ordered_ops();
  std::map<const ov::Node*, std::shared_ptr<ov::Node>> counterpart;
  for (std::size_t i = 0; i < originals.size() && i < copies.size(); ++i) {
    if (originals[i]->get_friendly_name() == copies[i]->get_friendly_name())
      counterpart[originals[i].get()] = copies[i];
  }
  return counterpart;
}

}  // namespace

std::string last_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.pop_back();
  const std::size_t end = text.rfind('\n');
  return end == std::string::npos ? text : text.substr(end + 1);
}

// Inputs that are the indices of an embedding as they come.
void CompiledModel::find_ids_inputs() {
  const auto parameters = layers_.graph.ov_model->get_parameters();
  for (const model::Layer& layer : layers_.graph.layers) {
    if (layer.kind->operands > 0) continue;
    std::shared_ptr<ov::Node> source = layer.node->get_input_node_shared_ptr(layer.kind->data_port);
    while (ov::is_type<ov::op::v0::Convert>(source)) source = source->get_input_node_shared_ptr(0);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i] == source) ids_inputs_.insert(layers_.graph.inputs[i].name);
    }
  }
}

Result<std::shared_ptr<NodeState>> CompiledModel::make_state(const model::Layer& layer) {
  auto state = std::make_shared<NodeState>();
  state->name = layer.name;
  state->operation = make_operation(layer);
  if (state->operation == nullptr) {
    return Error{.kind = ErrorKind::kInternal,
                 .what = "layers of this kind have no operation",
                 .where = layer.name,
                 .found = std::string(layer.kind->name)};
  }
  state->scratch = &layers_.scratch;
  state->failure = &failure_;
  state->threads = layers_.threads;
  return state;
}

Status CompiledModel::replace_layers(const std::shared_ptr<ov::Model>& copy) {
  std::vector<std::pair<NodeState*, std::shared_ptr<ov::Node>>> ends;
  auto counterpart = counterparts(*layers_.graph.ov_model, *copy);
  layers_.nodes.resize(layers_.graph.layers.size());
  for (std::size_t l = 0; l < layers_.graph.layers.size(); ++l) {
    const model::Layer& layer = layers_.graph.layers[l];
    if (!layers_.chosen[l]) continue;
    const auto node = counterpart.find(layer.node.get());
    if (node == counterpart.end()) {
      return Error{.kind = ErrorKind::kInternal,
                   .what = "a layer was lost when the graph was copied",
                   .where = layer.name};
    }
    auto state = make_state(layer);
    if (!state) return state.error();
    layers_.nodes[l] = *state;
    const auto replaced = replace_with_quantized(layer, node->second, *state);
    if ((*state)->operation->does_epilogues()) ends.emplace_back(state->get(), replaced);
  }
  // Nodes of the copy that are held here would count as readers of others.
  counterpart.clear();
  for (const auto& [state, node] : ends) {
    if (auto epilogue = take_epilogue(node)) {
      state->setting.epilogue = std::make_shared<const Epilogue>(std::move(*epilogue));
    }
  }
  return success();
}

// The originals hold the weights, and are of no more use.
void CompiledModel::free_graph() {
  for (model::Layer& layer : layers_.graph.layers) layer.node.reset();
  layers_.graph.ov_model.reset();
}

Status CompiledModel::leave_out() {
  layers_.nodes.resize(layers_.graph.layers.size());
  for (std::size_t l = 0; l < layers_.graph.layers.size(); ++l) {
    if (!layers_.chosen[l]) continue;
    auto state = make_state(layers_.graph.layers[l]);
    if (!state) return state.error();
    layers_.nodes[l] = *state;
  }
  free_graph();
  return success();
}

Status CompiledModel::compile(std::size_t segments) {
  model::Graph& graph = layers_.graph;
  find_ids_inputs();
  const std::shared_ptr<ov::Model> copy = graph.ov_model->clone();
  if (const Status replaced = replace_layers(copy); !replaced) return replaced.error();
  free_graph();
  check_indices(copy, failure_);
  segmentation_ = cut_into_segments(copy, segments, graph.inputs, graph.outputs);
  ov::Core core;
  // Without its group size, OpenVINO rounds inputs of weights that the file stores as int8 to int8.
  for (Segment& segment : segmentation_.segments) {
    if (const Status going = check_interrupt(); !going) return going.error();
    ov::CompiledModel compiled = core.compile_model(
        segment.model, "CPU", ov::hint::inference_precision(ov::element::f32),
        ov::hint::dynamic_quantization_group_size(std::uint64_t{0}), ov::num_streams(1),
        ov::inference_num_threads(layers_.threads), ov::hint::enable_cpu_pinning(false));
    requests_.push_back(compiled.create_infer_request());
    segment.model.reset();
  }
  return success();
}

// OpenVINO's CPU plugin computes with 32 bits. Gather counts negative indices from the end, which
// the graph may use on purpose, but no token or position that a person feeds means.
template <typename T>
Status CompiledModel::check_range(std::span<const T> values, const std::string& input,
                                  bool ids) const {
  const auto bad = std::find_if(values.begin(), values.end(), [&](T x) {
    return x != static_cast<std::int32_t>(x) || (ids && x < 0);
  });
  if (bad == values.end()) return success();
  return Error{
      .kind = ErrorKind::kInput,
      .what = "an input has a number that is out of range",
      .where = layers_.graph.path + ", input '" + input + "'",
      .expected = ids ? "indices of an embedding, 0 or more" : "32 bits",
      .found = std::to_string(*bad) + " at position " + std::to_string(bad - values.begin()),
      .hint = ids ? "are the data made with this model's tokenizer?" : ""};
}

Status CompiledModel::check_inputs(const Tensors& inputs) const {
  for (const TensorInfo& info : layers_.graph.inputs) {
    const auto found = inputs.find(info.name);
    if (found == inputs.end() || found->second.type != info.type) {
      return Error{
          .kind = ErrorKind::kInput,
          .what = found == inputs.end() ? "an input of the model is missing"
                                        : "an input has another type",
          .where = layers_.graph.path + ", input '" + info.name + "'",
          .expected = std::string(posittune::name(info.type)),
          .found = found == inputs.end() ? "" : std::string(posittune::name(found->second.type))};
    }
    const bool ids = ids_inputs_.contains(info.name);
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
Result<Tensors> CompiledModel::infer(std::size_t first, const Tensors& inputs,
                                     const Tensors& crossing, const KeepCrossing& keep) {
  std::map<std::string, ov::Tensor> alive;
  for (const TensorInfo& info : layers_.graph.inputs)
    alive[info.name] = model::view(inputs.at(info.name));
  for (const auto& [name, tensor] : crossing) alive[name] = model::view(tensor);
  Tensors outputs;
  for (std::size_t s = first; s < requests_.size(); ++s) {
    if (s > first && keep) {
      Tensors kept;
      for (const std::string& name : segmentation_.cuts[s - 1].tensors) {
        auto tensor = model::to_tensor(alive.at(name));
        if (!tensor) return tensor.error();
        kept[name] = std::move(*tensor);
      }
      if (const Status done = keep(s, std::move(kept)); !done) return done.error();
    }
    const Segment& segment = segmentation_.segments[s];
    // By position: ports need not have tensor names.
    for (std::size_t i = 0; i < segment.inputs.size(); ++i)
      requests_[s].set_input_tensor(i, alive.at(segment.inputs[i]));
    requests_[s].infer();
    // OpenVINO does not throw when a node's evaluate() returns false.
    if (failure_.error) return *failure_.error;
    for (std::size_t i = 0; i < segment.outputs.size(); ++i) {
      const ov::Tensor output = requests_[s].get_output_tensor(i);
      if (s + 1 < requests_.size()) {
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

Result<Tensors> CompiledModel::run(std::size_t first, const Tensors& inputs,
                                   const Tensors& crossing, const KeepCrossing& keep) {
  if (const Status good = check_inputs(inputs); !good) return good.error();
  failure_.error.reset();
  Error thrown{.kind = ErrorKind::kInput,
               .what = "the model could not run on these inputs",
               .where = layers_.graph.path};
  try {
    const FilledBatch filled = fill_batch(layers_.graph.inputs, inputs);
    auto outputs = infer(first, filled.batch == 0 ? inputs : filled.inputs, crossing, keep);
    if (!failure_.error) {
      if (outputs && filled.batch > 0) leave_out_filling(filled, *outputs);
      return outputs;
    }
  } catch (const std::bad_alloc&) {
    thrown = out_of_memory(layers_.graph.path, "out of memory while the model runs");
  } catch (const std::exception& error) {
    if (memory_ended(error.what()))
      thrown = out_of_memory(layers_.graph.path, "out of memory while the model runs");
    thrown.found = last_line(error.what());
  }
  if (!failure_.error) return thrown;
  Error found = *failure_.error;
  if (found.kind == ErrorKind::kInput) {
    found.where += ", inputs";
    for (const TensorInfo& info : layers_.graph.inputs) found.where += " '" + info.name + "'";
  }
  return found;
}

}  // namespace posittune::engine
