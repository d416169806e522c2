// The header itself is included by vocabulary_avx512.cc, which has the flags that it needs.

#include <gtest/gtest.h>

#include "tests/kernels/test_targets.h"
#include "tests/kernels/vocabulary.h"

namespace posittune::kernels {
namespace {

#ifdef POSITTUNE_SIMD
TEST(SimdAvx512, EachOperationIsThatOfItsLanes) {
  if (!runs("avx512")) GTEST_SKIP() << "this processor has no AVX-512";
  EXPECT_EQ(avx512_vocabulary().lanes, 16U);
  expect_scalar(avx512_vocabulary());
}

// The stand-ins of avx512_emulation.h do what the instructions do.
TEST(SimdAvx512, EachEmulatedOperationIsThatOfItsLanes) {
  if (!runs("avx2")) GTEST_SKIP() << "this processor has no AVX2, which the emulation is built on";
  EXPECT_EQ(avx512_emulated_vocabulary().lanes, 16U);
  expect_scalar(avx512_emulated_vocabulary());
}
#endif

}  // namespace
}  // namespace posittune::kernels
