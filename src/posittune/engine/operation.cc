#include "posittune/engine/operation.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "posittune/kernels/statistics.h"

namespace posittune::engine {

// Each in its own file.
std::unique_ptr<Operation> make_matmul(const model::Layer& layer);
std::unique_ptr<Operation> make_attention(const model::Layer& layer);
std::unique_ptr<Operation> make_embedding(const model::Layer& layer);
std::unique_ptr<Operation> make_convolution(const model::Layer& layer);

namespace {

struct Maker {
  std::string_view kind;
  std::unique_ptr<Operation> (*make)(const model::Layer& layer);
};
constexpr Maker kMakers[] = {{"MatMul", make_matmul},
                             {"Attention", make_attention},
                             {"Convolution", make_convolution},
                             {"TransposedConvolution", make_convolution},
                             {"Embedding", make_embedding}};

const Maker* maker(const model::LayerKind& kind) {
  const auto found = std::ranges::find(kMakers, kind.name, &Maker::kind);
  return found == std::end(kMakers) ? nullptr : found;
}

}  // namespace

bool has_operation(const model::LayerKind& kind) { return maker(kind) != nullptr; }

std::unique_ptr<Operation> make_operation(const model::Layer& layer) {
  const Maker* found = maker(*layer.kind);
  return found == nullptr ? nullptr : found->make(layer);
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
