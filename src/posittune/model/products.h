#pragma once

// Products, nodes that multiply and add: which of them can be layers, why others cannot, and their
// multiply-accumulates.

#include <cstddef>
#include <cstdint>
#include <openvino/core/node.hpp>
#include <set>
#include <string>
#include <vector>

#include "posittune/model/graph.h"

namespace posittune::model {

// Factors: the inputs that a node multiplies with each other or with themselves: matrix products,
// convolutions, recurrent layers (their inputs, states and weights, not their biases), Einsum of
// two operands or more, attention in one node, sums of embeddings (the table, and per-row weights
// if there are any). Empty for nodes that do not sum products: multiplications element by element
// among them (elementwise.h).
std::vector<std::size_t> factors(const ov::Node& node);
inline bool is_product(const ov::Node& node) { return !factors(node).empty(); }

// The name of a node as the file has it: OpenVINO splits a biased ONNX node, and the part with the
// weights gets the node's own name.
std::string node_name(const ov::Node& node);

// Verdict: the kind of layer that a node is, or why it is none. For nodes of the graph itself, not
// of a body.
struct Verdict {
  const LayerKind* kind = nullptr;
  std::string reason{};
};
// Whether the node's operator is that of some kind of layer. This holds for embeddings too, which
// are no products.
bool may_be_layer(const ov::Node& node);
// Gives the verdict on a product, or on a node for which may_be_layer() holds. The verdict on any
// other node has no kind.
Verdict verdict_on(const ov::Node& node, const std::set<const ov::Node*>& constants);

// Whether a value is of 8-bit integers or fewer bits, behind conversions and the subtraction of a
// zero point.
bool comes_from_8_bits(const ov::Output<ov::Node>& value);

// Multiply-accumulates of one run of a product, all steps of a sequence together. 0 where a shape
// is open.
std::uint64_t macs_of(const ov::Node& node);
// Whether the shapes of a node's factors and of its first output are known.
bool has_known_shapes(const ov::Node& node);
// Elements of a factor that one run reads: of an embedding's table only the rows looked up. Shapes
// must be known.
std::uint64_t elements_read(const ov::Node& node, std::size_t input);
// Elements of the hidden states that a recurrent node reads, all steps together; 0 for others.
std::uint64_t states_of(const ov::Node& node);

}  // namespace posittune::model
