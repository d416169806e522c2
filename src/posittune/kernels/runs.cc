#include "posittune/kernels/runs.h"

#include <algorithm>
#include <cmath>

#include "posittune/base/digits.h"
#include "posittune/base/threads.h"

namespace posittune::kernels {
namespace {

// Elements of one task: small enough that 256 K elements keep two threads busy evenly, large enough
// that handing it out (about a microsecond) does not show.
constexpr std::size_t kTask = 16 * 1024;

std::size_t divide_up(std::size_t a, std::size_t b) { return a / b + (a % b != 0 ? 1 : 0); }

// Per-tensor scales of formats without blocks do not care about rows: one long row.
Shape flattened(const Scales& scales, Shape shape, std::size_t block) {
  const bool tensor = scales.values.size() == 1 && scales.group == 0;
  return tensor && block == 0 ? Shape{1, shape.size()} : shape;
}

// The runs of columns [begin, end) of one row.
void row_runs(const Scales& scales, Shape shape, std::size_t row, std::size_t begin,
              std::size_t end, const std::function<void(const Run&)>& body) {
  const std::size_t step = scales.group > 0 ? scales.group : shape.cols;
  const std::size_t groups = divide_up(shape.cols, step);
  for (std::size_t col = begin; col < end;) {
    const std::size_t group = col / step;
    const std::size_t stop = std::min(end, (group + 1) * step);
    const std::size_t index = scales.values.size() == 1 ? 0 : row * groups + group;
    const float scale = scales.values[index];
    body({row * shape.cols + col, stop - col, row, col, scale, 1.0f / scale});
    col = stop;
  }
}

}  // namespace

Status check_length(const char* name, const void* data, std::size_t found, std::size_t expected) {
  if (found != expected) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "array length does not match the shape",
                 .where = name,
                 .expected = std::to_string(expected) + " elements",
                 .found = std::to_string(found)};
  }
  if (data == nullptr && expected > 0) {
    return Error{.kind = ErrorKind::kInput, .what = "array is null", .where = name};
  }
  return success();
}

Status check_shape(Shape shape) {
  if (shape.cols != 0 && shape.rows > SIZE_MAX / shape.cols) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "shape has more elements than fit in memory",
                 .where = "shape"};
  }
  return success();
}

Status check_scales(const Scales& scales, Shape shape, std::size_t block) {
  if (Status s = check_shape(shape); !s) return s;
  const std::size_t per_row = scales.group > 0 ? divide_up(shape.cols, scales.group) : 1;
  const std::size_t expected = shape.rows * per_row;
  if (scales.values.size() != 1 && scales.values.size() != expected) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "number of scales does not match the shape",
                 .where = "scales",
                 .expected = "1 or " + std::to_string(expected),
                 .found = std::to_string(scales.values.size())};
  }
  if (block != 0 && scales.group % block != 0) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "scale groups cut through the blocks of the format",
                 .where = "scales",
                 .expected = "a multiple of " + std::to_string(block),
                 .found = std::to_string(scales.group)};
  }
  for (std::size_t i = 0; i < scales.values.size(); ++i) {
    const float s = scales.values[i];
    if (!(s > 0) || !std::isfinite(s) || !std::isfinite(1.0f / s)) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "scale is not usable",
                   .where = "scales[" + std::to_string(i) + "]",
                   .expected = "finite and positive, with a finite reciprocal",
                   .found = digits(s)};
    }
  }
  return success();
}

RunTasks::RunTasks(const Scales& scales, Shape shape, std::size_t block)
    : scales_(scales), shape_(flattened(scales, shape, block)) {
  if (shape_.size() == 0) return;
  if (shape_.cols > kTask) {
    // Pieces of rows that do not cut groups or blocks.
    const std::size_t unit = std::max({scales.group, block, std::size_t{64}});
    piece_ = unit >= shape_.cols ? shape_.cols : divide_up(kTask, unit) * unit;
    count_ = shape_.rows * divide_up(shape_.cols, piece_);
  } else {
    rows_ = divide_up(kTask, shape_.cols);
    count_ = divide_up(shape_.rows, rows_);
  }
}

void RunTasks::for_each(std::size_t task, const std::function<void(const Run&)>& body) const {
  if (piece_ != 0) {
    const std::size_t per_row = divide_up(shape_.cols, piece_);
    const std::size_t begin = task % per_row * piece_;
    row_runs(scales_, shape_, task / per_row, begin, std::min(begin + piece_, shape_.cols), body);
    return;
  }
  const std::size_t last = std::min((task + 1) * rows_, shape_.rows);
  for (std::size_t row = task * rows_; row < last; ++row) {
    row_runs(scales_, shape_, row, 0, shape_.cols, body);
  }
}

void for_each_run(const Scales& scales, Shape shape, std::size_t block, int threads,
                  const std::function<void(const Run&)>& body) {
  const RunTasks tasks(scales, shape, block);
  parallel_for(tasks.count(), threads, [&](std::size_t task) { tasks.for_each(task, body); });
}

}  // namespace posittune::kernels
