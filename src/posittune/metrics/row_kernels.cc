#include "posittune/metrics/row_kernels.h"

#include <algorithm>
#include <array>
#include <limits>

#include "posittune/metrics/lanes.h"

namespace posittune::metrics {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

template <std::size_t N>
POSITTUNE_INLINE float max_of(const float* x, std::size_t n) {
  Floats<N> max = Floats<N>{} - kInf;
  for (std::size_t i = 0; i < n; i += N) {
    const Floats<N> v = load<N>(x + i, n - i, -kInf);
    max = v > max ? v : max;  // a NaN is not greater
  }
  float best = max[0];
  for (std::size_t j = 1; j < N; ++j) best = std::max(best, max[j]);
  return best;
}

template <std::size_t N>
POSITTUNE_INLINE SoftmaxSums softmax(const float* x, std::size_t n, float* exponentials) {
  const float max = max_of<N>(x, n);
  RowSum<N> sum;
  for (std::size_t i = 0; i < n; i += N) {
    const Floats<N> e = exp_softmax<N>(load<N>(x + i, n - i, -kInf) - max);
    store<N>(e, exponentials + i, n - i);
    sum.add(i, Doubles<N>::of(e));
  }
  return {max, sum.total()};
}

template <std::size_t N>
POSITTUNE_INLINE double kl(const float* x, const float* y, const float* p, const float* q,
                           std::size_t n, float scale, float shift) {
  RowSum<N> sum;
  for (std::size_t i = 0; i < n; i += N) {
    const std::size_t left = n - i;
    const Floats<N> t = (load<N>(y + i, left, 0) - load<N>(x + i, left, 0)) + shift;
    const Floats<N> part = kl_part<N>(load<N>(p + i, left, 0), load<N>(q + i, left, 0) * scale, t);
    sum.add(i, Doubles<N>::of(part));
  }
  return sum.total();
}

template <std::size_t N>
POSITTUNE_INLINE DeviationSums deviation(const float* x, const float* y, std::size_t n) {
  RowSum<N> xx, yy, xy, noise;
  for (std::size_t i = 0; i < n; i += N) {
    const auto a = Doubles<N>::of(load<N>(x + i, n - i, 0));
    const auto b = Doubles<N>::of(load<N>(y + i, n - i, 0));
    xx.add(i, a * a);
    yy.add(i, b * b);
    xy.add(i, a * b);
    noise.add(i, (a - b) * (a - b));
  }
  return {xx.total(), yy.total(), xy.total(), noise.total()};
}

// The three functions for N lanes under a name, with the instruction set that has such registers.
#define POSITTUNE_ROW_KERNELS(NAME, N, ...)                                                    \
  __VA_ARGS__ SoftmaxSums NAME##_softmax(const float* x, std::size_t n, float* exponentials) { \
    return softmax<N>(x, n, exponentials);                                                     \
  }                                                                                            \
  __VA_ARGS__ double NAME##_kl(const float* x, const float* y, const float* p, const float* q, \
                               std::size_t n, float scale, float shift) {                      \
    return kl<N>(x, y, p, q, n, scale, shift);                                                 \
  }                                                                                            \
  __VA_ARGS__ DeviationSums NAME##_deviation(const float* x, const float* y, std::size_t n) {  \
    return deviation<N>(x, y, n);                                                              \
  }                                                                                            \
  constexpr RowKernels NAME = {#NAME, NAME##_softmax, NAME##_kl, NAME##_deviation};

POSITTUNE_ROW_KERNELS(baseline, 4)
#if defined(POSITTUNE_SIMD)
POSITTUNE_ROW_KERNELS(avx2, 8, __attribute__((target("avx2"))))
#endif

struct Available {
  std::array<RowKernels, 2> kernels{};
  std::size_t count = 0;
};

Available find_available() {
  Available found;
  found.kernels[found.count++] = baseline;
#if defined(POSITTUNE_SIMD)
  if (__builtin_cpu_supports("avx2")) found.kernels[found.count++] = avx2;
#endif
  return found;
}

}  // namespace

std::span<const RowKernels> row_kernels() {
  static const Available available = find_available();
  return std::span(available.kernels).first(available.count);
}

}  // namespace posittune::metrics
