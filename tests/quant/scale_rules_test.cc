// Each scale rule against its definition.

#include "posittune/quant/scale_rules.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "posittune/formats/codec.h"
#include "posittune/kernels/arrays.h"

namespace posittune::quant {
namespace {

using formats::Format;
using kernels::Shape;

constexpr ScaleRule kAll[] = {ScaleRule::kNone,     ScaleRule::kAbsmax,  ScaleRule::kRmsPow2,
                              ScaleRule::kMeanPow2, ScaleRule::kMsePow2, ScaleRule::kMse};

Format format(const char* name) { return formats::parse_format(name).value(); }

std::vector<Format> some_formats() {
  std::vector<Format> all;
  for (const char* name :
       {"posit<8,1>", "posit<8,0>", "posit<6,1>", "posit<16,4>", "posit<2,0>", "int8", "int4",
        "int2", "fp8_e4m3", "fp4_e2m1", "fp16", "bf16", "mxfp4", "mxint8"}) {
    all.push_back(format(name));
  }
  return all;
}

std::vector<float> normal(std::size_t n, float sigma, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, sigma);
  std::vector<float> x(n);
  for (float& v : x) v = distribution(random);
  return x;
}

float one_scale(const Format& f, ScaleRule rule, const std::vector<float>& x) {
  const auto scales = choose_scales(f, rule, x, {1, x.size()}, false);
  EXPECT_TRUE(scales.ok());
  EXPECT_EQ(scales->size(), 1u);
  return scales->front();
}

// The squared error of a scale, in double, by the arrays' quantize.
double error_of(const Format& f, std::span<const float> x, float scale,
                std::span<const float> weights = {}) {
  std::vector<float> y(x.size());
  EXPECT_TRUE(kernels::quantize(f, x, {1, x.size()}, {.values = {&scale, 1}}, y).ok());
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) continue;
    const double e = y[i] - x[i];
    sum += e * e * (weights.empty() ? 1.0 : double{weights[i]});
  }
  return sum;
}

bool is_power_of_two(float x) { return x > 0 && std::ldexp(1.0f, std::ilogb(x)) == x; }

TEST(ScaleRules, NamesBothWays) {
  std::vector<std::string_view> names;
  for (const ScaleRule rule : kAll) {
    const auto parsed = parse_scale_rule(name(rule));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, rule);
    names.push_back(name(rule));
  }
  EXPECT_EQ(scale_rule_names(), names);
  EXPECT_EQ(names, (std::vector<std::string_view>{"none", "absmax", "rms_pow2", "mean_pow2",
                                                  "mse_pow2", "mse"}));
}

TEST(ScaleRules, UnknownNamesListTheKnown) {
  for (const std::string& text : {std::string("mean"), std::string(), std::string(100'000, 'x')}) {
    const auto rule = parse_scale_rule(text);
    ASSERT_FALSE(rule.ok());
    EXPECT_EQ(rule.error().kind, ErrorKind::kUsage);
    EXPECT_LT(rule.error().what.size(), 100u);
    for (const auto known : scale_rule_names()) {
      EXPECT_NE(rule.error().expected.find(known), std::string::npos);
    }
  }
}

TEST(ScaleRules, NoneIsOne) {
  for (const Format& f : some_formats()) {
    EXPECT_EQ(one_scale(f, ScaleRule::kNone, {3, 1e30f, -7}), 1.0f) << formats::name(f);
  }
}

// Within two roundings of a float, and never so that the largest saturates.
TEST(ScaleRules, AbsmaxPutsTheLargestOnTheLargestValue) {
  struct Case {
    const char* format;
    double max;
  };
  for (const Case& c : {Case{"int8", 127}, Case{"int2", 1}, Case{"posit<8,1>", 4096},
                        Case{"fp8_e4m3", 448}, Case{"mxint8", 127.0 / 64}}) {
    for (const float size : {1e-6f, 0.3f, 1.0f, 77.0f, 1e6f, 1.1e20f}) {
      const float s =
          one_scale(format(c.format), ScaleRule::kAbsmax, {size / 3, -size, 0, size / 7});
      EXPECT_NEAR(s * double{size}, c.max, c.max * 0x1p-22) << c.format << " " << size;
      EXPECT_LE(s * size, c.max) << c.format << " " << size;
    }
  }
}

// The centre: 1 for posits and floats, max / 4 for ints, max for int2 and int3.
TEST(ScaleRules, RmsAndMeanGoToTheCentre) {
  struct Case {
    const char* format;
    double centre;
  };
  const std::vector<float> x = {3, -4, 0, 5};
  const double rms = std::sqrt(50.0 / 4), mean = 12.0 / 4;
  for (const Case& c : {Case{"posit<8,1>", 1}, Case{"posit<16,4>", 1}, Case{"fp8_e4m3", 1},
                        Case{"fp4_e2m1", 1}, Case{"int8", 31.75}, Case{"int4", 1.75},
                        Case{"int3", 3}, Case{"int2", 1}, Case{"mxfp4", 1}, Case{"mxint8", 1}}) {
    const auto power = [&](double statistic) {
      return std::ldexp(1.0f, static_cast<int>(std::lround(std::log2(c.centre / statistic))));
    };
    EXPECT_EQ(one_scale(format(c.format), ScaleRule::kRmsPow2, x), power(rms)) << c.format;
    EXPECT_EQ(one_scale(format(c.format), ScaleRule::kMeanPow2, x), power(mean)) << c.format;
  }
}

// Neither a scale that any other rule gives nor any power of two is better than mse_pow2 among
// powers of two, and mse is at least as good as that and as absmax.
TEST(ScaleRules, MseIsNeverWorseThanMsePow2NorThatThanAnyPowerOfTwo) {
  unsigned seed = 0;
  for (const Format& f : some_formats()) {
    for (const float sigma : {1e-3f, 1.0f, 300.0f}) {
      std::vector<float> x = normal(300, sigma, ++seed);
      if (seed % 3 == 0) x[17] = 40 * sigma;  // an outlier
      const float mse = one_scale(f, ScaleRule::kMse, x);
      const float pow2 = one_scale(f, ScaleRule::kMsePow2, x);
      EXPECT_TRUE(is_power_of_two(pow2));
      const double best = error_of(f, x, pow2);
      EXPECT_LE(error_of(f, x, mse), best) << formats::name(f) << " sigma " << sigma;
      const float absmax = one_scale(f, ScaleRule::kAbsmax, x);
      const bool absmax_near = std::fabs(std::log2(absmax / pow2)) <= 4;
      EXPECT_TRUE(std::fabs(std::log2(mse / pow2)) <= 1.0001 || (absmax_near && mse == absmax))
          << formats::name(f) << " " << mse << " " << pow2 << " " << absmax;
      if (absmax_near) {
        EXPECT_LE(error_of(f, x, mse), error_of(f, x, absmax)) << formats::name(f);
      }
      for (int e = -40; e <= 40; ++e) {
        const float other = std::ldexp(1.0f, e);
        EXPECT_LE(best, error_of(f, x, other) * (1 + 1e-12))
            << formats::name(f) << " sigma " << sigma << " chose " << pow2 << ", better: " << other;
      }
    }
  }
}

TEST(ScaleRules, PerRowIsEachRowByItself) {
  const Shape shape{6, 40};
  std::vector<float> x = normal(shape.size(), 1, 7);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= std::ldexp(1.0f, static_cast<int>(i / 40) * 3);
  for (std::size_t i = 80; i < 120; ++i) x[i] = 0;     // row 2
  for (std::size_t i = 120; i < 160; ++i) x[i] = NAN;  // row 3
  x[5] = INFINITY;
  for (const Format& f : some_formats()) {
    for (const ScaleRule rule : kAll) {
      const auto rows = choose_scales(f, rule, x, shape, true);
      ASSERT_TRUE(rows.ok());
      ASSERT_EQ(rows->size(), shape.rows);
      for (std::size_t row = 0; row < shape.rows; ++row) {
        const std::vector<float> one(x.begin() + static_cast<std::ptrdiff_t>(row * 40),
                                     x.begin() + static_cast<std::ptrdiff_t>(row * 40 + 40));
        EXPECT_EQ((*rows)[row], one_scale(f, rule, one)) << formats::name(f) << " " << name(rule);
      }
      EXPECT_EQ((*rows)[2], 1.0f) << name(rule);
      EXPECT_EQ((*rows)[3], 1.0f) << name(rule);
    }
  }
}

TEST(ScaleRules, PerTensorIsOneLongRow) {
  const std::vector<float> x = normal(600, 2, 8);
  for (const Format& f : some_formats()) {
    if (f.block != 0) continue;  // rows of 60 have blocks of their own
    for (const ScaleRule rule : kAll) {
      const auto scales = choose_scales(f, rule, x, {10, 60}, false);
      ASSERT_TRUE(scales.ok());
      EXPECT_EQ(*scales, std::vector<float>{one_scale(f, rule, x)})
          << formats::name(f) << name(rule);
    }
  }
}

// Column weights: an unimportant outlier no longer widens the range.
TEST(ScaleRules, WeightsWeighTheColumns) {
  const Shape shape{2, 100};
  std::vector<float> x = normal(shape.size(), 1, 9), weights(100, 1.0f);
  x[50] = x[150] = 60;
  weights[50] = 0;
  const Format f = format("int4");
  const auto plain = choose_scales(f, ScaleRule::kMse, x, shape, true);
  const auto weighted = choose_scales(f, ScaleRule::kMse, x, shape, true, weights);
  ASSERT_TRUE(plain.ok() && weighted.ok());
  for (std::size_t row = 0; row < 2; ++row) {
    const auto in = std::span(x).subspan(100 * row, 100);
    EXPECT_GT((*weighted)[row], (*plain)[row]);
    EXPECT_LT(error_of(f, in, (*weighted)[row], weights), error_of(f, in, (*plain)[row], weights));
    EXPECT_LT(error_of(f, in, (*plain)[row]), error_of(f, in, (*weighted)[row]));
  }
}

// Whatever the data, the scale can be used.
TEST(ScaleRules, AlwaysAUsableScale) {
  const std::vector<std::vector<float>> arrays = {{},
                                                  {0},
                                                  {0, -0.0f, 0},
                                                  {NAN, INFINITY},
                                                  {FLT_TRUE_MIN},
                                                  {FLT_MAX},
                                                  {FLT_MAX, FLT_TRUE_MIN},
                                                  {FLT_MIN, 0, NAN},
                                                  {1},
                                                  std::vector<float>(50, -3),
                                                  {-FLT_MAX, FLT_MAX, 1}};
  for (const Format& f : some_formats()) {
    for (const ScaleRule rule : kAll) {
      for (const auto& x : arrays) {
        const auto scales = choose_scales(f, rule, x, {1, x.size()}, false);
        ASSERT_TRUE(scales.ok());
        ASSERT_EQ(scales->size(), 1u);
        const float s = scales->front();
        EXPECT_TRUE(std::isfinite(s) && s >= FLT_MIN && std::isfinite(1 / s) && 1 / s >= FLT_MIN)
            << formats::name(f) << " " << name(rule) << " " << s;
        const bool nothing = x.empty() || x[0] == 0 || std::isnan(x[0]);
        EXPECT_TRUE(!nothing || s == 1.0f) << s;
      }
    }
  }
}

TEST(ScaleRules, EmptyShapesAndBadArguments) {
  const Format f = format("int8");
  EXPECT_EQ(choose_scales(f, ScaleRule::kMse, {}, {0, 5}, true)->size(), 0u);
  EXPECT_EQ(*choose_scales(f, ScaleRule::kMse, {}, {3, 0}, true), std::vector<float>(3, 1.0f));
  EXPECT_EQ(*choose_scales(f, ScaleRule::kMse, {}, {0, 5}, false), std::vector<float>{1.0f});
  const std::vector<float> x(10, 1.0f), weights(4, 1.0f);
  EXPECT_EQ(choose_scales(f, ScaleRule::kAbsmax, x, {2, 4}, true).error().kind, ErrorKind::kInput);
  for (const ScaleRule rule : kAll) {  // also where the weights would not be looked at
    const auto scales = choose_scales(f, rule, x, {2, 5}, true, weights);
    EXPECT_TRUE(!scales && scales.error().kind == ErrorKind::kInput) << name(rule);
  }
}

TEST(ScaleRules, CandidatesAreNeverEmptyAndStartWithTheBest) {
  kernels::Statistics none;
  EXPECT_EQ(scale_candidates(format("int8"), ScaleRule::kMse, none, 0, 1),
            std::vector<float>{1.0f});
  const auto s = kernels::statistics(normal(100, 1, 10));
  for (const Format& f : some_formats()) {
    for (const ScaleRule rule : kAll) {
      const std::size_t n = scale_candidates(f, rule, *s, 0, 1).size();
      EXPECT_TRUE(search_rounds(rule) == 0 ? n == 1 : n > 1) << name(rule) << " " << n;
    }
    EXPECT_EQ(scale_candidates(f, ScaleRule::kMse, *s, 1, 0.5f).front(), 0.5f);
  }
  EXPECT_EQ(search_rounds(ScaleRule::kMse), 2);
  EXPECT_EQ(search_rounds(ScaleRule::kMsePow2), 1);
  const auto of = [](const char* format, ScaleRule rule) { return token_rule(formats::parse_format(format).value(), rule); };
  for (const ScaleRule searched : {ScaleRule::kMse, ScaleRule::kMsePow2}) {
    EXPECT_EQ(of("posit<8,1>", searched), ScaleRule::kRmsPow2);
    EXPECT_EQ(of("int8", searched), ScaleRule::kAbsmax);
    EXPECT_EQ(of("fp8_e4m3", searched), ScaleRule::kAbsmax);
  }
  EXPECT_EQ(of("posit<8,1>", ScaleRule::kAbsmax), ScaleRule::kAbsmax);
  EXPECT_EQ(of("int8", ScaleRule::kMeanPow2), ScaleRule::kMeanPow2);
}

TEST(ScaleRules, BestCandidate) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(best_candidate(std::vector<double>{3, 1, 2}), 1u);
  EXPECT_EQ(best_candidate(std::vector<double>{2, 1, 1}), 1u);
  EXPECT_EQ(best_candidate(std::vector<double>{5}), 0u);
  EXPECT_EQ(best_candidate(std::vector<double>{nan, 4, 3}), 2u);
  EXPECT_EQ(best_candidate(std::vector<double>{4, nan, 3}), 2u);
  EXPECT_EQ(best_candidate(std::vector<double>{nan, nan, nan}), 0u);
}

}  // namespace
}  // namespace posittune::quant
