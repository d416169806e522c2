#pragma once

#include <openvino/core/model.hpp>

namespace posittune::model {

// OpenVINO writes some ONNX nodes (GRU, LayerNormalization) as several, of which the last keeps the
// name, or, for a node without one, that of its output; the others it calls after a counter. Gives
// that name to all of them, in bodies too. For a graph that was read from ONNX: there, each tensor
// of the file has a name. What gives an output of a graph or of a body is called after that output.
void restore_names(const ov::Model& model);

}  // namespace posittune::model
