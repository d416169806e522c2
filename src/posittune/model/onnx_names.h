#pragma once

#include <openvino/core/model.hpp>

namespace posittune::model {

// Restores the names of ONNX nodes that OpenVINO reads as several nodes (GRU, LayerNormalization).
// The last of these keeps the ONNX name (or, for a node without one, the name of its output), and
// the others are numbered: all get the ONNX name here, in bodies too. A node that gives an output
// of a graph or of a body is called after that output. Only for graphs that were read from ONNX,
// where each tensor has a name.
void restore_names(const ov::Model& model);

}  // namespace posittune::model
