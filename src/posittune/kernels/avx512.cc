// Compiled with -mavx512{f,bw,dq,vl,cd} -mbmi2, and once more for the tests with
// POSITTUNE_EMULATE_AVX512 on AVX2. The warning at the top of avx2.cc holds here too.

#include <cstdint>
#include <cstring>

#include "posittune/kernels/scalar.h"
#include "posittune/kernels/simd_avx512.h"
#include "posittune/kernels/target.h"

namespace posittune::kernels {
namespace POSITTUNE_AVX512_NAMESPACE {
namespace {

// Each builds on those before it.
// clang-format off
#include "posittune/kernels/rounding-inl.h"
#include "posittune/kernels/decoding-inl.h"
#include "posittune/kernels/runs-inl.h"
#include "posittune/kernels/statistics-inl.h"
#include "posittune/kernels/packing-inl.h"
#include "posittune/kernels/table-inl.h"
// clang-format on

}  // namespace
}  // namespace POSITTUNE_AVX512_NAMESPACE

#ifdef POSITTUNE_EMULATE_AVX512
const Target& avx512_emulated_target() {
  static const Target target = avx512_emulated::make_target("avx512-emulated");
  return target;
}
#else
const Target& avx512_target() {
  static const Target target = avx512::make_target("avx512");
  return target;
}
#endif

}  // namespace posittune::kernels
