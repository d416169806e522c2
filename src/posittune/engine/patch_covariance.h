#pragma once

// Patch covariance, E[x x^T] of a convolution's input: x is the patch that is multiplied by a row
// of its weight at one position of its output.

#include <cstddef>
#include <openvino/core/shape.hpp>
#include <span>

#include "posittune/engine/covariance.h"
#include "posittune/engine/operation.h"

namespace posittune::engine {

struct PatchCovariance {
  // Images used: the first kImages; more, up to kMostImages, until there are kEnough positions.
  static constexpr std::size_t kImages = 16, kEnough = 1024, kMostImages = 256;
  static constexpr std::size_t kPositions = 2048;  // positions used per image, spread evenly

  explicit PatchCovariance(std::size_t cols) : fit(cols, true), holdout(cols, true) {}

  // Adds images x of `shape`, whose first dimension is their number. With `held_out` every second
  // image, in the order of calls, is held out.
  void add(const Operation& operation, std::span<const float> x, const ov::Shape& shape,
           bool held_out, int threads);

  // Positions of one image's output, the mean over images.
  std::size_t positions() const {
    return images_ == 0 ? 0 : (all_positions_ + images_ / 2) / images_;
  }

  InputCovariance fit, holdout;

 private:
  std::size_t images_ = 0, all_positions_ = 0;
};

}  // namespace posittune::engine
