// What arrays.h documents for bad arguments and empty arrays.

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "posittune/formats/codec.h"
#include "posittune/kernels/arrays.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/statistics.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

using formats::Format;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// All functions that take an array, a shape and scales, each with buffers of `size` elements.
struct Call {
  const char* name;
  std::function<Status(std::span<const float> x, Shape shape, const Scales& scales,
                       std::size_t out_size)>
      run;
};

std::vector<Call> calls(const Format& format) {
  const auto exponents = [format](Shape shape) {
    const bool block = format.block != 0 && shape.cols < 1000;
    return std::vector<std::uint8_t>(block ? shape.rows * ((shape.cols + 31) / 32) : 0);
  };
  std::vector<Call> all;
  all.push_back({"quantize", [=](auto x, Shape shape, const Scales& scales, std::size_t n) {
                   std::vector<float> y(n);
                   return quantize(format, x, shape, scales, y);
                 }});
  all.push_back({"encode", [=](auto x, Shape shape, const Scales& scales, std::size_t n) {
                   std::vector<std::uint8_t> codes(n), e = exponents(shape);
                   return encode<std::uint8_t>(format, x, shape, scales, codes, e);
                 }});
  all.push_back({"decode", [=](auto x, Shape shape, const Scales& scales, std::size_t n) {
                   const std::vector<std::uint8_t> codes(x.size()), e = exponents(shape);
                   std::vector<float> y(n);
                   return decode<std::uint8_t>(format, codes, shape, scales, y, e);
                 }});
  all.push_back({"difference", [=](auto x, Shape shape, const Scales& scales, std::size_t n) {
                   const std::vector<float> y(n);
                   const auto d = difference(format, x, y, shape, scales);
                   return d ? success() : Status(d.error());
                 }});
  if (format == formats::integer(8)) {
    all.push_back({"to_bf16", [=](auto x, Shape shape, const Scales& scales, std::size_t n) {
                     std::vector<std::uint16_t> y(n);
                     return to_bf16(format, x, shape, scales, y);
                   }});
    all.push_back({"to_int8", [=](auto x, Shape shape, const Scales& scales, std::size_t n) {
                     std::vector<std::int8_t> y(n);
                     return to_int8(format, x, shape, scales, y);
                   }});
  }
  return all;
}

std::vector<Call> all_calls() {
  std::vector<Call> all = calls(formats::integer(8));
  for (const Call& call : calls(block_formats().front())) all.push_back(call);
  return all;
}

void expect_input_error(const Status& status, const std::string& where, const std::string& note) {
  ASSERT_FALSE(status.ok()) << note;
  EXPECT_EQ(status.error().kind, ErrorKind::kInput) << note;
  EXPECT_EQ(status.error().where, where) << note;
  EXPECT_NE(status.error().what, "") << note;
}

TEST(ArraysErrors, LengthsThatDoNotMatch) {
  const std::vector<float> x(64), one = {1.0f};
  for (const Call& call : all_calls()) {
    EXPECT_TRUE(call.run(x, {2, 32}, {one}, 64).ok()) << call.name;
    for (const Shape shape : {Shape{2, 31}, Shape{3, 32}, Shape{0, 0}, Shape{64, 2}}) {
      EXPECT_FALSE(call.run(x, shape, {one}, shape.size()).ok()) << call.name;
    }
    for (const std::size_t out : {0u, 63u, 65u}) {
      EXPECT_FALSE(call.run(x, {2, 32}, {one}, out).ok()) << call.name;
    }
  }
  const Format int8 = formats::integer(8);
  std::vector<float> y(64);
  expect_input_error(quantize(int8, x, {2, 31}, {one}, y), "x", "x too long");
  expect_input_error(quantize(int8, x, {2, 32}, {one}, std::span(y).first(3)), "output", "y short");
}

TEST(ArraysErrors, NullWithALength) {
  const Format int8 = formats::integer(8);
  const std::vector<float> x(8), one = {1.0f};
  std::vector<float> y(8);
  const std::span<const float> no_input(static_cast<const float*>(nullptr), 8);
  const std::span<float> no_output(static_cast<float*>(nullptr), 8);
  expect_input_error(quantize(int8, no_input, {2, 4}, {one}, y), "x", "null x");
  expect_input_error(quantize(int8, x, {2, 4}, {one}, no_output), "output", "null y");
  const std::span<const std::uint8_t> no_codes(static_cast<const std::uint8_t*>(nullptr), 8);
  expect_input_error(decode(int8, no_codes, {2, 4}, {one}, std::span(y)), "codes", "null codes");
  for (const auto& status : {statistics(no_input).ok(), row_statistics(no_input, {2, 4}).ok(),
                             rounding_error(int8, no_input, {2, 4}, {}, one, 1).ok(),
                             difference(int8, no_input, y, {2, 4}, {one}).ok(),
                             difference(int8, x, no_input, {2, 4}, {one}).ok()}) {
    EXPECT_FALSE(status);
  }
}

TEST(ArraysErrors, ScalesThatAreNotUsable) {
  const std::vector<float> x(64);
  // 2^-128 is a subnormal whose reciprocal overflows.
  for (const float bad :
       {0.0f, -0.0f, -1.0f, kNan, kInfinity, -kInfinity, 0x1p-128f, FLT_TRUE_MIN}) {
    for (const Call& call : all_calls()) {
      expect_input_error(call.run(x, {2, 32}, {std::vector<float>{bad}}, 64), "scales[0]",
                         call.name + (" " + std::to_string(bad)));
      expect_input_error(call.run(x, {2, 32}, {std::vector<float>{1, bad}}, 64), "scales[1]",
                         call.name + (" " + std::to_string(bad)));
    }
  }
  for (const float good : {0x1p-127f, FLT_MIN, FLT_MAX}) {
    for (const Call& call : all_calls()) {
      EXPECT_TRUE(call.run(x, {2, 32}, {std::vector<float>{good}}, 64).ok()) << call.name;
    }
  }
}

TEST(ArraysErrors, NumbersOfScales) {
  const std::vector<float> x(192), many(200, 1.0f);
  const Shape shape{2, 96};
  for (const Call& call : all_calls()) {
    const auto with = [&](std::size_t n, std::size_t group) {
      return call.run(x, shape, {.values = std::span(many).first(n), .group = group}, 192);
    };
    EXPECT_TRUE(with(1, 0).ok() && with(2, 0).ok() && with(6, 32).ok() && with(4, 64).ok() &&
                with(2, 96).ok() && with(2, 128).ok() && with(1, 32).ok())
        << call.name;
    for (const std::size_t n : {0u, 3u, 192u}) expect_input_error(with(n, 0), "scales", call.name);
    for (const std::size_t n : {0u, 2u, 5u, 7u})
      expect_input_error(with(n, 32), "scales", call.name);
  }
}

TEST(ArraysErrors, GroupsThatCutBlocks) {
  const std::vector<float> x(128), scales(128, 1.0f);
  for (const Call& call : calls(block_formats().front())) {
    for (const std::size_t group : {1u, 16u, 33u, 48u}) {
      const std::size_t n = 2 * ((64 + group - 1) / group);
      expect_input_error(
          call.run(x, {2, 64}, {.values = std::span(scales).first(n), .group = group}, 128),
          "scales", call.name);
    }
  }
}

TEST(ArraysErrors, ShapesBeyondMemory) {
  const std::vector<float> none, one = {1.0f};
  for (const Call& call : all_calls()) {
    // rows * cols wraps to 0, the length of an empty array.
    const Shape wraps{std::size_t{1} << 32, std::size_t{1} << 32};
    expect_input_error(call.run(none, wraps, {one}, 0), "shape", call.name);
    expect_input_error(call.run(none, {SIZE_MAX, SIZE_MAX}, {one}, 0), "shape", call.name);
  }
}

TEST(ArraysErrors, StatisticsOfShapesBeyondMemory) {
  const Shape wraps{std::size_t{1} << 32, std::size_t{1} << 32};
  const std::vector<float> one = {1.0f};
  const auto rows = row_statistics({}, wraps);
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().kind, ErrorKind::kInput);
  const auto errors = rounding_error(formats::integer(8), {}, wraps, {}, one, 1);
  ASSERT_FALSE(errors.ok());
  EXPECT_EQ(errors.error().kind, ErrorKind::kInput);
}

// A group longer than the row is the row, however long.
TEST(ArraysErrors, HugeGroupsAreOneScalePerRow) {
  Random random(50);
  const Shape shape{2, 40'000};
  const std::vector<float> x = tensor_like(shape.size(), random), scales = {0.5f, 3.0f};
  std::vector<float> expected(x.size()), y(x.size());
  const Format format = formats::posit(8, 1);
  ASSERT_TRUE(quantize(format, x, shape, {.values = scales}, expected).ok());
  for (const std::size_t group : {std::size_t{1} << 63, SIZE_MAX - 40'000, SIZE_MAX}) {
    ASSERT_TRUE(quantize(format, x, shape, {.values = scales, .group = group}, y).ok()) << group;
    ASSERT_EQ((mismatch<float, float>(expected, y, x)), "") << group;
  }
}

TEST(ArraysErrors, CodesThatDoNotFitTheirType) {
  const std::vector<float> x(4), one = {1.0f};
  std::vector<float> y(4);
  std::vector<std::uint8_t> narrow(4);
  std::vector<std::uint16_t> middle(4);
  const auto nine = formats::posit(9, 1), seventeen = formats::posit(17, 1);
  expect_input_error(encode<std::uint8_t>(nine, x, {1, 4}, {one}, narrow), "codes", "9 in 8");
  expect_input_error(encode<std::uint16_t>(seventeen, x, {1, 4}, {one}, middle), "codes",
                     "17 in 16");
  expect_input_error(decode<std::uint8_t>(nine, narrow, {1, 4}, {one}, y), "codes", "9 in 8");
  expect_input_error(decode<std::uint16_t>(seventeen, middle, {1, 4}, {one}, y), "codes",
                     "17 in 16");
  EXPECT_TRUE(encode<std::uint8_t>(formats::posit(8, 1), x, {1, 4}, {one}, narrow).ok());
  EXPECT_TRUE(encode<std::uint16_t>(formats::posit(16, 1), x, {1, 4}, {one}, middle).ok());
}

TEST(ArraysErrors, NumbersOfSharedExponents) {
  const std::vector<float> x(66), one = {1.0f};
  std::vector<std::uint8_t> codes(66), exponents(10);
  std::vector<std::uint16_t> wide(66);
  std::vector<float> y(66);
  for (const Format& format : block_formats()) {
    for (const std::size_t n : {0u, 2u, 3u, 5u}) {  // 2 x ceil(33 / 32) = 4
      const auto e = std::span(exponents).first(n);
      expect_input_error(encode<std::uint8_t>(format, x, {2, 33}, {one}, codes, e), "exponents",
                         "");
      expect_input_error(decode<std::uint8_t>(format, codes, {2, 33}, {one}, y, e), "exponents",
                         "");
    }
    const auto four = std::span(exponents).first(4);
    EXPECT_TRUE(encode<std::uint8_t>(format, x, {2, 33}, {one}, codes, four).ok());
    EXPECT_TRUE(decode<std::uint8_t>(format, codes, {2, 33}, {one}, y, four).ok());
    expect_input_error(encode<std::uint16_t>(format, x, {2, 33}, {one}, wide, four), "codes",
                       "bytes");
    EXPECT_EQ(encode<std::uint16_t>(format, x, {2, 33}, {one}, wide, four).error().expected,
              "8 bits");
    expect_input_error(decode<std::uint16_t>(format, wide, {2, 33}, {one}, y, four), "codes", "");
  }
  const auto e = std::span(exponents).first(4);
  const Format int8 = formats::integer(8);
  expect_input_error(encode<std::uint8_t>(int8, x, {2, 33}, {one}, codes, e), "exponents", "int8");
}

TEST(ArraysErrors, FormatsAGemmCannotTake) {
  const std::vector<float> x(4), one = {1.0f};
  std::vector<std::uint16_t> y16(4);
  std::vector<std::int8_t> y8(4);
  for (const char* name :
       {"posit<12,1>", "posit<16,1>", "int10", "fp16", "fp32", "mxfp8", "mxint8"}) {
    const Status s = to_bf16(formats::parse_format(name).value(), x, {1, 4}, {one}, y16);
    ASSERT_FALSE(s.ok()) << name;
    EXPECT_EQ(s.error().kind, ErrorKind::kUnsupported) << name;
  }
  for (const char* name : {"int9", "int8frac", "posit<8,1>", "fp8_e4m3", "mxint8"}) {
    const Status s = to_int8(formats::parse_format(name).value(), x, {1, 4}, {one}, y8);
    ASSERT_FALSE(s.ok()) << name;
    EXPECT_EQ(s.error().kind, ErrorKind::kUnsupported) << name;
  }
}

TEST(ArraysErrors, EmptyArraysDoNothing) {
  const std::vector<float> one = {1.0f};
  for (const Call& call : all_calls()) {
    for (const Shape shape : {Shape{0, 0}, Shape{0, 7}, Shape{7, 0}, Shape{SIZE_MAX, 0}}) {
      const Status s = call.run({}, shape, {one}, 0);
      EXPECT_TRUE(s.ok()) << call.name << ": " << (s.ok() ? "" : s.error().message());
    }
  }
}

}  // namespace
}  // namespace posittune::kernels
