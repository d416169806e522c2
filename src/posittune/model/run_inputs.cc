#include "posittune/model/run_inputs.h"

#include <algorithm>
#include <openvino/op/constant.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/transpose.hpp>
#include <set>
#include <utility>
#include <vector>

#include "posittune/model/tensors.h"
#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

constexpr const char* kOfRun = "posittune_of_run";

using Port = ov::Output<ov::Node>;

bool is_called(const Port& port, const std::string& name) {
  return port.get_names().contains(name) || port.get_node()->get_friendly_name() == name;
}

// Permutation that moves axis `from` to `to` and keeps the order of the others.
std::vector<std::int64_t> order_of(std::size_t rank, std::size_t from, std::size_t to) {
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < rank; ++i) {
    if (i != from) order.push_back(static_cast<std::int64_t>(i));
  }
  order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), static_cast<std::int64_t>(from));
  return order;
}

std::shared_ptr<ov::Node> transpose(const Port& of, std::size_t from, std::size_t to) {
  const auto order = order_of(of.get_partial_shape().size(), from, to);
  return std::make_shared<ov::op::v1::Transpose>(
      of, ov::op::v0::Constant::create(ov::element::i64, {order.size()}, order));
}

Status check_axis(const Port& port, const std::string& name, std::size_t axis) {
  const auto rank = port.get_partial_shape().rank();
  if (rank.is_dynamic()) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "an input or output of unknown rank has no axis of items",
                 .where = "'" + name + "'"};
  }
  const auto axes = static_cast<std::size_t>(rank.get_length());
  if (axis < axes) return success();
  return Error{
      .kind = ErrorKind::kUsage,
      .what = "an axis of items that is not there",
      .where = "'" + name + "' " + port.get_partial_shape().to_string(),
      .expected = axes == 0 ? "an input or output with axes" : "0 to " + std::to_string(axes - 1),
      .found = std::to_string(axis)};
}

void move_input(const std::shared_ptr<ov::op::v0::Parameter>& parameter, std::size_t axis) {
  const ov::PartialShape inside = parameter->get_partial_shape();
  ov::PartialShape outside = inside;
  const auto order = order_of(inside.size(), axis, 0);
  for (std::size_t i = 0; i < order.size(); ++i)
    outside[i] = inside[static_cast<std::size_t>(order[i])];
  const auto readers = parameter->output(0).get_target_inputs();
  parameter->set_partial_shape(outside);
  parameter->validate_and_infer_types();
  const auto moved = transpose(parameter, 0, axis);
  for (auto reader : readers) reader.replace_source_output(moved);
}

void move_output(const std::shared_ptr<ov::op::v0::Result>& result, std::size_t axis) {
  Port source = result->input_value(0);
  const auto names = source.get_names();
  const auto moved = transpose(source, axis, 0);
  source.set_names({});
  moved->output(0).set_names(names);
  moved->set_friendly_name(source.get_node()->get_friendly_name() + "/items_first");
  result->input(0).replace_source_output(moved);
}

}  // namespace

bool is_of_run(const ov::Node& node) { return node.get_rt_info().contains(kOfRun); }

Status give_constants(const std::shared_ptr<ov::Model>& model, const Tensors& constants) {
  if (constants.empty()) return success();
  std::set<const ov::Node*> given;
  for (const auto& [name, tensor] : constants) {
    const auto parameters = model->get_parameters();
    const auto found = std::ranges::find_if(parameters, [&, called = &name](const auto& each) {
      return is_called(each->output(0), *called);
    });
    if (found == parameters.end())
      return Error{.what = "a constant for an input that the model does not have",
                   .where = "'" + name + "'"};
    const auto constant = std::make_shared<ov::op::v0::Constant>(
        ov_type(tensor.type), ov::Shape(tensor.shape), tensor.bytes.data());  // a copy
    constant->set_friendly_name(name);
    (*found)->output(0).replace(constant->output(0));
    model->remove_parameter(*found);
    given.insert(constant.get());
  }
  model->validate_nodes_and_infer_types();
  const auto fixed_by_model = [&] {
    for (const ov::Node* node : given) const_cast<ov::Node*>(node)->get_rt_info()[kOfRun] = true;
    return constant_nodes(*model);
  }();
  const auto fixed = constant_nodes(*model, given);
  for (const auto& node : model->get_ordered_ops()) {
    if (fixed.contains(node.get()) && !fixed_by_model.contains(node.get()))
      node->get_rt_info()[kOfRun] = true;
  }
  return success();
}

Status move_batch_axes(const std::shared_ptr<ov::Model>& model,
                       const std::map<std::string, std::size_t>& axes) {
  if (axes.empty()) return success();
  for (const auto& [name, axis] : axes) {
    bool known = false;
    for (const auto& parameter : model->get_parameters()) {
      if (!is_called(parameter->output(0), name)) continue;
      known = true;
      if (const Status there = check_axis(parameter->output(0), name, axis); !there) return there;
      if (axis > 0) move_input(parameter, axis);
    }
    for (const auto& result : model->get_results()) {
      if (!is_called(result->input_value(0), name)) continue;
      known = true;
      if (const Status there = check_axis(result->input_value(0), name, axis); !there) return there;
      if (axis > 0) move_output(result, axis);
    }
    if (known) continue;
    std::string names;
    for (const auto& input : model->inputs())
      names += (names.empty() ? "'" : ", '") + input.get_any_name() + "'";
    for (const auto& output : model->outputs())
      names += (names.empty() ? "'" : ", '") + output.get_any_name() + "'";
    return Error{.kind = ErrorKind::kUsage,
                 .what = "an axis of items for what is neither input nor output of the model",
                 .where = "'" + name + "'",
                 .expected = names};
  }
  model->validate_nodes_and_infer_types();
  return success();
}

}  // namespace posittune::model
