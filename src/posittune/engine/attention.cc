// MatMul of two activations.

#include <openvino/op/matmul.hpp>

#include "posittune/engine/gemm.h"
#include "posittune/engine/operation.h"

namespace posittune::engine {
namespace {

// The last two dimensions exchanged, for operands that come transposed the other way than the GEMM
// takes them.
void transpose(const float* from, std::size_t rows, std::size_t cols, float* to) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) to[c * rows + r] = from[r * cols + c];
  }
}

class Attention : public Operation {
 public:
  Attention(bool transpose_a, bool transpose_b)
      : transpose_a_(transpose_a), transpose_b_(transpose_b) {}

  // Rows along the last axis: the reduction of a, and of b when it comes transposed.
  kernels::Shape tokens(std::size_t, const ov::Shape& shape) const override {
    const std::size_t cols = shape.back();
    return {cols == 0 ? 0 : ov::shape_size(shape) / cols, cols};
  }

  // Depends on both operands.
  std::optional<ov::Shape> output_shape(const ov::Shape&) const override { return std::nullopt; }

  Status run(const LayerSetting& setting, const ov::TensorVector& inputs, ov::Tensor& output,
             Scratch& scratch, int threads) override {
    const ov::Shape a_shape = inputs[0].get_shape(), b_shape = inputs[1].get_shape();
    if (output.get_size() == 0) return success();
    const auto operand = [&](std::size_t i, std::vector<float>& buffer) {
      const kernels::Shape shape = tokens(i, inputs[i].get_shape());
      return quantized_operand(setting.activation[i], {inputs[i].data<const float>(), shape.size()},
                               shape, buffer, threads);
    };
    auto a = operand(0, scratch.x);
    if (!a) return a.error();
    auto b = operand(1, scratch.y);
    if (!b) return b.error();
    const ov::Shape out = output.get_shape();
    const std::size_t rank = out.size();
    const GemmSize size{out[rank - 2], out[rank - 1],
                        transpose_a_ ? a_shape[rank - 2] : a_shape[rank - 1]};
    const std::size_t batch = output.get_size() / (size.m * size.n);
    for (std::size_t i = 0; i < batch; ++i) {
      multiply(setting.path, size, *a + offset(i, out, a_shape), *b + offset(i, out, b_shape),
               output.data<float>() + i * size.m * size.n, threads);
    }
    return success();
  }

 private:
  // Where matrix i of the output's batch starts in an operand whose batch may be broadcast.
  static std::size_t offset(std::size_t i, const ov::Shape& out, const ov::Shape& shape) {
    std::size_t at = 0, step = shape[shape.size() - 1] * shape[shape.size() - 2];
    for (std::size_t d = out.size() - 2; d-- > 0; i /= out[d]) {
      if (shape[d] != 1) at += i % out[d] * step;
      step *= shape[d];
    }
    return at;
  }

  void multiply(Path path, const GemmSize& size, const float* a, const float* b, float* y,
                int threads) {
    if (transpose_a_) {
      turned_a_.resize(size.m * size.k);
      transpose(a, size.k, size.m, turned_a_.data());
      a = turned_a_.data();
    }
    if (path == Path::kQuire) {
      if (!transpose_b_) {
        turned_b_.resize(size.k * size.n);
        transpose(b, size.k, size.n, turned_b_.data());
        b = turned_b_.data();
      }
      gemm_exact(size, a, b, y, threads);
    } else if (transpose_b_) {
      gemm_fp32(size, a, b, y, threads);
    } else {
      gemm_fp32_plain(size, a, b, y, threads);
    }
  }

  bool transpose_a_, transpose_b_;
  std::vector<float> turned_a_, turned_b_;
};

}  // namespace

std::unique_ptr<Operation> make_attention(const model::Layer& layer) {
  const auto* matmul = ov::as_type<const ov::op::v0::MatMul>(layer.node.get());
  return std::make_unique<Attention>(matmul->get_transpose_a(), matmul->get_transpose_b());
}

}  // namespace posittune::engine
