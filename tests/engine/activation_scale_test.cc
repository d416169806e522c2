#include "posittune/engine/activation_scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::ScaleRule;

TEST(ActivationScale, StaticScalesAreThoseOfTheRule) {
  constexpr std::size_t kCols = 20, kRows = 200;  // all of it is in the sample
  const auto data = test::normal(kCols * kRows, 0.7F, 4);
  const InputStatistics statistics = test::statistics_of(data, kCols, 16);
  for (const char* name : {"posit<8,1>", "posit<6,1>", "int8", "int4", "fp8_e4m3", "mxfp4"}) {
    for (const ScaleRule rule : {ScaleRule::kNone, ScaleRule::kAbsmax, ScaleRule::kRmsPow2,
                                 ScaleRule::kMeanPow2, ScaleRule::kMsePow2, ScaleRule::kMse}) {
      const auto setting = test::activation_setting(name, rule);
      EXPECT_EQ(static_scale(setting, statistics, 2).value(),
                quant::choose_scales(setting.format, rule, data, {kRows, kCols}, false)->front())
          << name << " " << quant::name(rule);
    }
  }
}

// Of more data than the sample holds, the searched scale is nearly as good as
// that of all data.
TEST(ActivationScale, SampledScalesAreNearlyAsGood) {
  constexpr std::size_t kCols = 16, kRows = 20'000;
  auto data = test::normal(kCols * kRows, 1, 5);
  for (std::size_t i = 100; i < data.size(); i += 9973)
    data[i] *= 12;  // outliers, most of them outside the sample
  const InputStatistics statistics = test::statistics_of(data, kCols, 64);
  for (const char* name : {"int8", "int4", "posit<6,1>"}) {
    const auto setting = test::activation_setting(name, ScaleRule::kMse);
    const auto error = [&](float scale) {
      double sum = 0;
      for (const float x : data)
        sum += std::pow(double{test::quantized(setting.format, x, scale)} - x, 2);
      return sum;
    };
    const float sampled = static_scale(setting, statistics, 2).value();
    const float best =
        quant::choose_scales(setting.format, setting.rule, data, {1, data.size()}, false)->front();
    EXPECT_LE(error(sampled), error(best) * 1.02) << name;
  }
}

TEST(ActivationScale, OutputScaleTakesTheLeastError) {
  const InputStatistics statistics = test::statistics_of(test::normal(1000, 1, 6), 10, 10);
  const auto setting =
      test::activation_setting("posit<8,1>", ScaleRule::kMsePow2, quant::ActivationScale::kOutput);
  // An error that is least at 8.
  const auto error = [](const ActivationQuantizer& candidate) -> Result<double> {
    return std::pow(std::log2(candidate.scale) - 3, 2);
  };
  EXPECT_EQ(output_scale(setting, statistics, error).value(), 8);
  const auto fails = [](const ActivationQuantizer&) -> Result<double> {
    return Error{.kind = ErrorKind::kResource, .what = "no memory"};
  };
  EXPECT_EQ(output_scale(setting, statistics, fails).error().kind, ErrorKind::kResource);
}

// Beyond its window the search goes on as long as the last power is the best.
TEST(ActivationScale, OutputScaleLeavesItsWindow) {
  const InputStatistics statistics = test::statistics_of(test::normal(1000, 1, 6), 10, 10);
  const auto setting =
      test::activation_setting("int8", ScaleRule::kMsePow2, quant::ActivationScale::kOutput);
  for (const double best : {-12.0, 20.0}) {
    const auto error = [best](const ActivationQuantizer& candidate) -> Result<double> {
      return std::pow(std::log2(candidate.scale) - best, 2);
    };
    EXPECT_EQ(output_scale(setting, statistics, error).value(), std::exp2(best));
  }
}

TEST(ActivationScale, SurelyLess) {
  using Errors = std::vector<double>;
  EXPECT_TRUE(surely_less(Errors{1, 2, 3}, Errors{2, 3, 4}));
  EXPECT_FALSE(surely_less(Errors{1, 2, 3}, Errors{1, 2, 3}));
  EXPECT_FALSE(surely_less(Errors{1}, Errors{2}));        // one tells nothing
  EXPECT_FALSE(surely_less(Errors{1, 9}, Errors{5, 6}));  // noise
  EXPECT_FALSE(surely_less(Errors{1, 1, 1, 99}, Errors{2, 2, 2, 2}));
  EXPECT_FALSE(surely_less(Errors{1, NAN}, Errors{2, 2}));
}

}  // namespace
}  // namespace posittune::engine
