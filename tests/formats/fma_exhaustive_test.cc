// Every a*b + c of every posit of 6 to 8 bits, both variants: 192 million results against the
// oracle, on two threads (or those with the a that tests/sweep.h samples). Fewer bits are in
// arithmetic_test.cc.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "checker.h"
#include "oracle/posit_arithmetic.h"
#include "posittune/formats/arithmetic.h"
#include "posittune/formats/codec.h"
#include "tests/sweep.h"

namespace posittune::formats {
namespace {

constexpr std::uint32_t kThreads = 2;

struct Part {
  std::uint64_t visited = 0;
  std::string mismatch;
};

// All b and c for one a; stops at the first mismatch.
bool sweep(const Format& f, const oracle::SmallPosit& exact, std::uint32_t a, Part& part) {
  const auto codes = static_cast<std::uint32_t>(code_count(f));
  for (std::uint32_t b = 0; b < codes; ++b) {
    const bool nar = a == exact.nar() || b == exact.nar();
    const auto product = exact.product(a, b);
    for (std::uint32_t c = 0; c < codes; ++c, ++part.visited) {
      const std::uint32_t want =
          nar || c == exact.nar() ? exact.nar() : exact.add_rounded(product, c);
      const std::uint32_t got = posit_fma(f, a, b, c);
      if (got == want) continue;
      part.mismatch = name(f) + " fma\n  a " + show_code(f, a) + "\n  b " + show_code(f, b) +
                      "\n  c " + show_code(f, c) + "\n  got      " + show_code(f, got) +
                      "\n  expected " + show_code(f, want);
      return false;
    }
  }
  return true;
}

class FmaExhaustive : public testing::TestWithParam<Format> {};

TEST_P(FmaExhaustive, AllTriples) {
  const Format f = GetParam();
  const auto codes = static_cast<std::uint32_t>(code_count(f));
  const oracle::SmallPosit exact(f.bits, f.exp_bits, f.variant == kPositFlush);
  const auto sample = testing_support::Sample::from_environment();
  std::array<Part, kThreads> parts;
  std::atomic<std::uint32_t> next{0};
  const auto work = [&](Part& part) {
    for (std::uint32_t a = next++; a < codes; a = next++) {
      if (sample.visits(a) && !sweep(f, exact, a, part)) return;
    }
  };
  {
    std::jthread other(work, std::ref(parts[1]));
    work(parts[0]);
  }
  for (const Part& part : parts) ASSERT_EQ(part.mismatch, "");
  EXPECT_EQ(parts[0].visited + parts[1].visited, sample.visited(codes) << (2 * f.bits));
  EXPECT_GT(parts[0].visited + parts[1].visited, std::uint64_t{0});
}

std::string test_name(const testing::TestParamInfo<Format>& info) {
  const Format& f = info.param;
  return "posit" + std::to_string(f.bits) + "e" + std::to_string(f.exp_bits) +
         (f.variant == kPositFlush ? "ftz" : "");
}

INSTANTIATE_TEST_SUITE_P(Posits, FmaExhaustive, testing::ValuesIn(posits(6, 8)), test_name);

}  // namespace
}  // namespace posittune::formats
