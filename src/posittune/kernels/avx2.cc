// Compiled with -mavx2 -mbmi2. Nothing here may be an inline function that another file could
// share: the linker would be free to keep this file's version of it.

#include <cstdint>
#include <cstring>

#include "posittune/kernels/scalar.h"
#include "posittune/kernels/simd_avx2.h"
#include "posittune/kernels/target.h"

namespace posittune::kernels {
namespace avx2 {
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
}  // namespace avx2

const Target& avx2_target() {
  static const Target target = avx2::make_target("avx2");
  return target;
}

}  // namespace posittune::kernels
