#pragma once

// An npy array cut into pieces that fit in memory and know their scales.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "posittune/data/npy.h"
#include "posittune/formats/format.h"
#include "posittune/kernels/arrays.h"

namespace posittune::session {

// How the elements map to rows of one scale channel each.
struct Layout {
  std::size_t rows = 0, cols = 0;    // rows of `cols` contiguous elements
  std::size_t channels = 1;          // scales
  std::size_t rows_per_channel = 1;  // channel = row / rows_per_channel % channels

  std::size_t channel(std::size_t row) const { return row / rows_per_channel % channels; }
};

// Per tensor without `axis`, else one channel for each index of that axis (negative: from the end).
// Blocks of a format run along the last axis, so that cannot be the channel axis then.
Result<Layout> make_layout(const std::vector<std::size_t>& shape, std::optional<int> axis,
                           const formats::Format& format);

struct Chunk {
  std::size_t first;     // element
  std::size_t row;       // of its first element
  kernels::Shape shape;  // whole rows, or a piece of one row
  std::span<const float> x;
};

// Reads the array from front to back in chunks of at most `limit` elements and calls body; looks
// for interrupts in between. Pieces of long rows start at multiples of 4096 columns; chunks of
// short rows hold whole rounds of the channels when such a round fits.
Status for_each_chunk(const data::NpyReader& array, const Layout& layout, std::size_t limit,
                      const std::function<Status(const Chunk&)>& body);

// Rows of one channel each, for statistics: the chunk itself, or, when its rows are short (an inner
// axis), a copy in `buffer` with the elements of each channel side by side.
struct ChannelRows {
  kernels::Shape shape;
  std::span<const float> x;
  std::vector<std::size_t> channels;  // of each row
};
ChannelRows channel_rows(const Layout& layout, const Chunk& chunk, std::vector<float>& buffer);

}  // namespace posittune::session
