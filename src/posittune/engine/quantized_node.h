#pragma once

// Quantized nodes: the OpenVINO node that replaces a layer. It reads its setting anew each time it
// runs, so that formats change without compiling the graph again.

#include <memory>
#include <openvino/op/op.hpp>
#include <optional>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/covariance.h"
#include "posittune/engine/input_statistics.h"
#include "posittune/engine/operation.h"
#include "posittune/engine/patch_covariance.h"
#include "posittune/engine/settings.h"
#include "posittune/model/graph.h"

namespace posittune::engine {

// The failure of a run, shared by all nodes of an engine. OpenVINO goes on when a node's evaluate()
// returns false, with the old contents of its output tensor: callers of infer() must check this
// afterwards. Nodes behind a failed one do nothing, so that the first error is kept, and no
// statistics come from such tensors.
struct Failure {
  std::optional<Error> error;
};

// The state of a node, shared by the engine and the node (and the copies of it that OpenVINO
// makes).
struct NodeState {
  std::string name;
  std::unique_ptr<Operation> operation;
  LayerSetting setting;
  std::vector<InputStatistics>* observed = nullptr;  // one for each operand, while calibrating
  InputCovariance* covariance = nullptr;             // S of the first operand, while calibrating
  InputCovariance* holdout = nullptr;                // S of the tokens held out, if any are
  PatchCovariance* patches = nullptr;          // S of a convolution's patches, while calibrating
  std::vector<std::uint64_t>* uses = nullptr;  // count for each row of a table, while calibrating
  Scratch* scratch = nullptr;
  int threads = 0;
  Failure* failure = nullptr;
};

class QuantizedNode : public ov::op::Op {
 public:
  OPENVINO_OP("QuantizedNode", "posittune");

  // `shapes`: the original node with its weights replaced by their shape, used for shape inference
  // only.
  QuantizedNode(const ov::OutputVector& inputs, std::shared_ptr<NodeState> state,
                std::shared_ptr<ov::Node> shapes);

  const std::string& layer() const { return state_->name; }

  void validate_and_infer_types() override;
  std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override;
  // Shows the layer's name as an attribute: OpenVINO merges nodes with the same input and equal
  // attributes.
  bool visit_attributes(ov::AttributeVisitor& visitor) override;
  bool has_evaluate() const override { return true; }
  bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override;

 private:
  Status observe(const ov::TensorVector& inputs) const;

  std::shared_ptr<NodeState> state_;
  std::shared_ptr<ov::Node> shapes_;
};

// Puts a QuantizedNode in the place of a layer's node `node`, which is a node of the model that
// will be compiled. Returns it.
std::shared_ptr<ov::Node> replace_with_quantized(const model::Layer& layer,
                                                 const std::shared_ptr<ov::Node>& node,
                                                 std::shared_ptr<NodeState> state);

}  // namespace posittune::engine
