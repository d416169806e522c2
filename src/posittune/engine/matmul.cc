// MatMul and Gemm with constant weights, and Gather of embeddings.

#include <algorithm>
#include <cstring>
#include <openvino/op/matmul.hpp>

#include "posittune/base/threads.h"
#include "posittune/engine/gemm.h"
#include "posittune/engine/operation.h"

namespace posittune::engine {
namespace {

std::vector<float> reciprocals(std::span<const float> scales) {
  std::vector<float> values(scales.size());
  std::transform(scales.begin(), scales.end(), values.begin(), [](float s) { return 1.0F / s; });
  return values;
}

class MatMul : public Operation {
 public:
  MatMul(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols) {}

  kernels::Shape tokens(std::size_t, const ov::Shape& shape) const override {
    return {ov::shape_size(shape) / cols_, cols_};
  }

  std::optional<ov::Shape> output_shape(const ov::Shape& x) const override {
    ov::Shape y = x;
    y.back() = rows_;
    return y;
  }

  std::size_t channel_axis(std::size_t rank) const override { return rank - 1; }
  bool has_int8() const override { return true; }

  Status run(const LayerSetting& setting, const ov::TensorVector& inputs, ov::Tensor& output,
             Scratch& scratch, int threads) override {
    const kernels::Shape shape = tokens(0, inputs[0].get_shape());
    const std::span<const float> x(inputs[0].data<const float>(), shape.size());
    const PreparedWeight& weight = *setting.weight;
    const GemmSize size{shape.rows, weight.rows, cols_};
    float* y = output.data<float>();
    if (size.m == 0) return success();
    const Status done = setting.path == Path::kBf16 || setting.path == Path::kInt8
                            ? run_grid(setting, size, x, shape, y, scratch, threads)
                            : run_floats(setting, size, x, shape, y, scratch, threads);
    if (done && setting.shift) add_shift(*setting.shift, size, y, threads);
    return done;
  }

 private:
  static void add_shift(const std::vector<float>& shift, const GemmSize& size, float* y,
                        int threads) {
    parallel_for(size.m, threads, [&](std::size_t i) {
      for (std::size_t j = 0; j < size.n; ++j) y[i * size.n + j] += shift[j];
    });
  }

  Status run_floats(const LayerSetting& setting, const GemmSize& size, std::span<const float> x,
                    kernels::Shape shape, float* y, Scratch& scratch, int threads) {
    const PreparedWeight& weight = *setting.weight;
    auto operand = quantized_operand(setting.activation[0], x, shape, scratch.x, threads);
    if (!operand) return operand.error();
    if (setting.path == Path::kQuire) {
      gemm_exact(size, *operand, weight.values->data(), y, threads);
    } else {
      gemm_weight(size, *operand, weight.values->data(), y, threads, weight.packed.get());
    }
    return success();
  }

  Status run_grid(const LayerSetting& setting, const GemmSize& size, std::span<const float> x,
                  kernels::Shape shape, float* y, Scratch& scratch, int threads) {
    const ActivationQuantizer& quantizer = *setting.activation[0];
    const PreparedWeight& weight = *setting.weight;
    auto scales = activation_scales(quantizer, x, shape, threads);
    if (!scales) return scales.error();
    const std::vector<float> unscale = reciprocals(*scales);
    const Unscale both{unscale, weight.unscale};
    bool multiplied = false;
    if (setting.path == Path::kBf16) {
      auto& buffer = scratch.bf16[0];
      if (buffer.size() < x.size()) buffer.resize(x.size());
      const Status done = kernels::to_bf16(quantizer.format, x, shape, {*scales},
                                           {buffer.data(), x.size()}, {threads});
      if (!done) return done.error();
      multiplied = gemm_bf16(size, buffer.data(), weight.bf16.data(), y, both, threads);
    } else {
      auto& buffer = scratch.int8;
      if (buffer.size() < x.size()) buffer.resize(x.size());
      const Status done = kernels::to_int8(quantizer.format, x, shape, {*scales},
                                           {buffer.data(), x.size()}, {threads});
      if (!done) return done.error();
      multiplied = gemm_int8(size, buffer.data(), weight.int8.data(), y, both, threads);
    }
    if (multiplied) return success();
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "oneDNN has no kernel for this product",
                 .expected = std::string(name(setting.path)),
                 .hint = "set POSITTUNE_PATH=fp32"};
  }

  std::size_t rows_, cols_;
};

// Copies the rows of the prepared table.
class Embedding : public Operation {
 public:
  explicit Embedding(std::size_t cols) : cols_(cols) {}

  kernels::Shape tokens(std::size_t, const ov::Shape& shape) const override {
    return {ov::shape_size(shape), 1};
  }

  std::optional<ov::Shape> output_shape(const ov::Shape& x) const override {
    ov::Shape y = x;
    y.push_back(cols_);
    return y;
  }

  Status run(const LayerSetting& setting, const ov::TensorVector& inputs, ov::Tensor& output,
             Scratch&, int threads) override {
    const PreparedWeight& weight = *setting.weight;
    const std::size_t count = inputs[0].get_size();
    const bool wide = inputs[0].get_element_type() == ov::element::i64;
    const auto index = [&](std::size_t i) {
      return wide ? inputs[0].data<const std::int64_t>()[i]
                  : std::int64_t{inputs[0].data<const std::int32_t>()[i]};
    };
    const auto rows = static_cast<std::int64_t>(weight.rows);
    for (std::size_t i = 0; i < count; ++i) {
      if (index(i) >= -rows && index(i) < rows) continue;
      return Error{.kind = ErrorKind::kInput,
                   .what = "an index is outside the embedding",
                   .expected = "0 to " + std::to_string(rows - 1),
                   .found = std::to_string(index(i)) + " at position " + std::to_string(i),
                   .hint = "are the data made with this model's tokenizer?"};
    }
    float* y = output.data<float>();
    constexpr std::size_t kChunk = 256;
    parallel_for((count + kChunk - 1) / kChunk, threads, [&](std::size_t chunk) {
      for (std::size_t i = chunk * kChunk; i < std::min(count, (chunk + 1) * kChunk); ++i) {
        const std::int64_t row = index(i) < 0 ? index(i) + rows : index(i);
        std::copy_n(weight.values->data() + static_cast<std::size_t>(row) * weight.cols,
                    weight.cols, y + i * weight.cols);
      }
    });
    return success();
  }

 private:
  std::size_t cols_;
};

}  // namespace

std::unique_ptr<Operation> make_matmul(const model::Layer& layer) {
  const ov::Shape shape = layer.node->get_input_shape(1);
  const auto* matmul = ov::as_type<const ov::op::v0::MatMul>(layer.node.get());
  const std::size_t first = shape[shape.size() - 2], last = shape.back();
  return matmul->get_transpose_b() ? std::make_unique<MatMul>(first, last)
                                   : std::make_unique<MatMul>(last, first);
}

std::unique_ptr<Operation> make_embedding(const model::Layer& layer) {
  return std::make_unique<Embedding>(layer.node->get_input_shape(0)[1]);
}

}  // namespace posittune::engine
