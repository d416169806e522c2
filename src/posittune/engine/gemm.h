#pragma once

// Matrix products on oneDNN: y = x * w^T with x of m x k, w of n x k, y of m x n, all row-major.
// The product is cut into tiles that depend on m, n and k only, so that results do not depend on
// the number of threads.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace posittune::engine {

struct GemmSize {
  std::size_t m = 0, n = 0, k = 0;
};

// A packed weight, in the order in which oneDNN's kernel reads it. The kernel copies an unpacked
// one at every call, which for 64 rows of x is a fifth of the time; a packed one takes as much
// memory again. So it is packed at the third call with 16 rows or more. The sums have the same
// bits. Nothing is kept where the kernel reads rows directly (AVX2 in oneDNN 2).
class PackedWeight {
 public:
  PackedWeight();
  ~PackedWeight();
  std::size_t bytes() const;

 private:
  friend void gemm_weight(const GemmSize&, const float*, const float*, float*, int, PackedWeight*);
  struct State;
  std::unique_ptr<State> state_;
};

// The product of a layer: faster than gemm_fp32, but sums over very many columns (k) are not cut
// into parts, and lose more precision. `packed` belongs to w and to no other weight; null: nothing
// is kept. One call at a time with the same `packed`.
void gemm_weight(const GemmSize& size, const float* x, const float* w, float* y, int threads,
                 PackedWeight* packed = nullptr);
void gemm_fp32(const GemmSize& size, const float* x, const float* w, float* y, int threads);
// The product y = x * w, with w of k x n.
void gemm_fp32_plain(const GemmSize& size, const float* x, const float* w, float* y, int threads);
// The product for m rows and n columns of a larger y, whose rows (and those of w) are `stride`
// floats apart, on the calling thread.
void gemm_fp32_part(const GemmSize& size, const float* x, const float* w, float* y,
                    std::size_t stride);

// Products of grid values with fp32 or int32 sums, then y[i][j] = sum * x_unscale[i or 0] *
// w_unscale[j or 0]. False when oneDNN has no kernel for the machine; y is then unchanged.
struct Unscale {
  std::span<const float> x, w;  // one value, or m and n
};
bool gemm_bf16(const GemmSize& size, const std::uint16_t* x, const std::uint16_t* w, float* y,
               const Unscale& unscale, int threads);
bool gemm_int8(const GemmSize& size, const std::int8_t* x, const std::int8_t* w, float* y,
               const Unscale& unscale, int threads);

// The product with exact sums.
void gemm_exact(const GemmSize& size, const float* x, const float* w, float* y, int threads);

// Sets one OpenMP thread: oneDNN runs on OpenMP and we on oneTBB, so every thread of ours must call
// this before it calls oneDNN.
void one_openmp_thread();

}  // namespace posittune::engine
