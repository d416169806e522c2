#include "posittune/engine/quantized_node.h"

#include <openvino/core/attribute_visitor.hpp>
#include <openvino/core/graph_util.hpp>
#include <openvino/core/rt_info.hpp>
#include <openvino/op/parameter.hpp>
#include <utility>

#include "posittune/base/interrupt.h"
#include "posittune/base/memory.h"

namespace posittune::engine {
namespace {

// The input of the original node that input `i` of a quantized node was.
std::size_t original_input(const ov::Node& original, std::size_t i) {
  return std::string_view(original.get_type_name()) == "Gather" ? i + 1 : i;
}

// Counts look-ups of each row; the operation reports indices out of range.
void count_uses(const ov::Tensor& indices, std::vector<std::uint64_t>& uses) {
  const auto rows = static_cast<std::int64_t>(uses.size());
  const bool wide = indices.get_element_type() == ov::element::i64;
  for (std::size_t i = 0; i < indices.get_size(); ++i) {
    std::int64_t row =
        wide ? indices.data<const std::int64_t>()[i] : indices.data<const std::int32_t>()[i];
    if (row < 0) row += rows;
    if (row >= 0 && row < rows) ++uses[static_cast<std::size_t>(row)];
  }
}

}  // namespace

QuantizedNode::QuantizedNode(const ov::OutputVector& inputs, std::shared_ptr<NodeState> state,
                             std::shared_ptr<ov::Node> shapes)
    : Op(inputs), state_(std::move(state)), shapes_(std::move(shapes)) {
  constructor_validate_and_infer_types();
}

void QuantizedNode::validate_and_infer_types() {
  // Asked for at each run with new sizes: without a copy of the original where possible.
  const ov::PartialShape& x = get_input_partial_shape(0);
  if (x.is_static()) {
    if (const auto known = state_->operation->output_shape(x.to_shape())) {
      set_output_type(0, ov::element::f32, *known);
      return;
    }
  }
  ov::OutputVector inputs = shapes_->input_values();
  for (std::size_t i = 0; i < get_input_size(); ++i)
    inputs[original_input(*shapes_, i)] = input_value(i);
  const auto inferred = shapes_->clone_with_new_inputs(inputs);
  set_output_type(0, ov::element::f32, inferred->get_output_partial_shape(0));
}

std::shared_ptr<ov::Node> QuantizedNode::clone_with_new_inputs(
    const ov::OutputVector& inputs) const {
  return std::make_shared<QuantizedNode>(inputs, state_, shapes_);
}

bool QuantizedNode::visit_attributes(ov::AttributeVisitor& visitor) {
  visitor.on_attribute("layer", state_->name);
  return true;
}

// Observes the inputs during calibration.
Status QuantizedNode::observe(const ov::TensorVector& inputs) const {
  NodeState& state = *state_;
  if (state.observed != nullptr) {
    for (std::size_t i = 0; i < state.observed->size(); ++i) {
      const kernels::Shape shape = state.operation->tokens(i, inputs[i].get_shape());
      const Status seen =
          (*state.observed)[i].add({inputs[i].data<const float>(), shape.size()}, shape,
                                   state.operation->token(i, inputs[i].get_shape()), state.threads);
      if (!seen) return seen.error();
    }
  }
  if (state.covariance != nullptr) {
    const kernels::Shape shape = state.operation->tokens(0, inputs[0].get_shape());
    const std::span<const float> x(inputs[0].data<const float>(), shape.size());
    if (state.holdout != nullptr) {
      add_split(x, shape, *state.covariance, *state.holdout, state.threads);
    } else {
      state.covariance->add(x, shape, state.threads);
    }
  }
  if (state.patches != nullptr) {
    const std::span<const float> x(inputs[0].data<const float>(), inputs[0].get_size());
    state.patches->add(*state.operation, x, inputs[0].get_shape(), true, state.threads);
  }
  if (state.uses != nullptr) count_uses(inputs[0], *state.uses);
  return success();
}

bool QuantizedNode::evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const {
  NodeState& state = *state_;
  std::optional<Error>& failed = state.failure->error;
  if (failed) return false;
  try {
    Status done = check_interrupt();
    if (done) done = observe(inputs);
    if (done)
      done = state.operation->run(state.setting, inputs, outputs[0], *state.scratch, state.threads);
    if (done) return true;
    failed = done.error();
  } catch (const std::bad_alloc&) {
    failed = out_of_memory({}, "out of memory while a layer runs");
  } catch (const std::exception& error) {
    failed = Error{
        .kind = ErrorKind::kInternal, .what = "a quantized layer failed", .found = error.what()};
    if (memory_ended(error.what())) failed = out_of_memory({}, "out of memory while a layer runs");
  }
  if (failed->kind == ErrorKind::kInterrupted) return false;
  failed->where =
      "layer '" + state.name + "'" + (failed->where.empty() ? "" : ", " + failed->where);
  return false;
}

std::shared_ptr<ov::Node> replace_with_quantized(const model::Layer& layer,
                                                 const std::shared_ptr<ov::Node>& node,
                                                 std::shared_ptr<NodeState> state) {
  const model::LayerKind& kind = *layer.kind;
  ov::OutputVector operands, all = node->input_values();
  operands.push_back(all[kind.data_port]);
  if (kind.operands == 2) operands.push_back(all[kind.other_port()]);
  for (const std::size_t i : {kind.data_port, kind.other_port()}) {
    // Neither the weights nor the rest of the graph is kept alive by the shape inference.
    const bool fixed = i == kind.weight_port;
    all[i] = std::make_shared<ov::op::v0::Parameter>(
        all[i].get_element_type(),
        fixed ? ov::PartialShape(all[i].get_shape()) : all[i].get_partial_shape());
  }
  const auto quantized =
      std::make_shared<QuantizedNode>(operands, std::move(state), node->clone_with_new_inputs(all));
  quantized->set_friendly_name(node->get_friendly_name());
  ov::replace_node(node, quantized);
  return quantized;
}

}  // namespace posittune::engine
