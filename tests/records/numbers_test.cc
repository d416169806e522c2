#include "posittune/records/numbers.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>

namespace posittune::records {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The oracle is the C library's strtod.
TEST(Numbers, TextReadsBackAsTheSameDouble) {
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(8), "8");
  EXPECT_EQ(number_text(-kInfinity), "-Infinity");
  EXPECT_EQ(std::strtod(number_text(std::numeric_limits<double>::denorm_min()).c_str(), nullptr),
            std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(std::strtod(number_text(-std::numeric_limits<double>::max()).c_str(), nullptr),
            -std::numeric_limits<double>::max());
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> numbers(0, 50);
  for (int i = 0; i < 10'000; ++i) {
    const double x = numbers(random);
    ASSERT_EQ(std::strtod(number_text(x).c_str(), nullptr), x);
  }
}

}  // namespace
}  // namespace posittune::records
