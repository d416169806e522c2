#pragma once

// Checks of the indices that a model's own nodes read and write by. ONNX calls an index outside the
// axis an error; OpenVINO's Gather gives zeros for it, and its GatherND reads outside the memory.

#include <memory>
#include <openvino/core/model.hpp>

namespace posittune::engine {

struct Failure;  // quantized_node.h

// Puts a check in front of the indices of each node of `model` that reads or writes by indices:
// Gather, GatherElements, GatherND, ScatterUpdate, ScatterElementsUpdate, ScatterNDUpdate and
// embedding bags, also in the bodies of If, Loop and Scan. Constant indices inside an axis of known
// length need none. An index must be from -length to length - 1 of its axis. Another one ends the
// run: `failure`, which must outlive the compiled model, then holds an error of kind kInput that
// names the node, the range, the index and its position. The node itself gets negative indices
// counted from the front.
void check_indices(const std::shared_ptr<ov::Model>& model, Failure& failure);

}  // namespace posittune::engine
