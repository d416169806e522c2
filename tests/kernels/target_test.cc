// What each entry of a target's table means, by examples worked out by hand. That the vector
// targets give the twin's bits is in the target_*_test.cc, a file for each part of the table.

#include "posittune/kernels/target.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

constexpr std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }

TEST(Target, EachHasEveryEntry) {
  for (const Target* target : all_targets()) {
    for (std::size_t k = 0; k < kKinds; ++k) {
      EXPECT_TRUE(target->quantize[k] != nullptr && target->quantize_stream[k] != nullptr &&
                  target->encode8[k] != nullptr && target->encode16[k] != nullptr &&
                  target->encode32[k] != nullptr && target->decode8[k] != nullptr &&
                  target->decode16[k] != nullptr && target->decode32[k] != nullptr &&
                  target->to_bf16[k] != nullptr && target->to_int8[k] != nullptr)
          << target->name << " kind " << k;
    }
    EXPECT_TRUE(target->block_quantize != nullptr && target->block_encode != nullptr &&
                target->block_decode != nullptr && target->moments != nullptr &&
                target->add_squared_errors != nullptr && target->histogram != nullptr &&
                target->pack8 != nullptr && target->pack16 != nullptr &&
                target->pack32 != nullptr && target->unpack8 != nullptr &&
                target->unpack16 != nullptr && target->unpack32 != nullptr)
        << target->name;
  }
}

// q = Q(x * scale) is 3, -6 and 127, the most that int8 holds; y = q / scale.
TEST(Target, ARunHasOneScale) {
  const Plan plan = make_plan(formats::parse_format("int8").value());
  const std::size_t k = index(plan.kind), e = index(plan.encode_kind), d = index(plan.decode_kind);
  const std::vector<float> x = {1.5F, -3, 1000}, expected = {1.5F, -3, 63.5F};
  for (const Target* target : all_targets()) {
    std::vector<float> y(3);
    target->quantize[k](plan, x.data(), y.data(), 3, 2, 0.5F);
    EXPECT_EQ(y, expected) << target->name;
    alignas(64) float streamed[3];
    target->quantize_stream[k](plan, x.data(), streamed, 3, 2, 0.5F);
    EXPECT_EQ(std::vector<float>(streamed, streamed + 3), expected) << target->name;
    std::vector<std::int8_t> integers(3);
    target->to_int8[k](plan, x.data(), integers.data(), 3, 2, 0.5F);
    EXPECT_EQ(integers, (std::vector<std::int8_t>{3, -6, 127})) << target->name;
    std::vector<std::uint16_t> bf16(3);
    target->to_bf16[k](plan, x.data(), bf16.data(), 3, 2, 0.5F);
    EXPECT_EQ(bf16, (std::vector<std::uint16_t>{0x4040, 0xc0c0, 0x42fe})) << target->name;
    std::vector<std::uint8_t> codes(3);
    target->encode8[e](plan, x.data(), codes.data(), 3, 2, 0.5F);
    EXPECT_EQ(codes, (std::vector<std::uint8_t>{0x03, 0xfa, 0x7f})) << target->name;
    std::vector<float> decoded(3);
    target->decode8[d](plan, codes.data(), decoded.data(), 3, 0.5F);
    EXPECT_EQ(decoded, expected) << target->name;
  }
}

// 1792 is 448 x 2^2, and 448 the largest of E4M3: the shared exponent is 2, 129 with its bias. -8
// is -2 x 2^2, in E4M3 1'1000'000.
TEST(Target, ABlockHasItsExponent) {
  const Plan plan = make_plan(formats::parse_format("mxfp8").value());
  const std::vector<float> x = {1792, -8};
  for (const Target* target : all_targets()) {
    std::vector<std::uint8_t> codes(2), exponents(1);
    target->block_encode(plan, x.data(), codes.data(), exponents.data(), 2, 1);
    EXPECT_EQ(codes, (std::vector<std::uint8_t>{0x7e, 0xc0})) << target->name;
    EXPECT_EQ(exponents, (std::vector<std::uint8_t>{129})) << target->name;
    std::vector<float> values(2), decoded(2);
    target->block_quantize(plan, x.data(), values.data(), 2, 1, 1);
    EXPECT_EQ(values, x) << target->name;
    target->block_decode(plan, codes.data(), exponents.data(), decoded.data(), 2, 0.5F);
    EXPECT_EQ(decoded, (std::vector<float>{896, -4})) << target->name;
  }
}

TEST(Target, MomentsAreOfFiniteElements) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {1, -2, 0, kInfinity, std::nanf(""), 3, -0.0F, -kInfinity};
  for (const Target* target : all_targets()) {
    const Moments moments = target->moments(x.data(), x.size());
    EXPECT_EQ(moments.sum_abs, 6) << target->name;
    EXPECT_EQ(moments.sum_squares, 14) << target->name;
    EXPECT_EQ(moments.absmax, 3) << target->name;
    EXPECT_EQ(moments.zeros, 2U) << target->name;
    EXPECT_EQ(moments.nonfinite, 3U) << target->name;
  }
}

// Element 17 is in lane 1; errors are added to what the lanes hold, x without a number is left out.
TEST(Target, SquaredErrorsGoToTheLaneOfTheirElement) {
  std::vector<float> x(18, 1), y(18, 1), w(18, 10);
  x[2] = std::nanf("");
  y[1] = 3;
  y[17] = 4;
  for (const Target* target : all_targets()) {
    std::vector<double> lanes(kSumLanes, 100), expected = lanes;
    target->add_squared_errors(x.data(), y.data(), nullptr, 18, lanes.data());
    expected[1] += 4 + 9;
    EXPECT_EQ(lanes, expected) << target->name;
    target->add_squared_errors(x.data(), y.data(), w.data(), 18, lanes.data());
    expected[1] += 10 * (4 + 9);
    EXPECT_EQ(lanes, expected) << target->name;
  }
}

// 1 is 0'0111'1111'000...: bin 01111111000; the next eighth of the octave is the next bin.
TEST(Target, EightBinsToAnOctave) {
  const std::vector<float> x = {1, -1.124F, 1.125F, 2, 0, -0.0F, std::nanf("")};
  for (const Target* target : all_targets()) {
    std::vector<std::uint64_t> bins(kHistogramBins, 5), expected = bins;
    target->histogram(x.data(), x.size(), bins.data());
    expected[0b01111111'000] += 2;
    expected[0b01111111'001] += 1;
    expected[0b10000000'000] += 1;
    expected[0] += 2;
    expected[0b11111111'100] += 1;
    EXPECT_EQ(bins, expected) << target->name;
  }
}

// 1, 2 and 7 of three bits each: 111'010'001, from the low bit on; the rest of a byte is zero.
TEST(Target, PackedCodesAreALittleEndianStringOfBits) {
  const std::vector<std::uint8_t> codes = {1, 2, 7}, packed = {0b11'010'001, 0b1};
  for (const Target* target : all_targets()) {
    std::vector<std::uint8_t> out(2, 0xff), back(3, 0xff);
    target->pack8(codes.data(), 3, 3, out.data());
    EXPECT_EQ(out, packed) << target->name;
    target->unpack8(packed.data(), 3, 3, back.data());
    EXPECT_EQ(back, codes) << target->name;
  }
}

}  // namespace
}  // namespace posittune::kernels
