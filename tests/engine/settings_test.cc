// Which way a layer multiplies, and what a setting is before it is set.

#include "posittune/engine/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "posittune/engine/path_speed.h"
#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using quant::Accumulate;
using test::format;

// The variable as it was, afterwards.
class ScopedPath {
 public:
  explicit ScopedPath(const char* value) {
    if (const char* before = std::getenv(kPathVariable)) before_ = before;
    value == nullptr ? ::unsetenv(kPathVariable) : ::setenv(kPathVariable, value, 1);
  }
  ~ScopedPath() {
    before_ ? ::setenv(kPathVariable, before_->c_str(), 1) : ::unsetenv(kPathVariable);
  }
  ScopedPath(const ScopedPath&) = delete;
  ScopedPath& operator=(const ScopedPath&) = delete;

 private:
  std::optional<std::string> before_;
};

Path path(const char* weight, const char* activation, bool grouped = false,
          Accumulate accumulate = Accumulate::kFp32) {
  const auto of = [](const char* name) {
    return name == nullptr ? std::nullopt : std::optional(format(name));
  };
  return choose_path(of(weight), of(activation), grouped, accumulate);
}

// What the machine can do decides between the first that fit.
Path first_working(std::initializer_list<Path> paths) {
  for (const Path each : paths) {
    if (path_works(each)) return each;
  }
  return Path::kFp32;
}

TEST(Paths, FormatsDecide) {
  const ScopedPath preferred("int8");
  const Path int8 = first_working({Path::kInt8, Path::kBf16}), bf16 = first_working({Path::kBf16});
  EXPECT_EQ(path("int8", "int8"), int8);
  EXPECT_EQ(path("int4", "int8"), int8);
  EXPECT_EQ(path("posit<8,1>", "posit<8,1>"), bf16);
  EXPECT_EQ(path("posit<8,0>", "int8"), bf16);
  EXPECT_EQ(path("fp8_e4m3", "posit<6,1>"), bf16);
  EXPECT_EQ(path("posit<8,3>", "posit<8,3>"), bf16);
  // Products of their largest values are no floats.
  EXPECT_EQ(path("bf16", "bf16"), Path::kFp32);
  EXPECT_EQ(path("posit<8,4>", "posit<8,4>"), Path::kFp32);
  for (const char* wide : {"fp32", "fp16", "int16", "posit<16,1>", "mxfp8", "mxint8"}) {
    EXPECT_EQ(path(wide, "int8"), Path::kFp32) << wide;
    EXPECT_EQ(path("posit<8,1>", wide), Path::kFp32) << wide;
  }
}

TEST(Paths, WeightsOnlyGroupsAndQuire) {
  const ScopedPath unset(nullptr);
  EXPECT_EQ(path("int8", nullptr), Path::kFp32);
  EXPECT_EQ(path(nullptr, "int8"), Path::kFp32);
  EXPECT_EQ(path(nullptr, nullptr), Path::kFp32);
  EXPECT_EQ(path("int8", "int8", true), Path::kFp32);
  EXPECT_EQ(path("int8", "int8", true, Accumulate::kQuire), Path::kQuire);
  EXPECT_EQ(path(nullptr, nullptr, false, Accumulate::kQuire), Path::kQuire);
}

TEST(Paths, TheVariableHoldsPathsBack) {
  const Path bf16 = first_working({Path::kBf16});
  {
    const ScopedPath forced("fp32");
    EXPECT_EQ(path("int8", "int8"), Path::kFp32);
    EXPECT_EQ(path("posit<8,1>", "posit<8,1>"), Path::kFp32);
    EXPECT_EQ(path("int8", "int8", false, Accumulate::kQuire), Path::kQuire);
  }
  {
    const ScopedPath forced("bf16");
    EXPECT_EQ(path("int8", "int8"), bf16);
    EXPECT_EQ(path("posit<8,1>", "posit<8,1>"), bf16);
  }
  const ScopedPath forced("int8");
  EXPECT_EQ(path("int8", "int8"), first_working({Path::kInt8, Path::kBf16}));
}

TEST(Paths, OtherValuesOfTheVariableAreErrorsWhenAskedFor) {
  for (const char* text : {"quire", "FP32", "fp64", " "}) {
    const ScopedPath forced(text);
    const auto first = most_preferred_path();
    ASSERT_FALSE(first.ok()) << text;
    EXPECT_EQ(first.error().kind, ErrorKind::kUsage);
    EXPECT_EQ(first.error().where, "POSITTUNE_PATH");
    EXPECT_EQ(first.error().found, text);
  }
  const ScopedPath empty("");
  EXPECT_EQ(most_preferred_path().value(), Path::kInt8);
  EXPECT_FALSE(path_is_forced());
}

TEST(Paths, SpeedDecidesWhereNothingIsForced) {
  const ScopedPath unset(nullptr);
  EXPECT_EQ(path_order(), order_by_speed(path_times()));
}

TEST(Paths, AnEngineRefusesAnUnknownPath) {
  const ScopedPath forced("fp64");
  const auto engine = Engine::create({}, {});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(engine.error().found, "fp64");
}

TEST(Paths, TheProductPathsAreNamed) {
  const ScopedPath forced("fp32");
  EXPECT_EQ(product_paths(), "int8 formats: fp32, bf16 formats: fp32");
}

TEST(Paths, TheLastOnesAlwaysWork) {
  EXPECT_TRUE(path_works(Path::kFp32));
  EXPECT_TRUE(path_works(Path::kQuire));
  EXPECT_EQ(name(Path::kInt8), "int8");
  EXPECT_EQ(name(Path::kBf16), "bf16");
  EXPECT_EQ(name(Path::kFp32), "fp32");
  EXPECT_EQ(name(Path::kQuire), "quire");
}

// FP32 on the path that always works, and nothing behind the product.
TEST(LayerSetting, IsFp32UntilItIsSet) {
  const LayerSetting setting;
  EXPECT_EQ(setting.weight, nullptr);
  EXPECT_FALSE(setting.activation[0].has_value() || setting.activation[1].has_value());
  EXPECT_EQ(setting.path, Path::kFp32);
  EXPECT_TRUE(setting.shift == nullptr && setting.epilogue == nullptr);
}

TEST(LayerSetting, AQuantizerHasOneScaleOfOne) {
  const ActivationQuantizer quantizer{.format = test::format("int8")};
  EXPECT_EQ(quantizer.rule, quant::ScaleRule::kNone);
  EXPECT_FALSE(quantizer.per_token);
  EXPECT_EQ(quantizer.scale, 1);
}

}  // namespace
}  // namespace posittune::engine
