#pragma once

// How an array is cut into runs of one scale and spread over threads.

#include <cstddef>
#include <functional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/kernels/arrays.h"
#include "posittune/kernels/plan.h"

namespace posittune::kernels {

struct Run {
  std::size_t first, count;  // elements
  std::size_t row, col;      // of the first element
  float scale, inverse;
};

// kInput unless lengths and scales fit; `block` of the format or 0.
Status check_scales(const Scales& scales, Shape shape, std::size_t block);
Status check_shape(Shape shape);
Status check_length(const char* name, const void* data, std::size_t found, std::size_t expected);

// Calls body for each run on at most `threads` threads. Runs of block formats stay within a row and
// begin at whole blocks. Call check_scales first.
void for_each_run(const Scales& scales, Shape shape, std::size_t block, int threads,
                  const std::function<void(const Run&)>& body);

}  // namespace posittune::kernels
