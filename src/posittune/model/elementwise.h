#pragma once

// Elementwise factors: constants that a node multiplies its input by, element by element (scales of
// norms, slopes, windows).

#include <openvino/core/node.hpp>
#include <set>
#include <vector>

namespace posittune::model {

// The constants, of more than one element, that a node of floats multiplies or divides its other
// operand by, element by element: of Multiply, Divide, PRelu, BatchNormInference (gamma, variance),
// GroupNormalization (scale), STFT and ISTFT (window). Empty for other nodes. A constant may be
// brought into the shape of another tensor, as InstanceNormalization's scale is.
//
// Considered and left out:
// - what sums products: factors() in products.h;
// - multiplication by one number for all elements: scale of attention, alpha and beta of Gemm, LRN,
//   Elu, Selu, HardSigmoid, Swish, GRN; it is part of any scale beside it;
// - MVN, NormalizeL2, Softmax: they divide by what they compute from activations. The scale of a
//   LayerNormalization is a Multiply of its own;
// - FakeQuantize: its constants are the bounds of a grid;
// - pooling, Interpolate, GridSample, ROIAlign, DFT, conversions of colours: their factors follow
//   from the operator, the file stores none;
// - Power, Mod, FloorMod, and reductions and scatters that multiply: not linear in the activation,
//   or not element by element;
// - integers: shapes and indices.
std::vector<ov::Output<ov::Node>> elementwise_factors(const ov::Node& node,
                                                      const std::set<const ov::Node*>& constants);

}  // namespace posittune::model
