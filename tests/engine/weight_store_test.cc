// The forms of a weight that is quantized in parts. The grid forms are checked on any machine,
// whether or not it has instructions that multiply them.

#include "posittune/engine/weight_store.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::Granularity;
using quant::RowWindow;
using quant::ScaleRule;

constexpr std::size_t kRows = 11, kCols = 30;

std::vector<float> weights() {
  auto w = test::normal(kRows * kCols, 1, 1);
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] *= std::ldexp(1.0F, static_cast<int>(i / kCols % 7) - 3);
  return w;
}

std::vector<quant::WeightSetting> settings(const std::string& base, const std::string& window) {
  std::vector<quant::WeightSetting> all;
  for (const auto granularity : {Granularity::kTensor, Granularity::kChannel}) {
    for (const auto rule : {ScaleRule::kNone, ScaleRule::kRmsPow2, ScaleRule::kMse}) {
      const RowWindow first = {0, 1, test::format(window), rule},
                      some = {4, 3, test::format(window), ScaleRule::kAbsmax},
                      every = {0, kRows, test::format(window), rule};
      for (const std::vector<RowWindow>& windows :
           {std::vector<RowWindow>{}, std::vector<RowWindow>{some},
            std::vector<RowWindow>{first, some}, std::vector<RowWindow>{every}}) {
        all.push_back(test::weight_setting(base, rule, granularity));
        all.back().windows = windows;
      }
    }
  }
  return all;
}

// Grid values times 1/s of their row are the fake-quantized values, to the bit: it is the same
// product.
template <class Grid>
void expect_grid(const PreparedWeight& weight, Grid grid) {
  ASSERT_TRUE(weight.unscale.size() == 1 || weight.unscale.size() == kRows)
      << weight.unscale.size();
  for (std::size_t i = 0; i < kRows * kCols; ++i) {
    const float unscale = weight.unscale[weight.unscale.size() == 1 ? 0 : i / kCols];
    ASSERT_EQ(grid(i) * unscale, (*weight.values)[i]) << i / kCols;
  }
}

TEST(WeightStore, GridFormsHaveTheScaleOfTheirPart) {
  WeightStore store("w", kRows, kCols, weights());
  for (const auto& setting : settings("posit<8,1>", "posit<6,1>")) {
    const auto prepared = store.prepare(setting, {}, {.values = true, .bf16 = true}, 2);
    ASSERT_TRUE(prepared.ok()) << prepared.error().message();
    expect_grid(**prepared, [&](std::size_t i) {
      return std::bit_cast<float>(static_cast<std::uint32_t>((*prepared)->bf16[i]) << 16);
    });
  }
  for (const auto& setting : settings("int8", "int4")) {
    const auto prepared = store.prepare(setting, {}, {.values = true, .int8 = true}, 2);
    ASSERT_TRUE(prepared.ok()) << prepared.error().message();
    expect_grid(**prepared,
                [&](std::size_t i) { return static_cast<float>((*prepared)->int8[i]); });
  }
}

// Scales are kept: those of one split of the rows are not those of another.
TEST(WeightStore, WhatWasPreparedBeforeDoesNotMatter) {
  WeightStore used("w", kRows, kCols, weights());
  std::vector<quant::WeightSetting> all = settings("int4", "int8");
  for (std::size_t shift = 0; shift < 5; ++shift) {
    all.push_back(test::weight_setting("int4", ScaleRule::kMse, Granularity::kGroup, 8));
    all.back().windows = {{shift, 2 + shift, test::format("int6"), ScaleRule::kMse}};
    all.push_back(all.back());
    all.back().granularity = Granularity::kTensor;
  }
  for (int round = 0; round < 2; ++round) {
    for (const auto& setting : all) {
      WeightStore fresh("w", kRows, kCols, weights());
      const auto a = used.prepare(setting, {}, {.values = true}, 2),
                 b = fresh.prepare(setting, {}, {.values = true}, 1);
      ASSERT_TRUE(a.ok() && b.ok());
      EXPECT_EQ(*(*a)->values, *(*b)->values);
    }
  }
}

TEST(WeightStore, WindowsThatDoNotFit) {
  WeightStore store("w", kRows, kCols, weights());
  auto setting = test::weight_setting("int8");
  setting.windows = {{kRows, 1, test::format("int4"), ScaleRule::kMse}};
  const auto prepared = store.prepare(setting, {}, {.values = true}, 2);
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::engine
