#pragma once

// Which nodes of an ONNX file read a weight, and which of them are layers that read it quantized.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/exporter/onnx_graph.h"

namespace posittune::exporter {

// Nodes by the names that layers have: their own, or that of their first output where they have
// none.
class OnnxNodes {
 public:
  explicit OnnxNodes(const onnx::GraphProto& graph);

  // The index of the node of a layer; kUnsupported where the file has none of that name (the engine
  // rewrote it), or two.
  Result<int> layer(const std::string& name) const;
  // The tensor that a weight's name stands for: an initializer, the output of a Constant or of the
  // node that computes it.
  Result<std::string> weight(const std::string& name) const;
  // Indices of the nodes that read a tensor, also in their bodies.
  const std::vector<int>& readers(const std::string& tensor) const;
  // The ONNX type of a tensor: declared, or that of what it is computed from; FLOAT where nothing
  // says.
  int element_type(const std::string& tensor) const;
  const onnx::GraphProto& graph() const { return graph_; }

 private:
  const onnx::GraphProto& graph_;
  std::multimap<std::string, int> by_name_;
  std::map<std::string, int> by_output_;
  std::map<std::string, int> types_;  // declared ones
  std::set<std::string> initializers_;
  std::map<std::string, std::vector<int>> readers_;
};

// An input of a node, with the nodes that a weight goes through on its way there (Cast, Transpose,
// Reshape ...), the first last.
struct WeightUse {
  int node = 0, input = 0;
  std::vector<int> through{};
};

// All uses of a tensor, through nodes that keep its values.
std::vector<WeightUse> uses(const OnnxNodes& nodes, const std::string& tensor);

}  // namespace posittune::exporter
