#include "posittune/engine/index_check.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <openvino/core/attribute_visitor.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/embedding_segments_sum.hpp>
#include <openvino/op/gather_elements.hpp>
#include <openvino/op/op.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/util/embeddingbag_offsets_base.hpp>
#include <openvino/op/util/embeddingbag_packed_base.hpp>
#include <openvino/op/util/gather_base.hpp>
#include <openvino/op/util/gather_nd_base.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <openvino/op/util/scatter_base.hpp>
#include <openvino/op/util/scatter_elements_update_base.hpp>
#include <openvino/op/util/scatter_nd_base.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "posittune/engine/quantized_node.h"

namespace posittune::engine {
namespace {

using Constant = ov::op::v0::Constant;
using Value = ov::Output<ov::Node>;

// The axis along which the indices of a node count. Data are input 0, indices input 1 of all these
// nodes.
struct Indexing {
  Value axis;
  bool tuples = false;  // the last axis of the indices holds one for each axis from `axis` on
};

Value constant(std::int64_t axis) {
  return Constant::create(ov::element::i64, ov::Shape{}, {axis});
}

// None: the node does not read or write by index.
std::optional<Indexing> indexing(const std::shared_ptr<ov::Node>& node) {
  using namespace ov::op;
  if (ov::is_type<util::GatherBase>(node)) return Indexing{node->input_value(2)};
  if (ov::is_type<util::ScatterBase>(node) || ov::is_type<util::ScatterElementsUpdateBase>(node))
    return Indexing{node->input_value(3)};
  if (const auto gather = ov::as_type_ptr<v6::GatherElements>(node))
    return Indexing{constant(gather->get_axis())};
  if (const auto gather = ov::as_type_ptr<util::GatherNDBase>(node))
    return Indexing{constant(static_cast<std::int64_t>(gather->get_batch_dims())), true};
  if (ov::is_type<util::ScatterNDBase>(node)) return Indexing{constant(0), true};
  if (ov::is_type<util::EmbeddingBagOffsetsBase>(node) ||
      ov::is_type<util::EmbeddingBagPackedBase>(node) ||
      ov::is_type<v3::EmbeddingSegmentsSum>(node))
    return Indexing{constant(0)};
  return std::nullopt;
}

// Calls `use` with the elements of a tensor of integers; others have no indices.
template <typename Tensor, typename Use>
void with_integers(Tensor& tensor, const Use& use) {
  const auto elements = [&]<typename T>(T) {
    using Pointer = std::conditional_t<std::is_const_v<Tensor>, const T, T>;
    use(tensor.template data<Pointer>());
  };
  switch (tensor.get_element_type()) {
    case ov::element::i64:
      return elements(std::int64_t{});
    case ov::element::i32:
      return elements(std::int32_t{});
    case ov::element::i16:
      return elements(std::int16_t{});
    case ov::element::i8:
      return elements(std::int8_t{});
    case ov::element::u64:
      return elements(std::uint64_t{});
    case ov::element::u32:
      return elements(std::uint32_t{});
    case ov::element::u16:
      return elements(std::uint16_t{});
    case ov::element::u8:
      return elements(std::uint8_t{});
    default:
      OPENVINO_THROW("indices of type ", tensor.get_element_type());
  }
}

std::vector<std::int64_t> integers(const ov::Tensor& tensor) {
  std::vector<std::int64_t> values(tensor.get_size());
  with_integers(tensor, [&](const auto* from) {
    std::transform(from, from + values.size(), values.begin(),
                   [](auto x) { return static_cast<std::int64_t>(x); });
  });
  return values;
}

// The lengths that the indices at positions 0, 1, ... count along; those that follow, the same
// anew.
std::vector<std::int64_t> lengths(const std::vector<std::int64_t>& data_shape, std::int64_t axis,
                                  const std::optional<std::size_t>& tuple) {
  const auto rank = static_cast<std::int64_t>(data_shape.size());
  const std::int64_t first = axis < 0 ? axis + rank : axis;
  const std::int64_t count = tuple ? static_cast<std::int64_t>(*tuple) : 1;
  if (first < 0 || first + count > rank)
    OPENVINO_THROW("axis ", first, " of data with ", rank, " axes");
  return {data_shape.begin() + first, data_shape.begin() + first + count};
}

std::size_t first_outside(const std::vector<std::int64_t>& indices,
                          const std::vector<std::int64_t>& lengths) {
  std::size_t i = 0;
  while (i < indices.size() && indices[i] >= -lengths[i % lengths.size()] &&
         indices[i] < lengths[i % lengths.size()])
    ++i;
  return i;
}

// The indices, checked: inputs are indices, shape of the data, axis. It reports and ends the run.
class IndexCheck : public ov::op::Op {
 public:
  OPENVINO_OP("IndexCheck", "posittune");

  IndexCheck(const ov::OutputVector& inputs, std::string node, bool tuples, Failure& failure)
      : Op(inputs), node_(std::move(node)), tuples_(tuples), failure_(&failure) {
    constructor_validate_and_infer_types();
  }

  void validate_and_infer_types() override {
    set_output_type(0, get_input_element_type(0), get_input_partial_shape(0));
  }
  std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override {
    return std::make_shared<IndexCheck>(inputs, node_, tuples_, *failure_);
  }
  // OpenVINO merges nodes of equal attributes; then the error would name another node.
  bool visit_attributes(ov::AttributeVisitor& visitor) override {
    visitor.on_attribute("node", node_);
    return true;
  }
  bool has_evaluate() const override { return true; }
  // It runs with the model alone: an error while the model is compiled would be of no item.
  bool can_constant_fold(const ov::OutputVector&) const override { return false; }
  bool evaluate_lower(ov::TensorVector&) const override { return false; }
  bool evaluate_upper(ov::TensorVector&) const override { return false; }

  // An exception ends the run before a node reads outside its data.
  bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override {
    if (failure_->error) OPENVINO_THROW("a node before failed");
    std::vector<std::int64_t> indices = integers(inputs[0]);
    const ov::Shape shape = inputs[0].get_shape();
    const auto along = lengths(integers(inputs[1]), integers(inputs[2]).at(0),
                               tuples_ ? std::optional(shape.at(shape.size() - 1)) : std::nullopt);
    const std::size_t bad = first_outside(indices, along);
    if (bad < indices.size()) {
      failure_->error = outside(indices[bad], bad, along[bad % along.size()]);
      OPENVINO_THROW("an index is outside its axis");
    }
    outputs[0].set_shape(shape);
    with_integers(outputs[0], [&](auto* to) {
      for (std::size_t i = 0; i < indices.size(); ++i) {
        const std::int64_t index =
            indices[i] < 0 ? indices[i] + along[i % along.size()] : indices[i];
        to[i] = static_cast<std::remove_reference_t<decltype(*to)>>(index);
      }
    });
    return true;
  }

 private:
  Error outside(std::int64_t index, std::size_t position, std::int64_t length) const {
    return {
        .kind = ErrorKind::kInput,
        .what = "an index is outside the axis that it counts along",
        .where = "node '" + node_ + "'",
        .expected = length == 0 ? "no index: the axis is empty"
                                : "0 to " + std::to_string(length - 1) + ", or from -" +
                                      std::to_string(length) + " on from the end",
        .found = std::to_string(index) + " at position " + std::to_string(position),
        .hint = "are the rows longer than the model's context, or made with another tokenizer?"};
  }

  std::string node_;
  bool tuples_;
  Failure* failure_;
};

// Whether constant indices are inside lengths that are known.
bool are_inside(const ov::Node& node, const Indexing& by) {
  const auto* indices = ov::as_type<const Constant>(node.get_input_node_ptr(1));
  const auto* axis = ov::as_type<const Constant>(by.axis.get_node());
  const ov::PartialShape& data = node.get_input_partial_shape(0);
  if (indices == nullptr || axis == nullptr || data.rank().is_dynamic()) return false;
  std::vector<std::int64_t> shape;
  for (const ov::Dimension& length : data) shape.push_back(length.get_min_length());
  const ov::Shape& of_indices = indices->get_shape();
  const std::vector<std::int64_t> values = indices->cast_vector<std::int64_t>();
  const auto along =
      lengths(shape, axis->cast_vector<std::int64_t>().at(0),
              by.tuples ? std::optional(of_indices.at(of_indices.size() - 1)) : std::nullopt);
  return first_outside(values, along) == values.size() &&
         (ov::is_type<const ov::op::util::GatherBase>(&node) ||
          std::all_of(values.begin(), values.end(), [](std::int64_t i) { return i >= 0; }));
}

void check_node(const std::shared_ptr<ov::Node>& node, const std::string& outer, Failure& failure) {
  const auto by = indexing(node);
  if (!by || are_inside(*node, *by)) return;
  const auto shape = std::make_shared<ov::op::v3::ShapeOf>(node->input_value(0), ov::element::i64);
  const auto check =
      std::make_shared<IndexCheck>(ov::OutputVector{node->input_value(1), shape, by->axis},
                                   outer + node->get_friendly_name(), by->tuples, failure);
  check->set_friendly_name(node->get_friendly_name() + "/indices");
  node->input(1).replace_source_output(check);
}

void check_nodes(const std::shared_ptr<ov::Model>& model, const std::string& outer,
                 Failure& failure) {
  for (const auto& node : model->get_ordered_ops()) {
    check_node(node, outer, failure);
    if (const auto parent = ov::as_type_ptr<ov::op::util::MultiSubGraphOp>(node)) {
      for (const auto& body : parent->get_functions())
        check_nodes(body, outer + node->get_friendly_name() + "/", failure);
    }
  }
}

}  // namespace

void check_indices(const std::shared_ptr<ov::Model>& model, Failure& failure) {
  check_nodes(model, {}, failure);
}

}  // namespace posittune::engine
