#pragma once

// E[x x^T] of a convolution's input: x is the patch that meets a row of its weight at one position of its output.

#include <cstddef>
#include <span>

#include <openvino/core/shape.hpp>
#include "posittune/engine/covariance.h"
#include "posittune/engine/operation.h"

namespace posittune::engine {

struct PatchCovariance {
  static constexpr std::size_t kImages = 16;       // of calibration, the first
  static constexpr std::size_t kPositions = 2048;  // of each, at most, spread evenly

  explicit PatchCovariance(std::size_t cols) : seen(cols, true), held(cols, true) {}

  // Images of `shape`, the first dimension their number. `held_out`: every second one, by its number in the
  // order of calibration, is kept apart.
  void add(const Operation& operation, std::span<const float> images, const ov::Shape& shape, bool held_out, int threads);

  InputCovariance seen, held;
  std::size_t positions = 0;  // of one image's output
  std::size_t images = 0;     // that came, counted or not
};

}  // namespace posittune::engine
