// The header itself is included by vocabulary_avx2.cc, which has the flags that it needs.

#include <gtest/gtest.h>

#include "tests/kernels/test_targets.h"
#include "tests/kernels/vocabulary.h"

namespace posittune::kernels {
namespace {

#ifdef POSITTUNE_SIMD
TEST(SimdAvx2, EachOperationIsThatOfItsLanes) {
  if (!runs("avx2")) GTEST_SKIP() << "this processor has no AVX2";
  EXPECT_EQ(avx2_vocabulary().lanes, 8U);
  expect_scalar(avx2_vocabulary());
}
#endif

}  // namespace
}  // namespace posittune::kernels
