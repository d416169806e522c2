#pragma once

// Transposed convolutions: ONNX's ConvTranspose as OpenVINO's node with explicit pads.

#include <cstdint>
#include <openvino/core/node_vector.hpp>
#include <openvino/frontend/node_context.hpp>

namespace posittune::model {

// One axis of a ConvTranspose.
struct TransposedAxis {
  std::int64_t stride = 1, dilation = 1, kernel = 1, output_padding = 0;
};
struct TransposedPads {
  std::int64_t begin = 0, end = 0, output_padding = 0;
};
// Pads that make the output `total` shorter than (input - 1) * stride + (kernel - 1) * dilation + 1
// + output_padding. With an odd total the end gets one more where `upper`, else the beginning. A
// total below 0 makes the output longer: output padding.
TransposedPads split_pads(const TransposedAxis& axis, std::int64_t total, bool upper);
// Pads of auto_pad SAME_UPPER or SAME_LOWER without output_shape: the output is input * stride, or
// longer where the kernel does not cover that: what onnxruntime computes.
TransposedPads same_pads(const TransposedAxis& axis, bool upper);

// A conversion for OpenVINO's ONNX front end. Its own (2026.4) does not pad for auto_pad SAME_* and
// for output_shape while any dimension is open, and pads at the wrong end for SAME_UPPER with
// output_shape. Throws where pads depend on an input size that is not known: output_shape with open
// sizes.
ov::OutputVector convert_transposed_convolution(const ov::frontend::NodeContext& node);

}  // namespace posittune::model
