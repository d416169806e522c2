#pragma once

// Nodes that multiply and add: which of them can be layers, why others cannot, and their
// multiply-accumulates.

#include <cstddef>
#include <cstdint>
#include <openvino/core/node.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "posittune/model/graph.h"

namespace posittune::model {

// The inputs that a node multiplies with each other or with itself: matrix products, convolutions,
// recurrent layers (their inputs, states and weights, not their biases), Einsum of two operands or
// more, attention in one node; the table of sums of embeddings, and what its rows are multiplied by
// where they are. Empty for nodes that do not sum products: multiplications element by element
// among them (elementwise.h).
std::vector<std::size_t> factors(const ov::Node& node);
inline bool is_product(const ov::Node& node) { return !factors(node).empty(); }

// OpenVINO splits a biased ONNX node; the part with the weights keeps the node's own name here.
std::string node_name(const ov::Node& node);

// What a product (a node of the graph itself, not of a body) is as a layer, or why it is none.
struct Verdict {
  std::optional<LayerKind> kind{};
  std::string reason{};
};
Verdict verdict_on(const ov::Node& node, const std::set<const ov::Node*>& constants);

// Whether a value is of 8-bit integers or fewer bits, behind conversions and the subtraction of a
// zero point.
bool comes_from_8_bits(const ov::Output<ov::Node>& value);

// Multiply-accumulates of one run of a product, whatever multiplies; all steps of a sequence. 0
// where a shape is open.
std::uint64_t macs_of(const ov::Node& node);
bool has_known_shapes(const ov::Node& node);  // of factors and of the first output
// Elements of a factor that one run reads: of an embedding's table only the rows looked up. Where
// shapes are known.
std::uint64_t elements_read(const ov::Node& node, std::size_t input);
// Elements of the hidden states that a recurrent node reads, all steps together; 0 for others.
std::uint64_t states_of(const ov::Node& node);

}  // namespace posittune::model
