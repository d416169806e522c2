#pragma once

// Operation: the arithmetic of one quantized node, apart from the graph that the node is in.

#include <memory>
#include <openvino/runtime/tensor.hpp>
#include <optional>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/settings.h"
#include "posittune/kernels/arrays.h"
#include "posittune/model/graph.h"

namespace posittune::engine {

// Buffers that the nodes of one engine share: they run one after the other.
struct Scratch {
  std::vector<float> x, y;
  std::vector<std::uint16_t> bf16[2];
  std::vector<std::int8_t> int8;
  std::vector<float> unscale;
};

class Operation {
 public:
  virtual ~Operation() = default;

  // Runs the operation. inputs: activations (indices for embeddings; both operands for attention);
  // `output` has its shape. Results do not depend on `threads`.
  virtual Status run(const LayerSetting& setting, const ov::TensorVector& inputs,
                     ov::Tensor& output, Scratch& scratch, int threads) = 0;

  // The output's shape for activations of this shape; none where only the original node knows.
  virtual std::optional<ov::Shape> output_shape(const ov::Shape& x) const = 0;

  // Tokens (or images): an operand as rows, each with its own scale under per-token scaling.
  virtual kernels::Shape tokens(std::size_t operand, const ov::Shape& shape) const = 0;

  // The shape of one token or image, channels first.
  virtual ov::Shape token(std::size_t operand, const ov::Shape& shape) const {
    return {tokens(operand, shape).cols};
  }

  // The axis of an output of this rank that the weight's rows give.
  virtual std::size_t channel_axis(std::size_t /*rank*/) const { return 1; }
  // Whether run() can take Path::kInt8, and apply LayerSetting::epilogue.
  virtual bool has_int8() const { return false; }
  virtual bool does_epilogues() const { return false; }

  // Patches, for convolutions as matrix products: the inputs of one image (of shape `token`) that
  // are multiplied by a row of the weight at each chosen output position, positions x columns.
  // Empty where these differ between rows (groups).
  struct Positions {
    std::size_t first = 0, every = 1;
  };
  virtual std::vector<float> patches(std::span<const float>, const ov::Shape& /*token*/, Positions,
                                     int /*threads*/) const {
    return {};
  }
  // The number of positions of an image's output; 0 where patches() gives none.
  virtual std::size_t positions(const ov::Shape& /*token*/) const { return 0; }
};

// has_operation(), make_operation(): look up the name of the layer's kind in the table of
// operation.cc. make_operation() gives null for a kind that has no line there.
bool has_operation(const model::LayerKind& kind);
std::unique_ptr<Operation> make_operation(const model::Layer& layer);

// Scales of an operand: one, or one for each row (per token).
Result<std::vector<float>> activation_scales(const ActivationQuantizer& quantizer,
                                             std::span<const float> x, kernels::Shape shape,
                                             int threads);

// The operand fake-quantized in `buffer`, or the operand itself when it stays in FP32.
Result<const float*> quantized_operand(const std::optional<ActivationQuantizer>& quantizer,
                                       std::span<const float> x, kernels::Shape shape,
                                       std::vector<float>& buffer, int threads);

}  // namespace posittune::engine
