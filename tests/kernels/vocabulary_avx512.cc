// Compiled with the flags of kernels/avx512.cc, and once more with POSITTUNE_EMULATE_AVX512 on
// AVX2. The warning at the top of kernels/avx2.cc holds here too.

#include "posittune/kernels/simd_avx512.h"
#include "tests/kernels/vocabulary.h"

namespace posittune::kernels {
namespace POSITTUNE_AVX512_NAMESPACE {
namespace {

#include "tests/kernels/vocabulary-inl.h"

}  // namespace
}  // namespace POSITTUNE_AVX512_NAMESPACE

#ifdef POSITTUNE_EMULATE_AVX512
const Vocabulary& avx512_emulated_vocabulary() {
  static const Vocabulary vocabulary = avx512_emulated::make_vocabulary("avx512-emulated");
  return vocabulary;
}
#else
const Vocabulary& avx512_vocabulary() {
  static const Vocabulary vocabulary = avx512::make_vocabulary("avx512");
  return vocabulary;
}
#endif

}  // namespace posittune::kernels
