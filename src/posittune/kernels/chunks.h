#pragma once

// Chunks: rows are cut into kChunk elements, which sums are taken over.

#include <algorithm>
#include <cstddef>

#include "posittune/base/threads.h"
#include "posittune/kernels/arrays.h"
#include "posittune/kernels/target.h"

namespace posittune::kernels {

inline std::size_t chunk_count(std::size_t n) { return (n + kChunk - 1) / kChunk; }

// Calls body(row, first column, count, index of the chunk in its row) for all chunks, on threads.
template <class Body>
void for_chunks(Shape shape, int threads, Body body) {
  const std::size_t per_row = chunk_count(shape.cols);
  // Tasks of 8 chunks or more: 32 K elements.
  constexpr std::size_t kPerTask = 8;
  const std::size_t chunks = shape.rows * per_row;
  parallel_for((chunks + kPerTask - 1) / kPerTask, threads, [&](std::size_t task) {
    const std::size_t last = std::min((task + 1) * kPerTask, chunks);
    for (std::size_t i = task * kPerTask; i < last; ++i) {
      const std::size_t col = i % per_row * kChunk;
      body(i / per_row, col, std::min(kChunk, shape.cols - col), i % per_row);
    }
  });
}

}  // namespace posittune::kernels
