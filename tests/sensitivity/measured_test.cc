#include "posittune/sensitivity/measured.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace posittune::sensitivity {
namespace {

// The part of a normal distribution beyond z standard deviations, to both sides.
double beyond(double z) { return std::erfc(z / std::sqrt(2.0)); }

TEST(Measured, AnIntervalLeavesFivePercentOutside) { EXPECT_NEAR(beyond(kInterval), 0.05, 1e-4); }

// Ten looks at growing data whose mean is zero: at any of them the mean is beyond its bound in 5 %
// of the runs. 200,000 runs have a standard deviation of 0.0005; the two digits of the bound make
// 0.0007 less.
TEST(Measured, TenLooksAtABoundOfPocock) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  constexpr int kRuns = 200'000, kLooks = 10;
  int crossed = 0, crossed_plain = 0;
  for (int run = 0; run < kRuns; ++run) {
    double sum = 0;
    bool bound = false, plain = false;
    for (int look = 1; look <= kLooks; ++look) {
      sum += normal(random);
      const double z = std::fabs(sum) / std::sqrt(double{1} * look);
      bound |= z > kSequential;
      plain |= z > kInterval;
    }
    crossed += bound ? 1 : 0;
    crossed_plain += plain ? 1 : 0;
  }
  EXPECT_NEAR(crossed / double{kRuns}, 0.05, 0.003);
  EXPECT_GT(crossed_plain / double{kRuns}, 0.15);  // why the bound of one look will not do
}

TEST(Stopwatch, AddsItsTimeToWhatIsThere) {
  records::TierCost cost;
  cost.seconds = 5;
  double seen = 0;
  {
    const Stopwatch watch(cost);
    const double first = watch.seconds();
    EXPECT_GE(first, 0);
    seen = watch.seconds();
    EXPECT_GE(seen, first);
    EXPECT_EQ(cost.seconds, 5);  // until the end
  }
  EXPECT_GE(cost.seconds, 5 + seen);
}

}  // namespace
}  // namespace posittune::sensitivity
