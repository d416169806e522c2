// The arithmetic of devices, compiled for the CPU, against the plain twin of the kernels, to the
// bit.

#include "posittune/cuda/arithmetic.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "posittune/kernels/scalar.h"
#include "posittune/kernels/statistics.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"

namespace posittune::cuda {
namespace {

using formats::Format;
using kernels::mismatch;

float twin_value(const kernels::Plan& plan, float x, float scale) {
  return kernels::round_one(plan, x, scale) * (1.0f / scale);
}

// Empty, or the first difference to the twin in the values and codes of x.
std::string compare(const Format& format, const std::vector<float>& x, float scale) {
  const Parameters p = parameters_of(format);
  const kernels::Plan plan = kernels::make_plan(format);
  const Scale s = scale_of(scale);
  std::vector<float> values(x.size()), found(x.size());
  std::vector<std::uint32_t> codes(x.size()), found_codes(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    values[i] = twin_value(plan, x[i], scale);
    codes[i] = kernels::encode_one(plan, x[i], scale);
  }
  with_algorithm(p.algorithm, [&]<Algorithm kAlgorithm>() {
    for (std::size_t i = 0; i < x.size(); ++i) {
      found[i] = quantize_one<kAlgorithm>(p, x[i], s);
      found_codes[i] = encode_one<kAlgorithm>(p, x[i], s);
    }
    return 0;
  });
  std::string text = mismatch<float, float>(values, found, x);
  if (!text.empty()) return "quantize: " + text;
  text = mismatch<std::uint32_t, float>(codes, found_codes, x);
  return text.empty() ? text : "encode: " + text;
}

TEST(CudaArithmetic, EveryFormatAndManyScalesEqualTheTwin) {
  kernels::Random random(1);
  std::size_t compared = 0;
  for (const Format& format : kernels::plain_formats()) {
    for (const float scale : kernels::usable_scales()) {
      const std::vector<float> x = kernels::rounding_inputs(format, scale, 160, random);
      ASSERT_EQ(compare(format, x, scale), "")
          << formats::name(format) << " scale " << kernels::show_bits(scale);
      compared += x.size();
    }
  }
  EXPECT_GE(compared, 5'000'000U);
}

TEST(CudaArithmetic, EveryValueAndBoundaryUpTo16Bits) {
  kernels::Random random(2);
  for (const Format& format : kernels::plain_formats()) {
    if (format.bits > 16) continue;
    const auto x = kernels::rounding_inputs(format, 1, std::size_t{1} << 16, random);
    ASSERT_EQ(compare(format, x, 1), "") << formats::name(format);
  }
}

// Of formats beyond 16 bits random ones.
TEST(CudaArithmetic, EveryCodeDecodesAsTheTwin) {
  kernels::Random random(3);
  std::size_t compared = 0;
  for (const Format& format : kernels::plain_formats()) {
    const Parameters p = parameters_of(format);
    const kernels::Plan plan = kernels::make_plan(format);
    const std::size_t count = std::min<std::uint64_t>(formats::code_count(format), 1 << 16);
    for (const float scale : {1.0f, 0.3f}) {
      std::vector<std::uint32_t> codes(count);
      std::vector<float> expected(count), found(count);
      for (std::size_t i = 0; i < count; ++i) {
        codes[i] = static_cast<std::uint32_t>(format.bits <= 16 ? i : random() & p.code_mask);
        expected[i] = kernels::decode_one(plan, codes[i]) * (1.0f / scale);
      }
      with_algorithm(p.algorithm, [&]<Algorithm kAlgorithm>() {
        for (std::size_t i = 0; i < count; ++i)
          found[i] = decode_one<kAlgorithm>(p, codes[i], scale_of(scale));
        return 0;
      });
      const auto text = mismatch<float, std::uint32_t>(expected, found, codes);
      ASSERT_EQ(text, "") << formats::name(format);
      compared += count;
    }
  }
  EXPECT_GE(compared, 10'000'000U);
}

TEST(CudaArithmetic, UnusableScalesMakeNaN) {
  for (const float scale : {0.0f, -1.0f, INFINITY, NAN, 1e-45f}) {
    const Scale s = scale_of(scale);
    EXPECT_FALSE(s.usable) << scale;
    for (const Format& format : kernels::sample_formats()) {
      const Parameters p = parameters_of(format);
      with_algorithm(p.algorithm, [&]<Algorithm kAlgorithm>() {
        for (const float x : {0.0f, 1.0f, -INFINITY}) {
          EXPECT_TRUE(std::isnan(quantize_one<kAlgorithm>(p, x, s)));
          EXPECT_EQ((encode_one<kAlgorithm>(p, x, s)), p.nan_code);
        }
        EXPECT_TRUE(std::isnan(decode_one<kAlgorithm>(p, 1, s)));
        return 0;
      });
    }
  }
  for (const float scale : kernels::usable_scales()) EXPECT_TRUE(scale_of(scale).usable) << scale;
}

TEST(CudaArithmetic, SumsOfErrorsAreThoseOfTheKernels) {
  kernels::Random random(4);
  const Format format = formats::posit(8, 1);
  const Parameters p = parameters_of(format);
  for (const std::size_t n :
       {std::size_t{1}, std::size_t{15}, std::size_t{100}, std::size_t{4096}}) {
    const std::vector<float> x = kernels::tensor_like(n, random);
    std::vector<float> weights(n);
    for (std::size_t i = 0; i < n; ++i) weights[i] = static_cast<float>(i % 7) * 0.3f;
    for (int exponent = -8; exponent <= 8; ++exponent) {
      const float scale = power_of_two(exponent);
      ASSERT_EQ(scale, std::ldexp(1.0f, exponent));
      for (const bool weighted : {false, true}) {
        const auto expected = kernels::rounding_error(
            format, x, {1, n}, weighted ? weights : std::vector<float>{}, {&scale, 1}, 1);
        double found = 0;
        for (int lane = 0; lane < kSumLanes; ++lane)
          found +=
              lane_error<Algorithm::kPosit>(p, x.data(), weighted ? weights.data() : nullptr,
                                            static_cast<std::int64_t>(n), lane, scale_of(scale));
        ASSERT_EQ(std::bit_cast<std::uint64_t>(expected.value()[0]),
                  std::bit_cast<std::uint64_t>(found))
            << n << " " << exponent;
      }
    }
  }
}

TEST(CudaArithmetic, TopBit) {
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    const std::uint32_t power = std::uint32_t{1} << bit;
    for (const std::uint32_t x : {power, power | (power - 1), power | power >> 1})
      EXPECT_EQ(top_bit(x), static_cast<int>(bit)) << x;
  }
}

}  // namespace
}  // namespace posittune::cuda
