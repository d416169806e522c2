// Value tables, traits and decimal accuracy against their definitions.

#include "posittune/formats/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "checker.h"

namespace posittune::formats {
namespace {

using oracle::Dyadic;

std::vector<Format> table_formats() {
  std::vector<Format> all = posits(2, 16);
  for (const auto& more : {floats(3, 16), integers(), blocks()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

TEST(ValueTable, IsTheOraclesValueOfEachCode) {
  std::uint64_t values = 0;
  for (const Format& f : table_formats()) {
    const auto model = model_of(f);
    const auto table = value_table(f);
    ASSERT_EQ(table.size(), code_count(f)) << name(f);
    for (std::uint32_t code = 0; code < table.size(); ++code, ++values) {
      ASSERT_TRUE(same(table[code], model->value(code).to_double()))
          << name(f) << " " << show_code(f, code);
    }
  }
  EXPECT_GT(values, 10U * (1 << 17));
}

// Positive finite values of a model, in order.
std::vector<Dyadic> positive_values(const oracle::Model& model) {
  std::vector<Dyadic> values;
  for (std::int64_t i = 1; i <= model.last(); ++i) {
    auto v = model.value(model.code_at(i));
    if (v.finite()) values.push_back(std::move(v.number));
  }
  return values;
}

// The definitions in codec.h, computed from all values.
TEST(Traits, FollowFromTheValues) {
  for (const Format& f : table_formats()) {
    const Traits t = traits(f);
    const auto values = positive_values(*model_of(f));
    ASSERT_EQ(t.max, values.back().to_double()) << name(f);
    ASSERT_EQ(t.min, values.front().to_double()) << name(f);
    int bits = 0;
    for (const Dyadic& v : values) bits = std::max(bits, v.significant_bits());
    ASSERT_EQ(t.significand_bits, bits) << name(f);
    const auto above_one = std::upper_bound(values.begin(), values.end(), Dyadic(1.0));
    const double epsilon = above_one == values.end() ? 0 : above_one->to_double() - 1;
    ASSERT_EQ(t.epsilon, epsilon) << name(f);
  }
}

TEST(Traits, SpecialsFollowFromTheCodes) {
  for (const Format& f : table_formats()) {
    const Traits t = traits(f);
    bool nan = false, infinity = false, negative_zero = false;
    for (const double v : value_table(f)) {
      nan = nan || std::isnan(v);
      infinity = infinity || std::isinf(v);
      negative_zero = negative_zero || (v == 0 && std::signbit(v));
    }
    ASSERT_EQ(t.nan_code.has_value(), nan) << name(f);
    ASSERT_EQ(t.has_infinity, infinity) << name(f);
    ASSERT_EQ(t.has_negative_zero, negative_zero) << name(f);
    if (nan) {
      ASSERT_TRUE(std::isnan(decode(f, *t.nan_code))) << name(f);
      ASSERT_EQ(encode(f, std::nan("")), *t.nan_code) << name(f);
    }
    ASSERT_FALSE(t.source.empty()) << name(f);
    ASSERT_EQ(t.standard, f.family != Family::kPosit || f.variant != kPositFlush) << name(f);
  }
}

// Accuracy at a boundary: the worse of the values on its two sides, where rounding is least exact.
double accuracy_at(double below, double boundary, double above) {
  const double worst =
      std::max(std::fabs(std::log10(below / boundary)), std::fabs(std::log10(above / boundary)));
  return -std::log10(worst);
}

// log10 of ratios as near to 1 as 1 + 2^-15 loses 15 of 53 bits; 1e-9 leaves a factor of ten.
constexpr double kAccuracyTolerance = 1e-9;

TEST(DecimalAccuracy, IsTheDefinitionInEveryGap) {
  std::uint64_t points = 0;
  for (const Format& f : table_formats()) {
    const auto model = model_of(f);
    const auto values = positive_values(*model);
    const auto curve = decimal_accuracy(f, std::size_t{1} << 16);
    ASSERT_EQ(curve.size(), values.size() - 1) << name(f);
    for (std::size_t i = 0; i < curve.size(); ++i, ++points) {
      const double x = model->above(static_cast<std::int64_t>(i + 1)).at.to_double();
      ASSERT_EQ(curve[i].x, x) << name(f) << " gap " << i;
      const double want = accuracy_at(values[i].to_double(), x, values[i + 1].to_double());
      ASSERT_NEAR(curve[i].decimals, want, kAccuracyTolerance) << name(f) << " at " << x;
    }
  }
  EXPECT_GT(points, 5U * (1 << 17));
}

TEST(DecimalAccuracy, ThinsLargeFormatsToTheRequestedNumber) {
  for (const Format& f : {posit(16, 1), posit(32, 2), fp32(), integer(16)}) {
    for (const std::size_t limit : {std::size_t{1}, std::size_t{100}, std::size_t{4096}}) {
      const auto curve = decimal_accuracy(f, limit);
      ASSERT_LE(curve.size(), limit) << name(f);
      ASSERT_GT(2 * curve.size(), limit) << name(f);
      const auto ordered = [](const auto& a, const auto& b) { return a.x < b.x; };
      ASSERT_TRUE(std::is_sorted(curve.begin(), curve.end(), ordered)) << name(f);
    }
  }
}

// By hand: 1.5 may become 1, log10(1.5) = 0.176; 126.5 may become 126, log10(126.5/126) = 0.00172.
TEST(DecimalAccuracy, KnownPoints) {
  const auto curve = decimal_accuracy(integer(8));
  ASSERT_EQ(curve.size(), 126U);
  EXPECT_EQ(curve.front().x, 1.5);
  EXPECT_NEAR(curve.front().decimals, -std::log10(std::log10(1.5)), 1e-12);
  EXPECT_NEAR(curve.back().decimals, 2.765, 0.001);
  EXPECT_TRUE(decimal_accuracy(posit(2, 0)).empty());
}

}  // namespace
}  // namespace posittune::formats
