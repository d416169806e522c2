#include "posittune/exporter/onnx_rows.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace posittune::exporter {
namespace {

using onnx::TensorProto;

const onnx::AttributeProto* attribute(const onnx::NodeProto& node, const std::string& name) {
  const auto found = std::ranges::find(node.attribute(), name, &onnx::AttributeProto::name);
  return found == node.attribute().end() ? nullptr : &*found;
}

bool takes_rows(const onnx::NodeProto& gather) {
  const auto* axis = attribute(gather, "axis");
  return gather.op_type() == "Gather" && (axis == nullptr || axis->i() == 0);
}

// Types that runtimes gather.
bool is_gathered(int data_type) {
  switch (data_type) {
    case TensorProto::FLOAT:
    case TensorProto::FLOAT16:
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case TensorProto::INT16:
    case TensorProto::UINT16:
      return true;
    default:
      return false;
  }
}

// The rows of a tensor that nodes compute element by element from a matrix of as many rows and
// columns, and from scalars and columns: their Gathers go to the matrices at the front of it.
class RowReader {
 public:
  RowReader(OnnxGraph& graph, onnx::NodeProto& gather)
      : graph_(graph), gather_(gather), indices_(gather.input(1)) {}

  bool is_useful(const std::string& name) {
    return can_read(name) && has_codes_ && decodes_each_run_;
  }

  std::string read(const std::string& name) {
    if (const TensorProto* stored = graph_.stored(name)) return gathered(*stored);
    const onnx::NodeProto node = *graph_.added(name);  // a copy: adding nodes moves them
    std::vector<std::string> inputs(node.input().begin(), node.input().end());
    if (node.op_type() == "Gather") {
      inputs[1] = read(inputs[1]);
    } else if (node.op_type() == "DequantizeLinear" && attribute(node, "axis") != nullptr) {
      return dequantized(node);
    } else if (node.op_type() == "DequantizeLinear") {
      inputs[0] = read(inputs[0]);
    } else {
      for (std::string& input : inputs) input = read(input);
    }
    return graph_.repeat(node, inputs);
  }

 private:
  // Whether rows of `name` can be computed from rows.
  bool can_read(const std::string& name) {
    if (const TensorProto* stored = graph_.stored(name)) return can_gather(*stored);
    const onnx::NodeProto* node = graph_.added(name);
    if (node == nullptr) return false;
    if (node->op_type() == "Gather") {  // codes select from a table
      const TensorProto* table = graph_.stored(node->input(0));
      return takes_rows(*node) && table != nullptr && table->dims_size() == 1 &&
             can_read(node->input(1));
    }
    if (node->op_type() == "DequantizeLinear") {
      decodes_each_run_ = true;
      const auto* axis = attribute(*node, "axis");
      if (attribute(*node, "block_size") != nullptr) return false;
      if (axis == nullptr) return can_read(node->input(0)) && is_one(node->input(1));
      return axis->i() == 0 && can_read(node->input(0));
    }
    const bool by_element =
        node->op_type() == "Cast" || node->op_type() == "Mul" || node->op_type() == "Add";
    return by_element && std::ranges::all_of(node->input(), [this](const std::string& input) {
             return can_read(input);
           });
  }

  static std::int64_t elements(const TensorProto& stored) {
    std::int64_t count = 1;
    for (const std::int64_t dim : stored.dims()) count *= dim;
    return count;
  }
  bool is_one(const std::string& name) const {
    const TensorProto* stored = graph_.stored(name);
    return stored != nullptr && elements(*stored) == 1;
  }
  bool can_gather(const TensorProto& stored) {
    if (elements(stored) == 1) return true;
    if (stored.dims_size() != 2) return false;
    if (stored.dims(0) == 1) return true;
    has_codes_ = has_codes_ || stored.dims(1) > 1;
    return is_gathered(stored.data_type());
  }

  // Of the codes by the file's own node, which keeps its name.
  std::string gathered(const TensorProto& stored) {
    if (elements(stored) == 1 || stored.dims(0) == 1) return stored.name();
    if (stored.dims(1) > 1 && !std::exchange(used_, true)) {
      gather_.set_input(0, stored.name());
      gather_.set_output(0, graph_.free_name());
      return gather_.output(0);
    }
    return graph_.add("Gather", {stored.name(), indices_});
  }

  // (code - 0) / s, as the operator computes it; zero points are 0.
  std::string dequantized(const onnx::NodeProto& node) {
    const std::string codes = graph_.cast(read(node.input(0)), TensorProto::FLOAT);
    const std::string steps = graph_.reshape(node.input(1), {-1, 1});
    return graph_.add("Mul", {codes, graph_.add("Gather", {steps, indices_})});
  }

  OnnxGraph& graph_;
  onnx::NodeProto& gather_;
  std::string indices_;
  bool has_codes_ = false, decodes_each_run_ = false, used_ = false;
};

}  // namespace

bool gather_codes(OnnxGraph& graph, int index, const std::string& tensor) {
  onnx::NodeProto& gather = *graph.graph().mutable_node(index);
  if (!takes_rows(gather)) return false;
  RowReader rows(graph, gather);
  if (!rows.is_useful(tensor)) return false;
  const std::string output = gather.output(0);
  graph.go_behind(index);
  graph.rename(rows.read(tensor), output);
  return true;
}

}  // namespace posittune::exporter
