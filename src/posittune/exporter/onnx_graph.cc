#include "posittune/exporter/onnx_graph.h"

#include <algorithm>
#include <utility>

namespace posittune::exporter {
namespace {

using onnx::TensorProto;

void collect(const onnx::GraphProto& graph, std::set<std::string>& names) {
  for (const onnx::NodeProto& node : graph.node()) {
    names.insert(node.name());
    names.insert(node.input().begin(), node.input().end());
    names.insert(node.output().begin(), node.output().end());
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) collect(attribute.g(), names);
      for (const onnx::GraphProto& body : attribute.graphs()) collect(body, names);
    }
  }
  for (const TensorProto& tensor : graph.initializer()) names.insert(tensor.name());
  for (const auto& value : graph.input()) names.insert(value.name());
  for (const auto& value : graph.output()) names.insert(value.name());
}

template <class T>
std::string bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

void set(onnx::AttributeProto& to, const Attribute& from) {
  to.set_name(from.name);
  if (const auto* number = std::get_if<std::int64_t>(&from.value)) {
    to.set_type(onnx::AttributeProto::INT);
    to.set_i(*number);
  } else {
    to.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t each : std::get<std::vector<std::int64_t>>(from.value))
      to.add_ints(each);
  }
}

}  // namespace

std::set<std::string> reads(const onnx::NodeProto& node) {
  std::set<std::string> names(node.input().begin(), node.input().end());
  const auto add_body = [&](const onnx::GraphProto& body) {
    for (const onnx::NodeProto& inner : body.node()) names.merge(reads(inner));
    for (const auto& output : body.output()) names.insert(output.name());
  };
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.has_g()) add_body(attribute.g());
    for (const onnx::GraphProto& body : attribute.graphs()) add_body(body);
  }
  names.erase("");
  return names;
}

OnnxGraph::OnnxGraph(onnx::ModelProto& model) : model_(model) {
  for (const auto& opset : model.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") opset_ = opset.version();
  }
  collect(model.graph(), names_);
  read_before_ = read_names();
}

std::string OnnxGraph::fresh(std::string_view what) {
  const std::string stem = "posittune/" + scope_ + (scope_.empty() ? "" : "/") + std::string(what);
  std::string name = stem;
  for (int i = 2; !names_.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
  return name;
}

std::string OnnxGraph::add(const std::string& op, const std::vector<std::string>& inputs,
                           const std::vector<Attribute>& attributes, const std::string& output) {
  onnx::NodeProto node;
  node.set_op_type(op);
  node.set_name(fresh(op));
  for (const std::string& input : inputs) node.add_input(input);
  for (const Attribute& attribute : attributes) set(*node.add_attribute(), attribute);
  node.add_output(output.empty() ? node.name() : output);
  std::string made = node.output(0);
  added_[place_].push_back(std::move(node));
  return made;
}

std::string OnnxGraph::rename(const std::string& made, const std::string& output) {
  auto& nodes = added_[place_];
  if (nodes.empty() || nodes.back().output(0) != made) return add("Identity", {made}, {}, output);
  nodes.back().set_output(0, output);
  return output;
}

void OnnxGraph::describe(const std::string& text) { added_[place_].back().set_doc_string(text); }

std::string OnnxGraph::constant(std::string_view what, int data_type, std::string bytes,
                                const std::vector<std::int64_t>& dims) {
  constexpr std::size_t kSmall = std::size_t{1} << 19;  // a table of posit<16,1>, shared by all
  std::string key;
  if (bytes.size() <= kSmall) {
    key = std::to_string(data_type);
    for (const std::int64_t dim : dims) key += "," + std::to_string(dim);
    key += ":" + bytes;
    if (const auto known = small_.find(key); known != small_.end()) return known->second;
  }
  const std::string name = fresh(what);
  store(name, data_type, std::move(bytes), dims);
  if (!key.empty()) small_[std::move(key)] = name;
  return name;
}

const TensorProto* OnnxGraph::stored(const std::string& name) const {
  for (const TensorProto& tensor : graph().initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

const onnx::NodeProto* OnnxGraph::added(const std::string& output) const {
  for (const auto& [place, nodes] : added_) {
    for (const onnx::NodeProto& node : nodes) {
      if (std::ranges::find(node.output(), output) != node.output().end()) return &node;
    }
  }
  return nullptr;
}

void OnnxGraph::store(const std::string& name, int data_type, std::string bytes,
                      const std::vector<std::int64_t>& dims) {
  TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(data_type);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  stored_bytes_ += bytes.size();
  tensor.set_raw_data(std::move(bytes));
}

std::string OnnxGraph::repeat(const onnx::NodeProto& node, const std::vector<std::string>& inputs) {
  onnx::NodeProto copy = node;
  copy.set_name(fresh(node.op_type()));
  copy.clear_input();
  for (const std::string& input : inputs) copy.add_input(input);
  for (int i = 0; i < copy.output_size(); ++i)
    copy.set_output(i, fresh(node.op_type() + "_output"));
  std::string made = copy.output(0);
  added_[place_].push_back(std::move(copy));
  return made;
}

std::string OnnxGraph::constant(std::string_view what, std::span<const float> values,
                                const std::vector<std::int64_t>& dims) {
  return constant(what, TensorProto::FLOAT, bytes_of(values), dims);
}
std::string OnnxGraph::constant(std::string_view what, const std::vector<std::int64_t>& values,
                                const std::vector<std::int64_t>& dims) {
  return constant(what, TensorProto::INT64, bytes_of(std::span(values)), dims);
}
std::string OnnxGraph::constant(std::string_view what, const std::vector<std::int32_t>& values,
                                const std::vector<std::int64_t>& dims) {
  return constant(what, TensorProto::INT32, bytes_of(std::span(values)), dims);
}

std::string OnnxGraph::reduce(const std::string& op, const std::string& x,
                              const std::vector<std::int64_t>& axes) {
  // Axes became an input with opset 13 (ReduceSum) and 18 (the others).
  const bool input = opset_ >= 18 || (op == "ReduceSum" && opset_ >= 13);
  if (!input) return add(op, {x}, {{"axes", axes}, {"keepdims", 1}});
  const auto count = static_cast<std::int64_t>(axes.size());
  return add(op, {x, constant("axes", axes, {count})}, {{"keepdims", 1}});
}

std::string OnnxGraph::cast(const std::string& x, int data_type) {
  return add("Cast", {x}, {{"to", data_type}});
}

std::string OnnxGraph::reshape(const std::string& x, const std::vector<std::int64_t>& shape) {
  const auto count = static_cast<std::int64_t>(shape.size());
  return add("Reshape", {x, constant("shape", shape, {count})});
}

std::set<std::string> OnnxGraph::read_names() const {
  std::set<std::string> names;
  for (const onnx::NodeProto& node : graph().node()) names.merge(reads(node));
  for (const auto& output : graph().output()) names.insert(output.name());
  return names;
}

void OnnxGraph::finish() {
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
  const auto take = [&](int place) {
    for (onnx::NodeProto& node : added_[place]) *nodes.Add() = std::move(node);
  };
  take(-1);
  for (int i = 0; i < graph().node_size(); ++i) {
    take(2 * i);
    *nodes.Add() = std::move(*graph().mutable_node(i));
    take(2 * i + 1);
  }
  graph().mutable_node()->Swap(&nodes);
  added_.clear();
  // What was not read before is not ours to drop.
  for (bool dropped = true; dropped;) {
    const std::set<std::string> read = read_names();
    const auto unread = [&](const std::string& name) {
      return !read.contains(name) &&
             (read_before_.contains(name) || name.starts_with("posittune/"));
    };
    auto& all = *graph().mutable_node();
    const int before = all.size();
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const onnx::NodeProto& node) {
                               return node.output_size() > 0 &&
                                      std::ranges::all_of(node.output(),
                                                          [&](const std::string& name) {
                                                            return name.empty() || unread(name);
                                                          });
                             }),
              all.end());
    auto& stored = *graph().mutable_initializer();
    // Before IR version 4 initializers are inputs, too: without a value one would be asked for.
    std::set<std::string> gone;
    for (const TensorProto& tensor : stored) {
      if (unread(tensor.name())) gone.insert(tensor.name());
    }
    auto& inputs = *graph().mutable_input();
    inputs.erase(std::remove_if(inputs.begin(), inputs.end(),
                                [&](const auto& input) { return gone.contains(input.name()); }),
                 inputs.end());
    stored.erase(
        std::remove_if(stored.begin(), stored.end(),
                       [&](const TensorProto& tensor) { return gone.contains(tensor.name()); }),
        stored.end());
    dropped = all.size() != before;
  }
}

}  // namespace posittune::exporter
