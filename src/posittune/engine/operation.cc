#include "posittune/engine/operation.h"

#include "posittune/kernels/statistics.h"

namespace posittune::engine {

std::unique_ptr<Operation> make_operation(const model::Layer& layer) {
  switch (layer.kind) {
    case model::LayerKind::kMatMul:
      return make_matmul(layer);
    case model::LayerKind::kEmbedding:
      return make_embedding(layer);
    case model::LayerKind::kAttention:
      return make_attention(layer);
    default:
      return make_convolution(layer);
  }
}

Result<std::vector<float>> activation_scales(const ActivationQuantizer& quantizer,
                                             std::span<const float> x, kernels::Shape shape,
                                             int threads) {
  if (!quantizer.per_token) return std::vector<float>{quantizer.scale};
  auto rows = kernels::row_statistics(x, shape, {threads});
  if (!rows) return rows.error();
  std::vector<float> scales;
  scales.reserve(shape.rows);
  for (const kernels::Statistics& row : *rows) {
    scales.push_back(quant::direct_scale(quantizer.format, quantizer.rule, row));
  }
  return scales;
}

Result<const float*> quantized_operand(const std::optional<ActivationQuantizer>& quantizer,
                                       std::span<const float> x, kernels::Shape shape,
                                       std::vector<float>& buffer, int threads) {
  if (!quantizer) return x.data();
  auto scales = activation_scales(*quantizer, x, shape, threads);
  if (!scales) return scales.error();
  if (buffer.size() < x.size()) buffer.resize(x.size());
  const std::span<float> y(buffer.data(), x.size());
  const Status done = kernels::quantize(quantizer->format, x, shape, {*scales}, y, {threads});
  if (!done) return done.error();
  return static_cast<const float*>(y.data());
}

}  // namespace posittune::engine
