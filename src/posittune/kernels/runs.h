#pragma once

// Runs: an array is cut into pieces of one scale, which are spread over threads.

#include <cstddef>
#include <functional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/kernels/arrays.h"
#include "posittune/kernels/plan.h"

namespace posittune::kernels {

struct Run {
  std::size_t first, count;  // elements
  std::size_t row, col;      // position of the first element
  float scale, inverse;
};

// Checks of arguments, errors kInput: scales and lengths fit the shape; `block` is the format's, or
// 0.
Status check_scales(const Scales& scales, Shape shape, std::size_t block);
Status check_shape(Shape shape);
Status check_length(const char* name, const void* data, std::size_t found, std::size_t expected);

// The runs of an array, in tasks that can go to different threads. The cut does not depend on the
// number of threads. Runs of block formats stay within a row and begin at whole blocks. Call
// check_scales first; scales and shape are kept by reference.
class RunTasks {
 public:
  RunTasks(const Scales& scales, Shape shape, std::size_t block);

  std::size_t count() const { return count_; }
  void for_each(std::size_t task, const std::function<void(const Run&)>& body) const;

 private:
  const Scales& scales_;
  Shape shape_;
  std::size_t count_ = 0;
  std::size_t piece_ = 0;  // columns of a task when rows are long, else 0
  std::size_t rows_ = 1;   // rows of a task when they are short
};

// Calls body for each run on at most `threads` threads.
void for_each_run(const Scales& scales, Shape shape, std::size_t block, int threads,
                  const std::function<void(const Run&)>& body);

}  // namespace posittune::kernels
