// Compiled with the flags of kernels/avx2.cc; the warning at its top holds here too.

#include "posittune/kernels/simd_avx2.h"
#include "tests/kernels/vocabulary.h"

namespace posittune::kernels {
namespace avx2 {
namespace {

#include "tests/kernels/vocabulary-inl.h"

}  // namespace
}  // namespace avx2

const Vocabulary& avx2_vocabulary() {
  static const Vocabulary vocabulary = avx2::make_vocabulary("avx2");
  return vocabulary;
}

}  // namespace posittune::kernels
