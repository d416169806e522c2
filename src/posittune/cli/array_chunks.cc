#include "posittune/cli/array_chunks.h"

#include <algorithm>

#include "posittune/base/interrupt.h"

namespace posittune::cli {
namespace {

constexpr std::size_t kPieceUnit = 4096;

std::size_t product(std::span<const std::size_t> shape) {
  std::size_t size = 1;
  for (const std::size_t n : shape) size *= n;
  return size;
}

}  // namespace

Result<Layout> make_layout(const std::vector<std::size_t>& shape, std::optional<int> axis,
                           const formats::Format& format) {
  const std::size_t total = product(shape);
  const std::size_t last = shape.empty() ? 1 : shape.back();
  if (total == 0) return Layout{};
  if (!axis) {
    // Without blocks the shape does not matter: one row.
    const std::size_t cols = format.block != 0 ? last : total;
    return Layout{.rows = total / cols, .cols = cols, .channels = 1, .rows_per_channel = 1};
  }
  const int rank = static_cast<int>(shape.size());
  const int at = *axis < 0 ? *axis + rank : *axis;
  if (at < 0 || at >= rank) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the array has no such axis",
                 .where = "--axis",
                 .expected = rank == 0 ? "no axis: the array is a scalar"
                                       : "0 to " + std::to_string(rank - 1) + " or negative",
                 .found = std::to_string(*axis)};
  }
  if (format.block != 0 && at == rank - 1) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the blocks of " + formats::name(format) + " run along the last axis",
                 .where = "--axis",
                 .expected = "another axis",
                 .found = std::to_string(*axis)};
  }
  const std::span<const std::size_t> dims(shape);
  const std::size_t inner = product(dims.subspan(static_cast<std::size_t>(at) + 1));
  const std::size_t cols = format.block != 0 ? last : inner;
  return Layout{.rows = total / cols,
                .cols = cols,
                .channels = shape[static_cast<std::size_t>(at)],
                .rows_per_channel = inner / cols};
}

Status for_each_chunk(const data::NpyReader& array, const Layout& layout, std::size_t limit,
                      const std::function<Status(const Chunk&)>& body) {
  if (layout.rows == 0 || layout.cols == 0) return success();
  const bool pieces = layout.cols > limit;
  const std::size_t piece = std::max(kPieceUnit, limit / kPieceUnit * kPieceUnit);
  const std::size_t rows = pieces ? 1 : std::max<std::size_t>(1, limit / layout.cols);
  std::vector<float> buffer(
      std::min(layout.rows * layout.cols, pieces ? piece : rows * layout.cols));
  for (std::size_t row = 0; row < layout.rows; row += rows) {
    for (std::size_t col = 0; col < layout.cols; col += pieces ? piece : layout.cols) {
      if (Status s = check_interrupt(); !s) return s;
      const kernels::Shape shape =
          pieces ? kernels::Shape{1, std::min(piece, layout.cols - col)}
                 : kernels::Shape{std::min(rows, layout.rows - row), layout.cols};
      const std::size_t first = row * layout.cols + col;
      const std::span<float> x(buffer.data(), shape.size());
      if (Status s = array.read(first, x); !s) return s;
      if (Status s = body({first, row, shape, x}); !s) return s;
    }
  }
  return success();
}

}  // namespace posittune::cli
