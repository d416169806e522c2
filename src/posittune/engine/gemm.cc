#include "posittune/engine/gemm.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "posittune/base/threads.h"
#include "posittune/engine/exact_dot.h"
#include "posittune/engine/onednn.h"
#include "posittune/engine/onednn_errors.h"

// Declared here because libgomp's header comes with g++ only.
extern "C" void omp_set_num_threads(int);

namespace posittune::engine {
namespace {

struct Tile {
  std::size_t row, rows, col, cols;
};

struct TileShape {
  std::size_t rows, cols, short_cols;  // short_cols: where one tile has all rows
};
// Large enough that packing costs little, small enough for the tasks of 16 threads. In floats most
// of it is packing w, once for each tile of rows; the narrow types leave w as it is and like wide
// tiles.
constexpr TileShape kWideTiles = {128, 1024, 256}, kHighTiles = {512, 384, 384};

// Tiles of equal size, as near as multiples of a vector allow, and two where one would be large: a
// product of 512 x 576 is two tiles of 288 columns, not of 384 and 192.
class Tiles {
 public:
  Tiles(const GemmSize& size, const TileShape& shape) : size_(size) {
    const std::size_t down = parts(size.m, shape.rows);
    rows_ = step(size.m, down);
    std::size_t across = parts(size.n, down > 1 ? shape.cols : shape.short_cols);
    if (across * down == 1 && size.n >= kLeastSplit) across = 2;
    step_ = step(size.n, across);
    across_ = parts(size.n, step_);
    count_ = across_ * parts(size.m, rows_);
  }

  std::size_t count() const { return count_; }
  Tile operator[](std::size_t i) const {
    const std::size_t row = i / across_ * rows_, col = i % across_ * step_;
    return {row, std::min(rows_, size_.m - row), col, std::min(step_, size_.n - col)};
  }

 private:
  static constexpr std::size_t kLeastSplit = 128, kVector = 16;
  static std::size_t parts(std::size_t length, std::size_t most) {
    return (length + most - 1) / most;
  }
  static std::size_t step(std::size_t length, std::size_t count) {
    return count == 0 ? kVector : parts(parts(length, count), kVector) * kVector;
  }

  GemmSize size_;
  std::size_t rows_ = 1, step_ = 1, across_ = 0, count_ = 0;
};

dnnl_dim_t dim(std::size_t value) { return static_cast<dnnl_dim_t>(value); }

void unscale_tile(const GemmSize& size, const Tile& tile, const Unscale& unscale, float* y) {
  for (std::size_t i = tile.row; i < tile.row + tile.rows; ++i) {
    const float row = unscale.x[unscale.x.size() == 1 ? 0 : i];
    float* out = y + i * size.n;
    if (unscale.w.size() == 1) {
      const float both = row * unscale.w[0];
      for (std::size_t j = tile.col; j < tile.col + tile.cols; ++j) out[j] *= both;
    } else {
      for (std::size_t j = tile.col; j < tile.col + tile.cols; ++j) out[j] *= row * unscale.w[j];
    }
  }
}

// oneDNN refuses rows of no length.
void empty_sums(const GemmSize& size, float* y) { std::fill_n(y, size.m * size.n, 0.0F); }

}  // namespace

void one_openmp_thread() {
  thread_local const bool done = (omp_set_num_threads(1), true);
  static_cast<void>(done);
}

// The matmul primitive: it takes packed weights, and its kernel for AVX-512 sums each row by
// itself, so that neither the number of rows, nor packing, nor the cut into tiles change a bit.
// State of a packed weight. oneDNN's kernel writes dense results only: a tile of columns goes
// through a buffer, tiles of packed weights have all columns.
struct PackedWeight::State {
  static constexpr int kUsesBefore = 2;
  static constexpr std::size_t kLeastRows = 16;  // oneDNN packs nothing for fewer

  int uses = 0;
  std::optional<dnnl::memory> all;
};

namespace {

dnnl::memory::desc rows_of(std::size_t rows, std::size_t cols) {
  return {{dim(rows), dim(cols)}, dnnl::memory::data_type::f32, dnnl::memory::dims{dim(cols), 1}};
}

// cols rows of w are the columns of k x cols.
dnnl::memory::desc columns_of(std::size_t k, std::size_t cols) {
  return {{dim(k), dim(cols)}, dnnl::memory::data_type::f32, dnnl::memory::dims{1, dim(k)}};
}

// oneDNN's errors of products that have no Result: a product that was not made must not be taken
// for one.
template <class Body>
void with_onednn_errors(const Body& body) {
  try {
    one_openmp_thread();
    body();
  } catch (const dnnl::error& error) {
    require(is_memory(error) ? dnnl_out_of_memory : error.status);
  }
}

// y of m x n, dense.
void multiply(const GemmSize& size, const float* x, const dnnl::memory& weight, float* y) {
  const dnnl::memory::desc src = rows_of(size.m, size.k), dst = rows_of(size.m, size.n);
  const dnnl::engine& cpu = onednn_cpu();
  dnnl::stream stream(cpu);
  dnnl::matmul(matmul_plan(src, weight.get_desc(), dst))
      .execute(stream, {{DNNL_ARG_SRC, {src, cpu, const_cast<float*>(x)}},
                        {DNNL_ARG_WEIGHTS, weight},
                        {DNNL_ARG_DST, {dst, cpu, y}}});
  stream.wait();
}

dnnl::memory as_columns(const float* w, std::size_t k, std::size_t cols) {
  return {columns_of(k, cols), onednn_cpu(), const_cast<float*>(w)};
}

// Empty where the kernel reads rows as they are.
std::optional<dnnl::memory> pack(const GemmSize& size, const float* w) {
  const dnnl::memory::desc any({dim(size.k), dim(size.n)}, dnnl::memory::data_type::f32,
                               dnnl::memory::format_tag::any);
  const dnnl::memory::desc wanted =
      matmul_plan(rows_of(size.m, size.k), any, rows_of(size.m, size.n)).weights_desc();
  if (wanted == columns_of(size.k, size.n) || wanted == rows_of(size.k, size.n))
    return std::nullopt;
  dnnl::memory from = as_columns(w, size.k, size.n), packed(wanted, onednn_cpu());
  dnnl::stream stream(onednn_cpu());
  dnnl::reorder(from, packed).execute(stream, from, packed);
  stream.wait();
  return packed;
}

void multiply_packed(const GemmSize& size, const float* x, const dnnl::memory& weight, float* y,
                     int threads) {
  // Few rows are cut into two tiles, each of which reads the whole weight.
  constexpr std::size_t kRows = 128, kLeast = 8;
  const std::size_t rows = std::clamp((size.m + 1) / 2, kLeast, kRows);
  parallel_for((size.m + rows - 1) / rows, threads, [&](std::size_t i) {
    const std::size_t first = i * rows, count = std::min(rows, size.m - first);
    with_onednn_errors(
        [&] { multiply({count, size.n, size.k}, x + first * size.k, weight, y + first * size.n); });
  });
}

}  // namespace

PackedWeight::PackedWeight() : state_(std::make_unique<State>()) {}
PackedWeight::~PackedWeight() = default;

std::size_t PackedWeight::bytes() const {
  return state_->all ? state_->all->get_desc().get_size() : 0;
}

void gemm_weight(const GemmSize& size, const float* x, const float* w, float* y, int threads,
                 PackedWeight* packed) {
  if (size.k == 0) return empty_sums(size, y);
  const Tiles tiles(size, kHighTiles);
  if (tiles.count() == 0) return;
  if (packed != nullptr && size.m >= PackedWeight::State::kLeastRows) {
    PackedWeight::State& kept = *packed->state_;
    if (kept.uses++ == PackedWeight::State::kUsesBefore)
      with_onednn_errors([&] { kept.all = pack(size, w); });
    if (kept.all) return multiply_packed(size, x, *kept.all, y, threads);
  }
  parallel_for(tiles.count(), threads, [&](std::size_t i) {
    const Tile tile = tiles[i];
    const GemmSize part{tile.rows, tile.cols, size.k};
    with_onednn_errors([&] {
      const dnnl::memory weight = as_columns(w + tile.col * size.k, size.k, tile.cols);
      const float* from = x + tile.row * size.k;
      float* to = y + tile.row * size.n + tile.col;
      if (tile.cols == size.n) return multiply(part, from, weight, to);
      thread_local std::vector<float> sums;
      sums.resize(tile.rows * tile.cols);
      multiply(part, from, weight, sums.data());
      for (std::size_t r = 0; r < tile.rows; ++r)
        std::copy_n(sums.data() + r * tile.cols, tile.cols, to + r * size.n);
    });
  });
}

void gemm_fp32(const GemmSize& size, const float* x, const float* w, float* y, int threads) {
  if (size.k == 0) return empty_sums(size, y);
  const Tiles tiles(size, kHighTiles);
  parallel_for(tiles.count(), threads, [&](std::size_t i) {
    one_openmp_thread();
    const Tile tile = tiles[i];
    require(dnnl_sgemm('N', 'T', dim(tile.rows), dim(tile.cols), dim(size.k), 1.0F,
                       x + tile.row * size.k, dim(size.k), w + tile.col * size.k, dim(size.k), 0.0F,
                       y + tile.row * size.n + tile.col, dim(size.n)));
  });
}

void gemm_fp32_part(const GemmSize& size, const float* x, const float* w, float* y,
                    std::size_t stride) {
  one_openmp_thread();
  require(dnnl_sgemm('N', 'N', dim(size.m), dim(size.n), dim(size.k), 1.0F, x, dim(size.k), w,
                     dim(stride), 0.0F, y, dim(stride)));
}

void gemm_fp32_plain(const GemmSize& size, const float* x, const float* w, float* y, int threads) {
  if (size.k == 0) return empty_sums(size, y);
  const Tiles tiles(size, kHighTiles);
  parallel_for(tiles.count(), threads, [&](std::size_t i) {
    const Tile tile = tiles[i];
    gemm_fp32_part({tile.rows, tile.cols, size.k}, x + tile.row * size.k, w + tile.col,
                   y + tile.row * size.n + tile.col, size.n);
  });
}

bool gemm_bf16(const GemmSize& size, const std::uint16_t* x, const std::uint16_t* w, float* y,
               const Unscale& unscale, int threads) {
  using Dims = dnnl::memory::dims;
  using Type = dnnl::memory::data_type;
  const Tiles tiles(size, kWideTiles);
  std::atomic<bool> good = true;
  parallel_for(tiles.count(), threads, [&](std::size_t i) {
    one_openmp_thread();
    const Tile tile = tiles[i];
    try {
      const dnnl::memory::desc src({dim(tile.rows), dim(size.k)}, Type::bf16, Dims{dim(size.k), 1});
      const dnnl::memory::desc wei({dim(size.k), dim(tile.cols)}, Type::bf16, Dims{1, dim(size.k)});
      const dnnl::memory::desc dst({dim(tile.rows), dim(tile.cols)}, Type::f32,
                                   Dims{dim(size.n), 1});
      const dnnl::engine& cpu = onednn_cpu();
      dnnl::stream stream(cpu);
      dnnl::matmul(matmul_plan(src, wei, dst))
          .execute(
              stream,
              {{DNNL_ARG_SRC, {src, cpu, const_cast<std::uint16_t*>(x + tile.row * size.k)}},
               {DNNL_ARG_WEIGHTS, {wei, cpu, const_cast<std::uint16_t*>(w + tile.col * size.k)}},
               {DNNL_ARG_DST, {dst, cpu, y + tile.row * size.n + tile.col}}});
      stream.wait();
      unscale_tile(size, tile, unscale, y);
    } catch (const dnnl::error& error) {
      if (is_memory(error)) throw std::bad_alloc();
      good = false;
    }
  });
  return good;
}

bool gemm_int8(const GemmSize& size, const std::int8_t* x, const std::int8_t* w, float* y,
               const Unscale& unscale, int threads) {
  const Tiles tiles(size, kWideTiles);
  std::atomic<bool> good = true;
  parallel_for(tiles.count(), threads, [&](std::size_t i) {
    one_openmp_thread();
    const Tile tile = tiles[i];
    thread_local std::vector<std::int32_t> sums;
    sums.resize(tile.rows * tile.cols);
    const std::int32_t no_offset = 0;
    const dnnl_status_t done =
        dnnl_gemm_s8s8s32('N', 'T', 'F', dim(tile.rows), dim(tile.cols), dim(size.k), 1.0F,
                          x + tile.row * size.k, dim(size.k), 0, w + tile.col * size.k, dim(size.k),
                          0, 0.0F, sums.data(), dim(tile.cols), &no_offset);
    if (done == dnnl_out_of_memory) throw std::bad_alloc();
    if (done != dnnl_success) {
      good = false;
      return;
    }
    for (std::size_t r = 0; r < tile.rows; ++r) {
      float* out = y + (tile.row + r) * size.n + tile.col;
      const std::int32_t* from = sums.data() + r * tile.cols;
      for (std::size_t c = 0; c < tile.cols; ++c) out[c] = static_cast<float>(from[c]);
    }
    unscale_tile(size, tile, unscale, y);
  });
  return good;
}

void gemm_exact(const GemmSize& size, const float* x, const float* w, float* y, int threads) {
  parallel_for(size.m, threads, [&](std::size_t i) {
    for (std::size_t j = 0; j < size.n; ++j) {
      y[i * size.n + j] = exact_dot({x + i * size.k, size.k}, {w + j * size.k, size.k});
    }
  });
}

}  // namespace posittune::engine
