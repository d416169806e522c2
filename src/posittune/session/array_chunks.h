#pragma once

// Chunks of an npy array: pieces that fit in memory, with the scale channels of their rows.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "posittune/data/npy.h"
#include "posittune/formats/format.h"
#include "posittune/kernels/arrays.h"

namespace posittune::session {

// Layout of an array: how elements map to rows, and rows to scale channels.
struct Layout {
  std::size_t rows = 0, cols = 0;    // rows of `cols` contiguous elements
  std::size_t channels = 1;          // scales
  std::size_t rows_per_channel = 1;  // channel = row / rows_per_channel % channels

  std::size_t channel(std::size_t row) const { return row / rows_per_channel % channels; }
};

// Makes the layout: one channel without `axis`, else one for each index of that axis (negative:
// from the end). kUsage for the last axis with a block format, whose blocks run along it.
Result<Layout> make_layout(const std::vector<std::size_t>& shape, std::optional<int> axis,
                           const formats::Format& format);

struct Chunk {
  std::size_t first;     // element
  std::size_t row;       // row of its first element
  kernels::Shape shape;  // whole rows, or a piece of one row
  std::span<const float> x;
};

// Calls body for the array from front to back, in chunks of at most `limit` elements; checks for
// interrupts in between. Pieces of long rows start at multiples of 4096 columns; chunks of short
// rows hold all channels equally often where they can.
Status for_each_chunk(const data::NpyReader& array, const Layout& layout, std::size_t limit,
                      const std::function<Status(const Chunk&)>& body);

// Channel rows, for statistics, each of one channel: the chunk itself, or, when its rows are short
// (an inner axis), a copy in `buffer` with the elements of each channel side by side.
struct ChannelRows {
  kernels::Shape shape;
  std::span<const float> x;
  std::vector<std::size_t> channels;  // [row]
};
ChannelRows channel_rows(const Layout& layout, const Chunk& chunk, std::vector<float>& buffer);

}  // namespace posittune::session
