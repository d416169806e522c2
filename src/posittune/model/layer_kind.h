#pragma once

// The kinds of layers. Other rooms ask their properties, and never for a kind.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace ov {
class Node;
}

namespace posittune::model {

// Moments: which averages over calibration data give the error of a changed weight.
enum class Moments : std::uint8_t {
  kNone,     // there is no weight
  kInput,    // E[x x^T] of the input's tokens
  kPatches,  // E[x x^T] of patches of the input, one for each position of the output
  kUses,     // how often each row is looked up
};

// A weight as it is stored: outer x a x b x inner. Its matrix has a row for each (outer, b) where
// `swap`, else for each (outer, a).
struct Arrangement {
  std::size_t outer = 1, a = 1, b = 1, inner = 1;
  bool swap = false;
  std::size_t groups = 1;  // groups of a convolution
  bool operator==(const Arrangement&) const = default;
};

// A kind, and all that follows from it; the table is in layer_kind.cc.
struct LayerKind {
  std::string_view name;  // name in `inspect`; key of the arithmetic in engine/operation.cc
  // Operands of floats, which can be rounded. 0: what it reads are indices. 2: it has no weight.
  std::size_t operands;
  std::size_t data_port;                   // input of the node: the first operand, or the indices
  std::optional<std::size_t> weight_port;  // input of the node; nothing: no weight
  Moments moments;

  // The rest is for model/ alone.

  // Whether the node's operator is one of this kind.
  bool (*is)(const ov::Node& node);
  // Says why a node of this operator, of floats, is no layer. Empty text: it is a layer of this
  // kind; no text: it belongs to a later kind of the table. `constants`: nodes that do not depend
  // on inputs.
  std::optional<std::string> (*refusal)(const ov::Node& node,
                                        const std::set<const ov::Node*>& constants);
  // Counts multiply-accumulates, where shapes are known; null: it multiplies nothing.
  std::uint64_t (*macs)(const ov::Node& node);
  Arrangement (*arrangement)(const ov::Node& node);  // null: no weight

  // The port of the weight, or of the second operand where there is no weight.
  std::size_t other_port() const { return weight_port.value_or(1); }
};

std::span<const LayerKind> layer_kinds();
// The kind of that name; null where there is none.
const LayerKind* layer_kind(std::string_view name);

}  // namespace posittune::model
