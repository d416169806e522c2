#include "posittune/engine/patch_covariance.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "posittune/base/mix.h"

namespace posittune::engine {
namespace {

// Every so many positions: coprime with the width, so that they walk through its columns.
std::size_t stride(std::size_t positions, std::size_t most, std::size_t width) {
  std::size_t every = (positions + most - 1) / most;
  while (std::gcd(every, width) > 1) ++every;
  return every;
}

}  // namespace

void PatchCovariance::add(const Operation& operation, std::span<const float> x,
                          const ov::Shape& shape, bool held_out, int threads) {
  const ov::Shape token(shape.begin() + 1, shape.end());
  const std::size_t size =
      std::accumulate(token.begin(), token.end(), std::size_t{1}, std::multiplies<>());
  const auto output = operation.output_shape(shape);
  const std::size_t positions = operation.positions(token);
  if (!output || positions == 0) return;
  const std::size_t every = stride(positions, kPositions, output->back());
  for (std::size_t i = 0; i < shape[0]; ++i) {
    const bool enough = images_ >= kImages && fit.count() + holdout.count() >= kEnough;
    if (enough || images_ >= kMostImages) return;
    const std::size_t first = mix((images_ + 1) * kGolden) % std::min(every, positions);
    const std::vector<float> rows =
        operation.patches(x.subspan(i * size, size), token, {first, every}, threads);
    if (rows.empty()) return;
    (held_out && images_ % 2 == 1 ? holdout : fit)
        .add(rows, {rows.size() / fit.cols(), fit.cols()}, threads);
    ++images_;
    all_positions_ += positions;
  }
}

}  // namespace posittune::engine
