#include "posittune/session/array_chunks.h"

#include <algorithm>

#include "posittune/base/interrupt.h"

namespace posittune::session {
namespace {

constexpr std::size_t kPieceUnit = 4096;

// Rows below this many elements cost more in calls than in arithmetic.
constexpr std::size_t kShortRow = 64;

// More scales than this are a mistaken axis, not output channels, and would fill the memory.
constexpr std::size_t kMaxChannels = std::size_t{1} << 20;

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
  if (!axis) {
    if (total == 0) return Layout{};
    // Without blocks the shape does not matter: one row.
    const std::size_t cols = format.block != 0 ? last : total;
    return Layout{.rows = total / cols, .cols = cols, .channels = 1, .rows_per_channel = 1};
  }
  const int rank = static_cast<int>(shape.size());
  const int at = *axis < 0 ? *axis + rank : *axis;
  if (at < 0 || at >= rank) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the array has no such axis",
                 .where = "`axis`",
                 .expected = rank == 0 ? "no axis: the array is a scalar"
                                       : "0 to " + std::to_string(rank - 1) + " or negative",
                 .found = std::to_string(*axis)};
  }
  if (format.block != 0 && at == rank - 1) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the blocks of " + formats::name(format) + " run along the last axis",
                 .where = "`axis`",
                 .expected = "another axis",
                 .found = std::to_string(*axis)};
  }
  const std::size_t channels = shape[static_cast<std::size_t>(at)];
  if (channels > kMaxChannels) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "too many scales",
                 .where = "`axis`",
                 .expected = "at most " + std::to_string(kMaxChannels),
                 .found = std::to_string(channels)};
  }
  if (total == 0) return Layout{};
  const std::span<const std::size_t> dims(shape);
  const std::size_t inner = product(dims.subspan(static_cast<std::size_t>(at) + 1));
  const std::size_t cols = format.block != 0 ? last : inner;
  return Layout{
      .rows = total / cols, .cols = cols, .channels = channels, .rows_per_channel = inner / cols};
}

Status for_each_chunk(const data::NpyReader& array, const Layout& layout, std::size_t limit,
                      const std::function<Status(const Chunk&)>& body) {
  if (layout.rows == 0 || layout.cols == 0) return success();
  const bool pieces = layout.cols > limit;
  const std::size_t piece = std::max(kPieceUnit, limit / kPieceUnit * kPieceUnit);
  std::size_t rows = pieces ? 1 : std::max<std::size_t>(1, limit / layout.cols);
  if (const std::size_t round = layout.channels * layout.rows_per_channel; round <= rows) {
    rows = rows / round * round;
  }
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

ChannelRows channel_rows(const Layout& layout, const Chunk& chunk, std::vector<float>& buffer) {
  const std::size_t rows = chunk.shape.rows, cols = chunk.shape.cols;
  const std::size_t round = layout.channels * layout.rows_per_channel;
  const bool whole_rounds = chunk.row % round == 0 && rows % round == 0;
  ChannelRows result{chunk.shape, chunk.x, {}};
  if (layout.channels == 1 || cols >= kShortRow || !whole_rounds) {
    for (std::size_t i = 0; i < rows; ++i) {
      result.channels.push_back(layout.channel(chunk.row + i));
    }
    return result;
  }
  buffer.resize(rows * cols);
  const std::size_t length = rows * cols / layout.channels;
  std::vector<std::size_t> filled(layout.channels);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t channel = layout.channel(chunk.row + i);
    std::copy_n(chunk.x.data() + i * cols, cols,
                buffer.data() + channel * length + filled[channel]);
    filled[channel] += cols;
  }
  for (std::size_t c = 0; c < layout.channels; ++c) result.channels.push_back(c);
  result.shape = {layout.channels, length};
  result.x = buffer;
  return result;
}

}  // namespace posittune::session
