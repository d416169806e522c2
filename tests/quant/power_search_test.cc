// The best power of two, beside all of them.

#include "posittune/quant/power_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "posittune/formats/codec.h"

namespace posittune::quant {
namespace {

using formats::Format;

Format format(const char* name) { return formats::parse_format(name).value(); }

// In doubles, where no product overflows.
double error_of(const Format& format, const std::vector<float>& x, float scale) {
  double sum = 0;
  for (const float each : x) {
    const double y =
        formats::round(formats::saturating(format), double{each} * double{scale}) / double{scale};
    sum += (y - double{each}) * (y - double{each});
  }
  return sum;
}

Unit unit_of(const std::vector<float>& x) {
  const auto statistics = kernels::statistics(x);
  EXPECT_TRUE(statistics.ok());
  return plain_unit(*statistics);
}

// Exact errors of each list, counting how many there were.
Measure measure(const Format& format, const std::vector<std::vector<float>>& data,
                std::size_t& count) {
  return {.all = [&](const kernels::ScaleLists& lists) -> Result<std::vector<std::vector<double>>> {
    std::vector<std::vector<double>> errors(lists.size());
    for (std::size_t u = 0; u < lists.size(); ++u) {
      for (const float scale : lists[u]) errors[u].push_back(error_of(format, data[u], scale));
      count += lists[u].size();
    }
    return errors;
  }};
}

std::vector<std::vector<float>> some_data() {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> data;
  for (const int shift : {-60, -20, 0, 3, 40}) {
    for (const int kind : {0, 1, 2}) {
      std::vector<float> x(64);
      for (float& each : x) {
        each = std::ldexp(normal(random), shift);
        if (kind == 1) each *= std::exp(2 * normal(random));
      }
      if (kind == 2) x[5] = std::ldexp(100.0f, shift);  // an outlier
      data.push_back(x);
    }
  }
  data.push_back(std::vector<float>(64, 0.0f));
  data.push_back({1.0f});
  return data;
}

TEST(PowerSearch, NoPowerOfTwoIsBetter) {
  const auto data = some_data();
  std::vector<Unit> units;
  for (const auto& x : data) units.push_back(unit_of(x));
  for (const char* name : {"posit<8,1>", "posit<6,2>", "posit<5,0>", "int8", "int4", "int2",
                           "fp8_e4m3", "fp4_e2m1", "bf16"}) {
    const Format of = format(name);
    std::size_t measured = 0;
    const auto scales = best_powers(of, units, measure(of, data, measured));
    ASSERT_TRUE(scales.ok()) << scales.error().message();
    ASSERT_EQ(scales->size(), data.size());
    for (std::size_t u = 0; u < data.size(); ++u) {
      const double chosen = error_of(of, data[u], (*scales)[u]);
      for (int e = -kMaxScaleExponent; e <= kMaxScaleExponent; ++e)
        ASSERT_LE(chosen, error_of(of, data[u], power(e))) << name << " " << u << " 2^" << e;
      EXPECT_EQ(power(std::ilogb((*scales)[u])), (*scales)[u]);
    }
    EXPECT_EQ((*scales)[data.size() - 2], 1) << name;  // of zeros
    // Far from all there are; no bound leaves a scale out where the range is that of fp32.
    if (of.exp_bits < 8) {
      EXPECT_LT(measured, data.size() * 100) << name;
    }
  }
}

TEST(PowerSearch, ErrorsOfAMeasureAreItsOwn) {
  const auto refused = best_powers(
      format("int8"), std::vector<Unit>{unit_of({1, 2})},
      {.all = [](const kernels::ScaleLists&) -> Result<std::vector<std::vector<double>>> {
        return Error{.kind = ErrorKind::kInterrupted, .what = "stopped"};
      }});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kInterrupted);
}

TEST(PowerSearch, ScalesAreNormalFloatsWithNormalReciprocals) {
  EXPECT_EQ(power(0), 1);
  EXPECT_EQ(power(-3), 0.125f);
  EXPECT_EQ(power(1000), std::ldexp(1.0f, kMaxScaleExponent));
  EXPECT_EQ(power(-1000), std::ldexp(1.0f, -kMaxScaleExponent));
  EXPECT_EQ(usable(3.5), 3.5f);
  EXPECT_EQ(usable(1e60), power(kMaxScaleExponent));
  EXPECT_EQ(usable(0), power(-kMaxScaleExponent));
  EXPECT_EQ(nearest_exponent(5.6), 2);
  EXPECT_EQ(nearest_exponent(5.7), 3);  // 2^2.5 = 5.66
}

// int8: 127 / 2 = 63.5, of which 32 is the power below; its centre is 127 / 4, the rms is 1.
TEST(PowerSearch, LandmarksByHand) {
  const Unit unit = unit_of({2, 0, 0, 0});
  EXPECT_EQ(unit.statistics.rms(), 1);
  const Landmarks marks = landmarks(format("int8"), unit.statistics);
  EXPECT_EQ(marks.fit, 5);
  EXPECT_EQ(marks.bulk, 5);
  EXPECT_EQ(largest(format("int8")), 127);
  const Landmarks posit = landmarks(format("posit<8,1>"), unit.statistics);
  EXPECT_EQ(posit.bulk, 0);                                              // rms to 1
  EXPECT_EQ(posit.fit, 11);                                              // 4096 / 2
  EXPECT_EQ(landmarks(format("posit<32,4>"), unit.statistics).fit, 24);  // no further apart
}

}  // namespace
}  // namespace posittune::quant
