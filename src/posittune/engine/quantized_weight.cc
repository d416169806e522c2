#include "posittune/engine/quantized_weight.h"

#include <span>

#include "posittune/kernels/arrays.h"

namespace posittune::engine {

Result<std::vector<float>> decoded(const QuantizedWeight& weight, int threads) {
  std::vector<float> values(weight.rows * weight.cols);
  const std::size_t blocks = weight.rows == 0 ? 0 : weight.exponents.size() / weight.rows;
  for (const RowRun& run : weight.runs) {
    const std::size_t at = run.first * weight.cols, size = run.count * weight.cols;
    const kernels::Shape shape{run.count, weight.cols};
    const kernels::Scales grid{run.scales, weight.group};
    const auto codes = std::span(weight.codes).subspan(at, size);
    const auto y = std::span(values).subspan(at, size);
    Status done = success();
    if (run.format.block == 0) {
      done = kernels::decode<std::uint32_t>(run.format, codes, shape, grid, y, {}, {threads});
    } else {
      const std::vector<std::uint8_t> bytes(codes.begin(), codes.end());
      done = kernels::decode<std::uint8_t>(
          run.format, bytes, shape, grid, y,
          std::span(weight.exponents).subspan(run.first * blocks, run.count * blocks), {threads});
    }
    if (!done) return done.error();
  }
  return values;
}

}  // namespace posittune::engine
