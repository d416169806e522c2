// All 2^32 floats (or the sample of them that tests/sweep.h names) through the fast kernels against
// the scalar twin, for six formats.
//
// The comparison is direct: for every pattern the twin's encode_one is computed, and every real
// vector target must give that code in encode and its value in quantize. The value is the twin's
// decode_one of the code (all codes are in a table), NaN for NaN; that round_one is the same thing
// is itself checked on every 8th pattern, because computing it for all of them would double the
// time. Six sweeps take about three and a half minutes on two free processors, nearly all of it in
// the twin. The emulated AVX-512 target is too slow for all patterns and sees one chunk of 8192
// in 61.

#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/threads.h"
#include "posittune/kernels/scalar.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"
#include "tests/sweep.h"

namespace posittune::kernels {
namespace {

constexpr std::size_t kChunkBits = 13;
constexpr std::size_t kPatterns = std::size_t{1} << kChunkBits;  // per task
constexpr std::size_t kTasks = std::size_t{1} << (32 - kChunkBits);

class Sweep {
 public:
  Sweep(const std::string& format, std::vector<const Target*> targets)
      : plan_(make_plan(formats::parse_format(format).value())), targets_(std::move(targets)) {
    for (std::uint32_t code = 0; code < 256; ++code) values_.push_back(decode_one(plan_, code));
  }

  // Empty, or the first mismatch that was met.
  std::string run() {
    parallel_for(kTasks, 0, [this](std::size_t task) {
      if (!failed_ && sample_.visits(task)) chunk(static_cast<std::uint32_t>(task << kChunkBits));
    });
    return mismatch_;
  }
  std::uint64_t visited() const { return visited_; }
  std::uint64_t expected() const { return kPatterns * sample_.visited(kTasks); }

 private:
  struct Buffers {
    float x[kPatterns], values[kPatterns], found[kPatterns];
    std::uint8_t codes[kPatterns], found_codes[kPatterns];
  };

  void chunk(std::uint32_t first) {
    static thread_local Buffers b;
    const auto k = static_cast<std::size_t>(plan_.kind),
               e = static_cast<std::size_t>(plan_.encode_kind);
    for (std::size_t i = 0; i < kPatterns; ++i) {
      b.x[i] = std::bit_cast<float>(first + static_cast<std::uint32_t>(i));
      b.codes[i] = static_cast<std::uint8_t>(encode_one(plan_, b.x[i], 1));
      b.values[i] = values_[b.codes[i]];
    }
    for (std::size_t i = (first >> kChunkBits) % 8; i < kPatterns; i += 8) {
      const float direct = round_one(plan_, b.x[i], 1);
      note(scalar_target(), "round_one", mismatch<float, float>({&direct, 1}, {&b.values[i], 1}));
    }
    for (const Target* target : targets_) {
      const bool emulated = std::string_view(target->name) == "avx512-emulated";
      if (emulated && (first >> kChunkBits) % 61 != 0) continue;
      target->quantize[k](plan_, b.x, b.found, kPatterns, 1, 1);
      note(*target, "quantize", mismatch<float, float>(b.values, b.found, b.x));
      target->encode8[e](plan_, b.x, b.found_codes, kPatterns, 1, 1);
      note(*target, "encode8", mismatch<std::uint8_t, float>(b.codes, b.found_codes, b.x));
    }
    visited_ += kPatterns;
  }

  void note(const Target& target, const char* entry, const std::string& text) {
    if (text.empty() || failed_.exchange(true)) return;
    mismatch_ = std::string(target.name) + " " + entry + ": " + text;
  }

  const testing_support::Sample sample_ = testing_support::Sample::from_environment();
  Plan plan_;
  std::vector<const Target*> targets_;
  std::vector<float> values_;
  std::atomic<bool> failed_{false};
  std::string mismatch_;  // written once, by the task that set failed_
  std::atomic<std::uint64_t> visited_{0};
};

class Exhaustive : public testing::TestWithParam<const char*> {};

TEST_P(Exhaustive, EveryFloatEqualsTheTwin) {
  const auto targets = vector_targets();
  if (targets.empty()) GTEST_SKIP() << "no vector target on this machine: nothing to compare";
  for (const Target* target : targets) {
    std::printf("%s on %s\n", GetParam(), target->name);
  }
  Sweep sweep(GetParam(), targets);
  ASSERT_EQ(sweep.run(), "") << GetParam();
  ASSERT_EQ(sweep.visited(), sweep.expected());
  ASSERT_GT(sweep.visited(), std::uint64_t{0});
}

INSTANTIATE_TEST_SUITE_P(Formats, Exhaustive,
                         testing::Values("posit<8,0>", "posit<8,1>", "posit<8,2>", "posit<6,1>",
                                         "fp8_e4m3", "fp8_e5m2"));

}  // namespace
}  // namespace posittune::kernels
