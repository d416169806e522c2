#pragma once

// The kinds of layers, and what other rooms need to know of one: they ask these properties, and
// never for a kind.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace posittune::model {

enum class LayerKind : std::uint8_t {
  kMatMul,                 // activations x constant weights (MatMul, Gemm)
  kConvolution,            // grouped and depthwise ones too
  kTransposedConvolution,  // grouped ones too
  kEmbedding,              // Gather of rows of a constant table
  kAttention,              // MatMul of two activations; two inputs to quantize and no weight
  kCount,
};

// Moments of calibration data that the error of a changed weight follows from.
enum class Moments : std::uint8_t {
  kNone,     // there is no weight
  kInput,    // E[x x^T] of the input's tokens
  kPatches,  // E[x x^T] of patches of the input, one for each position of the output
  kUses,     // how often each row is looked up
};

struct LayerTraits {
  LayerKind kind;
  std::string_view name;  // as `inspect` prints it
  // Float operands, which can be rounded. 0: the layer reads indices and multiplies nothing. 2: it
  // has no weight.
  std::size_t operands;
  std::size_t data_port;                   // of the node: the first operand, or the indices
  std::optional<std::size_t> weight_port;  // of the node; nothing: no weight
  Moments moments;
};
const LayerTraits& traits(LayerKind kind);
inline std::string_view name(LayerKind kind) { return traits(kind).name; }

}  // namespace posittune::model
