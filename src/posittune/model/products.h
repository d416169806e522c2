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

// What a node (of the graph itself, not of a body) is as a layer, or why it is none.
struct Verdict {
  const LayerKind* kind = nullptr;
  std::string reason{};
};
// Its operator is that of a layer of some kind; embeddings are no products.
bool may_be_layer(const ov::Node& node);
// Of a product, or of a node that may be a layer; one that is neither has no kind.
Verdict verdict_on(const ov::Node& node, const std::set<const ov::Node*>& constants);

// Whether a value is of 8-bit integers or fewer bits, behind conversions and the subtraction of a
// zero point.
bool comes_from_8_bits(const ov::Output<ov::Node>& value);

// Multiply-accumulates of one run of a product, all steps of a sequence together. 0 where a shape
// is open.
std::uint64_t macs_of(const ov::Node& node);
bool has_known_shapes(const ov::Node& node);  // of factors and of the first output
// Elements of a factor that one run reads: of an embedding's table only the rows looked up. Shapes
// must be known.
std::uint64_t elements_read(const ov::Node& node, std::size_t input);
// Elements of the hidden states that a recurrent node reads, all steps together; 0 for others.
std::uint64_t states_of(const ov::Node& node);

}  // namespace posittune::model
