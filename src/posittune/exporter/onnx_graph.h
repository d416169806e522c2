#pragma once

// Editing an ONNX graph: new nodes and constants, which keep names unique and the order of nodes.

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "posittune/exporter/onnx_file.h"

namespace posittune::exporter {

struct Attribute {
  std::string name;
  std::variant<std::int64_t, std::vector<std::int64_t>> value;
};

class OnnxGraph {
 public:
  // The model outlives this. `model` must have a default opset.
  explicit OnnxGraph(onnx::ModelProto& model);

  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  const onnx::GraphProto& graph() const { return model_.graph(); }
  std::int64_t opset() const { return opset_; }
  // The bytes of all constants that were added.
  std::uint64_t stored_bytes() const { return stored_bytes_; }

  // New nodes and constants are called "posittune/SCOPE/...".
  void set_scope(std::string scope) { scope_ = std::move(scope); }
  // New nodes go before node `index` of the file, or behind it; at first, before all.
  void go_before(int index) { place_ = 2 * index; }
  void go_behind(int index) { place_ = 2 * index + 1; }

  // Adds a node and returns the name of its output: `output`, or a new one.
  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<Attribute>& attributes = {}, const std::string& output = "");
  // Gives the output of the node that was added last another name; behind anything else, `made` is
  // copied. Returns `output`.
  std::string rename(const std::string& made, const std::string& output);
  // Text that viewers show at the node that was added last.
  void describe(const std::string& text);

  // Adds a constant; equal ones that are small are stored once.
  std::string constant(std::string_view what, std::span<const float> values,
                       const std::vector<std::int64_t>& dims);
  std::string constant(std::string_view what, const std::vector<std::int64_t>& values,
                       const std::vector<std::int64_t>& dims);
  std::string constant(std::string_view what, const std::vector<std::int32_t>& values,
                       const std::vector<std::int64_t>& dims);
  std::string scalar(float value) { return constant("value", std::span(&value, 1), {}); }
  // Stores a constant under a name that is free now.
  void store(const std::string& name, int data_type, std::string bytes,
             const std::vector<std::int64_t>& dims);
  // Bytes of any type.
  std::string constant(std::string_view what, int data_type, std::string bytes,
                       const std::vector<std::int64_t>& dims);

  // The constant of that name, or the node that was added and computes it; null: there is none.
  // Both move when others are added.
  const onnx::TensorProto* stored(const std::string& name) const;
  const onnx::NodeProto* added(const std::string& output) const;

  // Adds a copy of a node with other inputs; returns its first output.
  std::string repeat(const onnx::NodeProto& node, const std::vector<std::string>& inputs);
  // A name that nothing has: for what is to be dropped or read anew.
  std::string free_name() { return fresh("was"); }

  // Operators whose form depends on the opset.
  std::string reduce(const std::string& op, const std::string& x,
                     const std::vector<std::int64_t>& axes);
  std::string cast(const std::string& x, int data_type);
  std::string reshape(const std::string& x, const std::vector<std::int64_t>& shape);

  // Puts the new nodes in their places and drops nodes and initializers that nothing reads any
  // more, if they were read before. Call it once, last.
  void finish();

 private:
  std::string fresh(std::string_view what);
  std::set<std::string> read_names() const;

  onnx::ModelProto& model_;
  std::int64_t opset_ = 0;
  std::uint64_t stored_bytes_ = 0;
  std::string scope_;
  int place_ = -1;
  std::map<int, std::vector<onnx::NodeProto>> added_;  // by place
  std::set<std::string> names_, read_before_;
  std::map<std::string, std::string> small_;  // type, dims and bytes of a constant -> its name
};

// Names that a node reads: inputs, and what its bodies take from outside.
std::set<std::string> reads(const onnx::NodeProto& node);

}  // namespace posittune::exporter
