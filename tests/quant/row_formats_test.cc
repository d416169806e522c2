// Formats that rows choose, against one format after the other in plain double sums.

#include "posittune/quant/row_formats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "posittune/formats/codec.h"

namespace posittune::quant {
namespace {

using formats::Format;

constexpr std::size_t kRows = 24, kCols = 200;

Format format(const std::string& name) { return formats::parse_format(name).value(); }

// Rows of different tails: uniform, normal, and a few outliers of growing size.
std::vector<float> rows(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> x(kRows * kCols);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t r = i / kCols;
    x[i] = r % 3 == 0 ? uniform(random) : normal(random);
    if (r % 3 == 2 && i % 17 == 0) x[i] *= static_cast<float>(r);
    x[i] *= std::ldexp(1.0F, static_cast<int>(r) - 10);
  }
  return x;
}

double row_error(const Format& of, float scale, std::span<const float> x,
                 std::span<const float> weights) {
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double d = double{formats::round_to_float(of, x[k] * scale) * (1.0F / scale)} - x[k];
    sum += (weights.empty() ? 1.0 : weights[k]) * d * d;
  }
  return sum;
}

TEST(RowFormats, NeverWorseThanAnySingleFormat) {
  const std::vector<std::vector<std::string>> lists = {
      {"posit<6,0>", "posit<6,1>", "posit<6,2>"},
      {"posit<4,0>", "posit<4,1>", "int4", "fp4_e2m1"},
      {"int8", "posit<8,0>", "posit<8,1>", "fp8_e4m3"},
      {"posit<5,1>"},
      {"int3", "posit<3,0>", "posit<3,1>"},
      {"bf16", "fp16", "posit<16,1>", "int16"}};
  std::vector<float> weights(kCols);
  for (std::size_t k = 0; k < kCols; ++k)
    weights[k] = k % 7 == 0 ? 20.0F : 0.1F * static_cast<float>(k % 5);
  for (const auto& list : lists) {
    std::vector<Format> formats;
    for (const auto& name : list) formats.push_back(format(name));
    for (const auto rule : {ScaleRule::kNone, ScaleRule::kAbsmax, ScaleRule::kRmsPow2,
                            ScaleRule::kMeanPow2, ScaleRule::kMsePow2, ScaleRule::kMse}) {
      for (const bool weighted : {false, true}) {
        SCOPED_TRACE(list[0] + " " + std::string(name(rule)) + (weighted ? " weighted" : ""));
        const auto x = rows(3);
        const std::span<const float> columns =
            weighted ? std::span<const float>(weights) : std::span<const float>();
        const auto chosen = choose_row_formats(formats, rule, x, {kRows, kCols}, columns);
        ASSERT_TRUE(chosen.ok()) << chosen.error().message();
        ASSERT_EQ(chosen->choice.size(), kRows);
        for (std::size_t f = 0; f < formats.size(); ++f) {
          const auto scales =
              choose_scales(formats[f], rule, x, {kRows, kCols}, true, columns).value();
          for (std::size_t r = 0; r < kRows; ++r) {
            const std::span<const float> row(x.data() + r * kCols, kCols);
            const double best =
                row_error(formats[chosen->choice[r]], chosen->scales[r], row, columns);
            // Sums in another order: doubles, so nothing but equal ones can change places.
            // fp16 without a scale overflows in some rows: not a number, and not taken.
            EXPECT_FALSE(best > row_error(formats[f], scales[r], row, columns) * (1 + 1e-12))
                << r << " " << list[f];
            EXPECT_FALSE(std::isnan(best));
            if (chosen->choice[r] == f) {
              EXPECT_EQ(chosen->scales[r], scales[r]);
            }
          }
        }
      }
    }
  }
}

TEST(RowFormats, RowsOfDifferentTailsDiffer) {
  const std::vector<Format> formats = {format("posit<6,0>"), format("posit<6,1>"),
                                       format("posit<6,2>"), format("int6")};
  const auto chosen = choose_row_formats(formats, ScaleRule::kMsePow2, rows(5), {kRows, kCols});
  ASSERT_TRUE(chosen.ok());
  EXPECT_NE(chosen->choice, std::vector<std::uint8_t>(kRows, chosen->choice[0]));
}

TEST(RowFormats, TiesGoToTheFirst) {
  const std::vector<float> x = {0, 0, 1, -1, 2, 0.5F};  // exact in all of them
  for (const auto& names :
       {std::vector<std::string>{"posit<8,1>", "posit<8,0>"}, {"posit<8,0>", "posit<8,1>"}}) {
    const auto chosen = choose_row_formats(std::vector<Format>{format(names[0]), format(names[1])},
                                           ScaleRule::kNone, x, {3, 2});
    ASSERT_TRUE(chosen.ok());
    EXPECT_EQ(chosen->choice, (std::vector<std::uint8_t>{0, 0, 0}));
  }
}

TEST(RowFormats, ThreadsDoNotMatter) {
  const std::vector<Format> formats = {format("posit<6,0>"), format("int6")};
  const auto one = choose_row_formats(formats, ScaleRule::kMse, rows(7), {kRows, kCols}, {}, {1}),
             four = choose_row_formats(formats, ScaleRule::kMse, rows(7), {kRows, kCols}, {}, {4});
  EXPECT_EQ(one.value().choice, four.value().choice);
  EXPECT_EQ(one.value().scales, four.value().scales);
}

TEST(RowFormats, NoRowsAndRowsWithoutNumbers) {
  const std::vector<Format> formats = {format("posit<6,0>"), format("int6")};
  EXPECT_TRUE(choose_row_formats(formats, ScaleRule::kMse, {}, {0, 4}).value().choice.empty());
  const std::vector<float> x = {std::numeric_limits<float>::quiet_NaN(), 1};
  EXPECT_EQ(choose_row_formats(formats, ScaleRule::kMse, x, {1, 2}).value().choice.size(), 1u);
}

}  // namespace
}  // namespace posittune::quant
