#include "posittune/engine/patch_covariance.h"

#include <functional>
#include <numeric>

#include "posittune/base/mix.h"

namespace posittune::engine {

void PatchCovariance::add(const Operation& operation, std::span<const float> x, const ov::Shape& shape, bool held_out, int threads) {
  const ov::Shape token(shape.begin() + 1, shape.end());
  const std::size_t size = std::accumulate(token.begin(), token.end(), std::size_t{1}, std::multiplies<>());
  for (std::size_t i = 0; i < shape[0] && images < kImages; ++i, ++images) {
    positions = operation.positions(token);
    // Odd, so that it walks through the columns of an image whose width is even.
    const std::size_t every = positions <= kPositions ? 1 : ((positions + kPositions - 1) / kPositions) | 1;
    const std::size_t first = mix((images + 1) * kGolden) % every;
    const std::vector<float> rows = operation.patches(x.subspan(i * size, size), token, {first, every}, threads);
    if (rows.empty()) continue;
    (held_out && images % 2 == 1 ? held : seen).add(rows, {rows.size() / seen.cols(), seen.cols()}, threads);
  }
}

}  // namespace posittune::engine
