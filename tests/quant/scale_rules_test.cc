// Each scale rule against its definition.

#include "posittune/quant/scale_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "posittune/formats/codec.h"
#include "posittune/kernels/arrays.h"
#include "posittune/quant/power_search.h"

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
  EXPECT_TRUE(
      kernels::quantize(formats::saturating(f), x, {1, x.size()}, {.values = {&scale, 1}}, y).ok());
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

// What the entry of a rule says of its scales, against the scales that it chooses. A rule that is
// added and forgotten in kAll above fails NamesBothWays.
TEST(ScaleRules, EntriesTellTheTruth) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> x(64 * 50);
  for (float& each : x) each = 0.3F * normal(random);
  for (const ScaleRule rule : kAll) {
    const ScaleRuleEntry& of = entry(rule);
    int ones = 0, powers = 0, rows = 0;
    for (const char* text : {"posit<6,1>", "int5", "fp6_e2m3"}) {
      const auto scales = choose_scales(*formats::parse_format(text), rule, x, {64, 50}, true);
      ASSERT_TRUE(scales.ok());
      for (const float scale : *scales) {
        int exponent = 0;
        ++rows;
        ones += scale == 1.0F ? 1 : 0;
        powers += std::frexp(scale, &exponent) == 0.5F ? 1 : 0;
      }
    }
    EXPECT_EQ(of.stored_bits, ones == rows ? 0 : powers == rows ? 8 : 32) << of.name;
    EXPECT_EQ(of.of_data(), ones < rows) << of.name;
    EXPECT_EQ(search_rounds(rule) > 0, of.searches()) << of.name;
    EXPECT_NE(scale_rules_help().find(std::string(of.name) + ": " + std::string(of.help)),
              std::string::npos);
    EXPECT_EQ(direct_rule_names().find(of.name) != std::string::npos, !of.searches()) << of.name;
  }
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

struct Row {
  const char* name;
  std::vector<float> x;
};

// What no window around a mean and a maximum holds.
std::vector<Row> hard_rows() {
  std::vector<Row> rows;
  const auto student = [](std::size_t n, unsigned seed) {
    std::mt19937 random(seed);
    std::student_t_distribution<float> distribution(1.2f);
    std::vector<float> x(n);
    for (float& v : x) v = distribution(random);
    return x;
  };
  for (const std::size_t n : {std::size_t{10}, std::size_t{100}, std::size_t{1000}}) {
    rows.push_back({"normal", normal(n, 0.1f, 1)});
    rows.push_back({"student", student(n, 2)});
    rows.push_back({"student, small", student(n, 3)});
    for (float& v : rows.back().x) v *= 1e-3f;
    for (const float outlier : {8.0f, 100.0f, 1e4f}) {
      rows.push_back({"outlier", normal(n, 0.1f, 4)});
      rows.back().x[n / 3] = 0.1f * outlier;
    }
    rows.push_back({"last is the outlier", normal(n, 1, 5)});
    rows.back().x.back() = -3000;
    rows.push_back({"zeros", std::vector<float>(n, 0.0f)});
    rows.push_back({"one nonzero", std::vector<float>(n, 0.0f)});
    rows.back().x[n / 2] = 0.3f;
    std::vector<float> octaves(n);
    for (std::size_t i = 0; i < n; ++i)
      octaves[i] = std::ldexp(i % 2 ? 1.3f : -1.7f, static_cast<int>(i % 30) - 20);
    rows.push_back({"octaves", octaves});
  }
  rows.push_back({"subnormals", {FLT_TRUE_MIN, 5e-42f, -3e-40f, 1e-39f}});
  rows.push_back({"huge", {3e38f, -1e37f, 2e36f, 1e30f}});
  rows.push_back({"all equal", std::vector<float>(200, 3.0f)});
  return rows;
}

// mse_pow2 is the best of all powers of two, to the last bit of the error; mse and the best format
// never lose to it.
TEST(ScaleRules, NoPowerOfTwoIsBetterOnHeavyTails) {
  for (const char* name :
       {"int8",       "int4",       "int3",       "int2",        "posit<8,1>",    "posit<8,0>",
        "posit<6,1>", "posit<4,1>", "posit<2,0>", "posit<16,2>", "posit<8,1>ftz", "fp8_e4m3",
        "fp8_e5m2",   "fp8_e2m5",   "fp6_e2m3",   "fp4_e2m1",    "fp3_e1m1",      "fp16",
        "bf16",       "fp12_e5m6",  "mxfp4",      "mxfp6",       "mxint8"}) {
    const Format f = format(name);
    unsigned seed = 0;
    std::vector<float> powers;
    const int most =
        f.block == 0 ? 125 : 40;  // further out the exponents of blocks reach the ends of E8M0
    for (int e = -most; e <= most; ++e) powers.push_back(std::ldexp(1.0f, e));
    for (const Row& row : hard_rows()) {
      const Shape shape{1, row.x.size()};
      std::vector<float> importance = normal(row.x.size(), 1, ++seed);
      for (float& w : importance) w = w * w * w * w;
      for (const bool weighted : {false, true}) {
        const std::span<const float> weights =
            weighted ? std::span<const float>(importance) : std::span<const float>();
        const auto pow2 = choose_scales(f, ScaleRule::kMsePow2, row.x, shape, true, weights);
        const auto real = choose_scales(f, ScaleRule::kMse, row.x, shape, true, weights);
        ASSERT_TRUE(pow2.ok() && real.ok());
        const auto error = [&](float scale) {
          return kernels::rounding_error(formats::saturating(f), row.x, shape, weights, {&scale, 1},
                                         1)
              ->front();
        };
        const auto all = kernels::rounding_error(formats::saturating(f), row.x, shape, weights,
                                                 powers, powers.size());
        const std::size_t best = best_candidate(*all);
        EXPECT_EQ(error(pow2->front()), (*all)[best])
            << name << ", " << row.name << " " << row.x.size() << (weighted ? " weighted" : "")
            << ": chose " << pow2->front() << ", best " << powers[best];
        EXPECT_LE(error(real->front()), (*all)[best]) << name << ", " << row.name;
      }
    }
  }
}

// Of equal ones, the nearest to where it starts, the smaller first.
TEST(ScaleRules, TiesGoToTheNearestToTheLandmarks) {
  std::size_t ties = 0;
  for (const char* name : {"int8", "int4", "int2", "posit<8,1>", "posit<6,0>", "fp8_e4m3",
                           "fp8_e5m2", "fp6_e2m3", "fp4_e2m1", "fp16", "bf16", "fp12_e5m6"}) {
    const Format f = formats::saturating(format(name));
    for (const Row& row : hard_rows()) {
      const auto statistics = kernels::statistics(row.x).value();
      if (statistics.absmax == 0) continue;
      const Landmarks marks = landmarks(f, statistics);
      const int start = std::clamp(std::min(marks.fit, marks.bulk), -125, 125);
      std::vector<float> powers = {power(start)};
      for (int d = 1; d <= 250; ++d) {
        if (start - d >= -125) powers.push_back(power(start - d));
        if (start + d <= 125) powers.push_back(power(start + d));
      }
      const Shape shape{1, row.x.size()};
      const auto errors =
          kernels::rounding_error(f, row.x, shape, {}, powers, powers.size()).value();
      const std::size_t best = best_candidate(errors);
      ties += static_cast<std::size_t>(std::ranges::count(errors, errors[best])) - 1;
      EXPECT_EQ(choose_scales(f, ScaleRule::kMsePow2, row.x, shape, true)->front(), powers[best])
          << name << ", " << row.name << " " << row.x.size();
    }
  }
  EXPECT_GT(ties, 100u);
}

// One scale for many rows is found on a part of them first.
TEST(ScaleRules, TheBestPowerOfTwoOfATensor) {
  const Shape shape{300, 40};
  std::vector<float> x = normal(shape.size(), 1, 11);
  for (std::size_t i = shape.size() - 100; i < shape.size(); ++i) x[i] *= 500;  // not in the part
  for (const char* name : {"int8", "int4", "posit<8,1>", "posit<6,0>", "fp8_e4m3", "fp6_e2m3"}) {
    const auto chosen = choose_scales(format(name), ScaleRule::kMsePow2, x, shape, false)->front();
    const auto error = [&](float scale) {
      double sum = 0;
      const auto errors = kernels::rounding_error(format(name), x, shape, {}, {&scale, 1}, 1);
      for (const double row : *errors) sum += row;
      return sum;
    };
    for (int e = -40; e <= 40; ++e)
      EXPECT_LE(error(chosen), error(std::ldexp(1.0f, e))) << name << " " << chosen << " " << e;
  }
}

// A format with infinities has none under a scale that was chosen for other data; `none` is its own
// conversion.
TEST(ScaleRules, ScaledFormatsSaturate) {
  const std::vector<float> x = {3.0f, -1.0f, 0.25f}, beyond = {3.03f, -300.0f, 3e38f, 0.25f};
  for (const char* name :
       {"fp16", "bf16", "fp12_e5m6", "fp9_e2m6", "fp32", "fp8_e5m2", "int8", "fp8_e4m3"}) {
    for (const ScaleRule rule : kAll) {
      const float scale = one_scale(format(name), rule, x);
      std::vector<float> y(beyond.size());
      ASSERT_TRUE(kernels::quantize(scaled_format(format(name), rule), beyond, {1, 4},
                                    {.values = {&scale, 1}}, y)
                      .ok());
      if (rule == ScaleRule::kNone) continue;
      for (const float value : y)
        EXPECT_TRUE(std::isfinite(value)) << name << " " << quant::name(rule) << " " << value;
      EXPECT_LT(y[1], 0) << name;
      if (rule == ScaleRule::kAbsmax) {
        EXPECT_NEAR(y[0], 3, 0.04) << name;
      }
    }
    EXPECT_EQ(scaled_format(format(name), ScaleRule::kNone), format(name));
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
  EXPECT_EQ(powers_near(format("int8"), none), std::vector<float>{1.0f});
  EXPECT_EQ(refined_scales(format("int8"), none, 1), std::vector<float>{1.0f});
  const auto s = kernels::statistics(normal(100, 1, 10));
  for (const Format& f : some_formats()) {
    EXPECT_GT(powers_near(f, *s).size(), 1u);
    EXPECT_EQ(refined_scales(f, *s, 0.5f).front(), 0.5f);
  }
  EXPECT_EQ(search_rounds(ScaleRule::kMse), 2);
  EXPECT_EQ(search_rounds(ScaleRule::kMsePow2), 1);
  const auto of = [](const char* format, ScaleRule rule) {
    return token_rule(formats::parse_format(format).value(), rule);
  };
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
