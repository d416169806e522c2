// Sweeps over the patterns of floats (tests/sweep.h says which part of them in the short run).
//
// Six formats: all 2^32 against the fast kernels, which are the twin's to the bit
// (tests/kernels/exhaustive_test.cc). All others against the twin itself, at a stride that is odd,
// so that signs, exponents and low bits all vary: 2^22 patterns of each format up to 8 bits, 2^20
// of wider ones.

#include "tests/sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <string>
#include <vector>

#include "posittune/base/threads.h"
#include "posittune/cuda/arithmetic.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/scalar.h"
#include "posittune/kernels/target.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"

namespace posittune::cuda {
namespace {

using formats::Format;
using kernels::mismatch;

constexpr std::size_t kPatterns = std::size_t{1} << 13;  // per task

struct Buffers {
  float x[kPatterns], values[kPatterns], found[kPatterns];
  std::uint32_t codes[kPatterns], found_codes[kPatterns];
};

class Sweep {
 public:
  explicit Sweep(const Format& format)
      : plan_(kernels::make_plan(format)), parameters_(parameters_of(format)) {}

  // Patterns 0, stride, 2 stride ... in `tasks` tasks. Empty, or the first mismatch that was met.
  std::string run(std::size_t tasks, std::uint32_t stride, bool twin) {
    parallel_for(tasks, 0, [&](std::size_t task) {
      if (!failed_ && sample_.visits(task)) chunk(task, stride, twin);
    });
    return mismatch_;
  }
  std::uint64_t visited() const { return visited_; }
  std::uint64_t expected(std::size_t tasks) const { return kPatterns * sample_.visited(tasks); }

 private:
  void chunk(std::size_t task, std::uint32_t stride, bool twin) {
    static thread_local Buffers b;
    for (std::size_t i = 0; i < kPatterns; ++i) {
      const auto index = static_cast<std::uint32_t>(task * kPatterns + i);
      b.x[i] = std::bit_cast<float>(index * stride);
    }
    expect(b, twin);
    with_algorithm(parameters_.algorithm, [&]<Algorithm kAlgorithm>() {
      const Scale one = scale_of(1);
      for (std::size_t i = 0; i < kPatterns; ++i) {
        b.found[i] = quantize_one<kAlgorithm>(parameters_, b.x[i], one);
        b.found_codes[i] = encode_one<kAlgorithm>(parameters_, b.x[i], one);
      }
      return 0;
    });
    note("quantize", mismatch<float, float>(b.values, b.found, b.x));
    note("encode", mismatch<std::uint32_t, float>(b.codes, b.found_codes, b.x));
    visited_ += kPatterns;
  }

  void expect(Buffers& b, bool twin) const {
    const kernels::Target& target = twin ? kernels::scalar_target() : kernels::active_target();
    const auto k = static_cast<std::size_t>(plan_.kind);
    const auto e = static_cast<std::size_t>(plan_.encode_kind);
    target.quantize[k](plan_, b.x, b.values, kPatterns, 1, 1);
    target.encode32[e](plan_, b.x, b.codes, kPatterns, 1, 1);
  }

  void note(const char* entry, const std::string& text) {
    if (text.empty() || failed_.exchange(true)) return;
    mismatch_ = std::string(entry) + ": " + text;
  }

  const testing_support::Sample sample_ = testing_support::Sample::from_environment();
  kernels::Plan plan_;
  Parameters parameters_;
  std::atomic<bool> failed_{false};
  std::string mismatch_;  // written once, by the task that set failed_
  std::atomic<std::uint64_t> visited_{0};
};

class CudaSweep : public testing::TestWithParam<const char*> {};

TEST_P(CudaSweep, EveryFloatEqualsTheKernels) {
  constexpr std::size_t kTasks = (std::size_t{1} << 32) / kPatterns;
  Sweep sweep(formats::parse_format(GetParam()).value());
  ASSERT_EQ(sweep.run(kTasks, 1, false), "") << GetParam();
  ASSERT_EQ(sweep.visited(), sweep.expected(kTasks));
  ASSERT_GT(sweep.visited(), std::uint64_t{0});
}

INSTANTIATE_TEST_SUITE_P(Formats, CudaSweep,
                         testing::Values("posit<8,0>", "posit<8,1>", "posit<8,2>", "posit<6,1>",
                                         "fp8_e4m3", "int8"));

TEST(CudaSweepByStride, EveryFormatEqualsTheTwin) {
  std::size_t formats = 0;
  for (const Format& format : kernels::plain_formats()) {
    const std::size_t count = std::size_t{1} << (format.bits <= 8 ? 22 : 20);
    const auto stride = static_cast<std::uint32_t>((std::uint64_t{1} << 32) / count + 1);
    Sweep sweep(format);
    ASSERT_EQ(sweep.run(count / kPatterns, stride, true), "") << formats::name(format);
    ASSERT_EQ(sweep.visited(), sweep.expected(count / kPatterns));
    ++formats;
  }
  EXPECT_GT(formats, 500U);
}

}  // namespace
}  // namespace posittune::cuda
