#pragma once

// Checks of the indices that a model's own nodes read and write by. ONNX calls an index outside the
// axis an error; OpenVINO's Gather gives zeros for it, and its GatherND reads outside the memory.

#include <memory>
#include <openvino/core/model.hpp>

namespace posittune::engine {

struct Failure;  // quantized_node.h

// Puts a check before the indices of every Gather, GatherElements, GatherND, ScatterUpdate,
// ScatterElementsUpdate, ScatterNDUpdate and embedding bag of `model`, bodies of If, Loop and Scan
// included, but for constant indices that are inside an axis of known length. Where an index is
// outside -length to length - 1 of its axis, the run ends: `failure`, which outlives the compiled
// model, then holds an error of kind kInput with the node, the range, the index and its position.
// The node gets negative indices counted from the front.
void check_indices(const std::shared_ptr<ov::Model>& model, Failure& failure);

}  // namespace posittune::engine
