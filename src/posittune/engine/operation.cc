#include "posittune/engine/operation.h"

#include <array>

#include "posittune/kernels/statistics.h"

namespace posittune::engine {

namespace {

using Make = std::unique_ptr<Operation> (*)(const model::Layer& layer);
struct Maker {
  model::LayerKind kind;
  Make make;
};
// In the order of LayerKind.
constexpr std::array<Maker, static_cast<std::size_t>(model::LayerKind::kCount)> kMakers = {{
    {model::LayerKind::kMatMul, make_matmul},
    {model::LayerKind::kConvolution, make_convolution},
    {model::LayerKind::kTransposedConvolution, make_convolution},
    {model::LayerKind::kEmbedding, make_embedding},
    {model::LayerKind::kAttention, make_attention},
}};
constexpr bool complete() {
  for (std::size_t i = 0; i < kMakers.size(); ++i) {
    if (static_cast<std::size_t>(kMakers[i].kind) != i) return false;
  }
  return true;
}
static_assert(complete(), "a kind of layer has no operation, or not in the order of LayerKind");

}  // namespace

std::unique_ptr<Operation> make_operation(const model::Layer& layer) {
  return kMakers[static_cast<std::size_t>(layer.kind)].make(layer);
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
