// quantize, encode, to_bf16 and to_int8 of every vector target against the scalar twin, to the bit.

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "posittune/kernels/scalar.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

using formats::Format;

constexpr std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }

// What one entry of a target's table makes of x.
template <class T>
std::vector<T> rounded(Target::RoundRun<T> run, const Plan& plan, const std::vector<float>& x,
                       float scale) {
  std::vector<T> out(x.size());
  run(plan, x.data(), out.data(), x.size(), scale, 1.0f / scale);
  return out;
}

template <class T>
std::string compare(const char* entry, Target::RoundRun<T> twin, Target::RoundRun<T> run,
                    const Plan& plan, const std::vector<float>& x, float scale) {
  const std::vector<T> expected = rounded(twin, plan, x, scale);
  const std::vector<T> found = rounded(run, plan, x, scale);
  const auto text = mismatch<T, float>(expected, found, x);
  return text.empty() ? text : std::string(entry) + ": " + text;
}

// Everything a target makes of x, in the code types that hold the format. Empty when all is equal.
std::string compare_all(const Target& target, const Plan& plan, const std::vector<float>& x,
                        float scale) {
  const Target& twin = scalar_target();
  const std::size_t k = index(plan.kind), e = index(plan.encode_kind);
  std::string text;
  const auto check = [&](const char* entry, auto twin_run, auto run) {
    using T = std::remove_pointer_t<decltype([]<class U>(Target::RoundRun<U>) -> U* {
      return nullptr;
    }(run))>;
    if (text.empty()) text = compare<T>(entry, twin_run, run, plan, x, scale);
  };
  check("quantize", twin.quantize[k], target.quantize[k]);
  check("quantize_stream", twin.quantize_stream[k], target.quantize_stream[k]);
  if (plan.bits <= 8) check("encode8", twin.encode8[e], target.encode8[e]);
  if (plan.bits <= 16) check("encode16", twin.encode16[e], target.encode16[e]);
  check("encode32", twin.encode32[e], target.encode32[e]);
  check("to_bf16", twin.to_bf16[k], target.to_bf16[k]);
  if (plan.kind == Kind::kInt && plan.bits <= 8)
    check("to_int8", twin.to_int8[k], target.to_int8[k]);
  return text;
}

TEST(TargetRounding, EveryFormatAndManyScalesEqualTheTwin) {
  Random random(1);
  std::size_t compared = 0;
  for (const Format& format : plain_formats()) {
    const Plan plan = make_plan(format);
    for (const float scale : usable_scales()) {
      const std::vector<float> x = rounding_inputs(format, scale, 160, random);
      for (const Target* target : vector_targets()) {
        ASSERT_EQ(compare_all(*target, plan, x, scale), "")
            << target->name << " " << formats::name(format) << " scale " << show_bits(scale);
        compared += x.size();
      }
    }
  }
  // About 500 formats, 11 scales and 1000 inputs for each target.
  EXPECT_GE(compared, 5'000'000 * vector_targets().size());
}

TEST(TargetRounding, EveryValueAndBoundaryUpTo16Bits) {
  Random random(2);
  for (const Format& format : plain_formats()) {
    if (format.bits > 16) continue;
    const Plan plan = make_plan(format);
    const std::size_t k = index(plan.kind), e = index(plan.encode_kind);
    const std::vector<float> x = rounding_inputs(format, 1, std::size_t{1} << 16, random);
    ASSERT_GE(x.size(), 3 * (std::size_t{1} << (format.bits - 1)) - 3) << formats::name(format);
    const auto values = rounded(scalar_target().quantize[k], plan, x, 1);
    const auto codes = rounded(scalar_target().encode16[e], plan, x, 1);
    for (const Target* target : vector_targets()) {
      const auto found_values = rounded(target->quantize[k], plan, x, 1);
      const auto found_codes = rounded(target->encode16[e], plan, x, 1);
      ASSERT_EQ((mismatch<float, float>(values, found_values, x)), "")
          << target->name << " quantize " << formats::name(format);
      ASSERT_EQ((mismatch<std::uint16_t, float>(codes, found_codes, x)), "")
          << target->name << " encode16 " << formats::name(format);
    }
  }
}

// The twin itself is held against the oracle in tests/formats/; here only that it is what scalar.h
// says: decode_one of encode_one is round_one for every number.
TEST(TargetRounding, TheTwinRoundsToTheValueOfItsCode) {
  Random random(3);
  for (const Format& format : plain_formats()) {
    const Plan plan = make_plan(format);
    for (const float x : rounding_inputs(format, 1, 64, random)) {
      if (x != x) continue;
      ASSERT_EQ(show_bits(round_one(plan, x, 1)),
                show_bits(decode_one(plan, encode_one(plan, x, 1))))
          << formats::name(format) << " " << show_bits(x);
    }
  }
}

}  // namespace
}  // namespace posittune::kernels
