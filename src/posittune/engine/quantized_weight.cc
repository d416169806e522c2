#include "posittune/engine/quantized_weight.h"

#include <span>

#include "posittune/kernels/arrays.h"

namespace posittune::engine {

Result<std::vector<float>> decoded(const QuantizedWeight& weight, int threads) {
  std::vector<float> values(weight.rows * weight.cols);
  const std::size_t blocks = weight.rows == 0 ? 0 : weight.exponents.size() / weight.rows;
  for (const RowRun& run : weight.runs) {
    const std::size_t at = run.first * weight.cols, size = run.count * weight.cols;
    const auto exponents =
        run.format.block == 0
            ? std::span<const std::uint8_t>()
            : std::span(weight.exponents).subspan(run.first * blocks, run.count * blocks);
    const Status done = kernels::decode<std::uint32_t>(
        run.format, std::span(weight.codes).subspan(at, size), {run.count, weight.cols},
        {run.scales, weight.group}, std::span(values).subspan(at, size), exponents, {threads});
    if (!done) return done.error();
  }
  return values;
}

}  // namespace posittune::engine
