// Arrays with scales per tensor, row and group against a naive loop over formats::, on every target
// and for several numbers of threads.

#include "posittune/kernels/arrays.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <string>
#include <vector>

#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"
#include "posittune/kernels/dispatch.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

using formats::Format;

struct Layout {
  Shape shape;
  std::size_t group;
  std::vector<float> scales;
  Scales view() const { return {.values = scales, .group = group}; }
  float at(std::size_t row, std::size_t col) const {
    if (scales.size() == 1) return scales[0];
    if (group == 0) return scales[row];
    return scales[row * ((shape.cols + group - 1) / group) + col / group];
  }
};

std::vector<float> random_scales(std::size_t n, Random& random) {
  std::vector<float> scales(n);
  for (float& s : scales) {
    s = std::ldexp(1.0f + static_cast<float>(random() % 1000) / 1000,
                   static_cast<int>(random() % 24) - 12);
  }
  return scales;
}

// Per tensor, per row and groups of each size for a shape.
std::vector<Layout> layouts(Shape shape, Random& random) {
  std::vector<Layout> all = {{shape, 0, random_scales(1, random)},
                             {shape, 64, random_scales(1, random)},
                             {shape, 0, random_scales(shape.rows, random)}};
  for (const std::size_t group :
       {std::size_t{1}, std::size_t{32}, std::size_t{96}, std::size_t{100}, std::size_t{1} << 40}) {
    const std::size_t per_row = (shape.cols + group - 1) / group;
    all.push_back({shape, group, random_scales(shape.rows * per_row, random)});
  }
  return all;
}

// x * s as posits see it: a product beyond fp32 is as good as its largest or smallest number.
float product(const Format& format, float x, float s) {
  const float y = x * s;
  if (format.family != formats::Family::kPosit || !std::isfinite(x) || x == 0) return y;
  if (std::isinf(y)) return std::copysign(FLT_MAX, x);
  const bool flush = format.variant == formats::kPositFlush;
  return y == 0 && !flush ? std::copysign(FLT_TRUE_MIN, x) : y;
}

struct Expected {
  std::vector<float> values;
  std::vector<std::uint32_t> codes;
  std::vector<std::uint8_t> exponents;
};

// The definitions, one element after the other.
Expected plain(const Format& format, const std::vector<float>& x, const Layout& layout) {
  Expected e;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float s = layout.at(i / layout.shape.cols, i % layout.shape.cols);
    const float y = product(format, x[i], s);
    const float q = formats::round_to_float(format, y);
    e.values.push_back(q * (1.0f / s));
    e.codes.push_back(
        formats::encode(format, std::isnan(y) || std::isinf(y) ? double{y} : double{q}));
  }
  return e;
}

Expected blocked(const Format& format, const std::vector<float>& x, const Layout& layout) {
  Expected e;
  const std::size_t cols = layout.shape.cols, block = format.block;
  for (std::size_t row = 0; row < layout.shape.rows; ++row) {
    for (std::size_t first = 0; first < cols; first += block) {
      const std::size_t last = std::min(first + block, cols);
      float absmax = 0;
      for (std::size_t col = first; col < last; ++col) {
        const float y = std::fabs(x[row * cols + col] * layout.at(row, col));
        if (std::isfinite(y)) absmax = std::max(absmax, y);
      }
      const int exponent = formats::shared_exponent(format, absmax);
      e.exponents.push_back(formats::encode_e8m0(exponent));
      for (std::size_t col = first; col < last; ++col) {
        const float s = layout.at(row, col), y = x[row * cols + col] * s;
        const double q = std::ldexp(double{y}, -exponent);
        e.codes.push_back(formats::encode(format, q));
        const double value = std::ldexp(formats::round(format, q), exponent);
        e.values.push_back(static_cast<float>(value) * (1.0f / s));
      }
    }
  }
  return e;
}

template <class Code>
void check_codes(const Format& format, const std::vector<float>& x, const Layout& layout,
                 const Expected& expected, Options options, const std::string& where) {
  if (format.bits > 8 * sizeof(Code) || (format.block != 0 && sizeof(Code) > 1)) return;
  std::vector<Code> want(expected.codes.begin(), expected.codes.end()), codes(x.size());
  std::vector<std::uint8_t> exponents(expected.exponents.size());
  ASSERT_TRUE(encode<Code>(format, x, layout.shape, layout.view(), codes, exponents, options).ok());
  ASSERT_EQ((mismatch<Code, float>(want, codes, x)), "") << "encode " << where;
  ASSERT_EQ(mismatch<std::uint8_t>(expected.exponents, exponents), "") << "exponents " << where;
  std::vector<float> y(x.size()), values = expected.values;
  for (std::size_t i = 0; i < x.size(); ++i) {
    // Formats without NaN keep NaN in quantize, but its code is that of the largest value.
    if (!std::isnan(values[i]) || formats::traits(format).nan_code) continue;
    const std::size_t row = i / layout.shape.cols, col = i % layout.shape.cols;
    double value = formats::decode(format, codes[i]);
    if (format.block != 0) {
      const std::size_t per_row = (layout.shape.cols + format.block - 1) / format.block;
      value *= std::ldexp(1.0, exponents[row * per_row + col / format.block] - 127);
    }
    values[i] = static_cast<float>(value) * (1.0f / layout.at(row, col));
  }
  ASSERT_TRUE(decode<Code>(format, codes, layout.shape, layout.view(), y, exponents, options).ok());
  ASSERT_EQ((mismatch<float, float>(values, y, x)), "") << "decode " << where;
}

void check_all(const Format& format, const std::vector<float>& x, const Layout& layout) {
  const Expected expected =
      format.block != 0 ? blocked(format, x, layout) : plain(format, x, layout);
  for (const Target* target : all_targets()) {
    const ScopedTarget scoped(*target);
    for (const int threads : {1, 2, 3, 8}) {
      const Options options{.threads = threads};
      const std::string where =
          std::string(target->name) + " " + formats::name(format) + " " +
          std::to_string(layout.shape.rows) + "x" + std::to_string(layout.shape.cols) + " group " +
          std::to_string(layout.group) + ", " + std::to_string(layout.scales.size()) + " scales, " +
          std::to_string(threads) + " threads";
      std::vector<float> y(x.size());
      ASSERT_TRUE(quantize(format, x, layout.shape, layout.view(), y, options).ok()) << where;
      ASSERT_EQ((mismatch<float, float>(expected.values, y, x)), "") << where;
      std::vector<float> same = x;
      ASSERT_TRUE(quantize(format, same, layout.shape, layout.view(), same, options).ok()) << where;
      ASSERT_EQ((mismatch<float, float>(expected.values, same, x)), "") << "in place " << where;
      ASSERT_NO_FATAL_FAILURE(
          check_codes<std::uint8_t>(format, x, layout, expected, options, where));
      ASSERT_NO_FATAL_FAILURE(
          check_codes<std::uint16_t>(format, x, layout, expected, options, where));
      ASSERT_NO_FATAL_FAILURE(
          check_codes<std::uint32_t>(format, x, layout, expected, options, where));
    }
  }
}

TEST(Arrays, EveryLayoutOfScalesIsTheNaiveLoop) {
  Random random(30);
  std::vector<Format> formats = sample_formats();
  for (const Format& format : block_formats()) formats.push_back(format);
  for (const Format& format : formats) {
    for (const Shape shape : {Shape{1, 1}, Shape{3, 5}, Shape{7, 200}}) {
      const std::vector<float> x = tensor_like(shape.size(), random);
      for (const Layout& layout : layouts(shape, random)) {
        if (format.block != 0 && layout.group % format.block != 0) continue;
        ASSERT_NO_FATAL_FAILURE(check_all(format, x, layout));
      }
    }
  }
}

// Larger than a task of the thread pool: one long row, long rows, many short rows.
TEST(Arrays, LargeArraysAreTheNaiveLoop) {
  Random random(31);
  for (const char* name : {"posit<8,1>", "int8", "fp8_e4m3", "mxfp4"}) {
    const Format format = formats::parse_format(name).value();
    for (const Shape shape : {Shape{1, 70'001}, Shape{2, 33'000}, Shape{2000, 33}}) {
      const std::vector<float> x = tensor_like(shape.size(), random);
      for (const Layout& layout : layouts(shape, random)) {
        if (layout.group == 1 || (format.block != 0 && layout.group % format.block != 0)) continue;
        ASSERT_NO_FATAL_FAILURE(check_all(format, x, layout));
      }
    }
  }
}

// 20 MB in and 20 MB out are written past the caches; the bits are the same.
TEST(Arrays, StreamedArraysAreTheSame) {
  Random random(32);
  const Shape shape{2, 2'500'001};
  const std::vector<float> scales = {3.0f, 0.125f};
  const std::vector<float> tile = tensor_like(4093, random);
  std::vector<float> x(shape.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = tile[i % tile.size()];
  const Format format = formats::posit(8, 1);
  std::vector<float> expected;
  {
    const ScopedTarget scoped(scalar_target());
    expected = x;  // in place: never streamed
    ASSERT_TRUE(quantize(format, expected, shape, {.values = scales}, expected).ok());
  }
  for (const Target* target : vector_targets()) {
    const ScopedTarget scoped(*target);
    for (const int threads : {1, 2}) {
      std::vector<float> y(x.size());
      ASSERT_TRUE(quantize(format, x, shape, {.values = scales}, y, {.threads = threads}).ok());
      ASSERT_EQ((mismatch<float, float>(expected, y, x)), "") << target->name;
    }
  }
}

TEST(Arrays, GridValuesForAGemm) {
  Random random(33);
  const Shape shape{5, 77};
  for (const char* name : {"posit<8,0>", "posit<8,2>", "posit<6,1>", "int8", "int4", "int2", "bf16",
                           "fp8_e4m3", "fp8_e5m2", "fp4_e2m1"}) {
    const Format format = formats::parse_format(name).value();
    const std::vector<float> x = tensor_like(shape.size(), random);
    const Layout layout{shape, 0, random_scales(shape.rows, random)};
    std::vector<std::uint16_t> want16;
    std::vector<std::int8_t> want8;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float y = product(format, x[i], layout.at(i / shape.cols, 0));
      const float q = formats::round_to_float(format, y);
      want16.push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(q) >> 16));
      // Exact: nothing was cut off.
      ASSERT_EQ(std::bit_cast<std::uint32_t>(q) & 0xffff, 0u) << name << " " << show_bits(q);
      want8.push_back(
          static_cast<std::int8_t>(std::isnan(q) ? -(1 << (format.bits - 1))
                                                 : static_cast<int>(std::clamp(q, -128.f, 127.f))));
    }
    for (const Target* target : all_targets()) {
      const ScopedTarget scoped(*target);
      std::vector<std::uint16_t> y16(x.size());
      ASSERT_TRUE(to_bf16(format, x, shape, layout.view(), y16).ok()) << name;
      ASSERT_EQ((mismatch<std::uint16_t, float>(want16, y16, x)), "")
          << target->name << " " << name;
      if (format.family != formats::Family::kInt) continue;
      std::vector<std::int8_t> y8(x.size());
      ASSERT_TRUE(to_int8(format, x, shape, layout.view(), y8).ok()) << name;
      ASSERT_EQ((mismatch<std::int8_t, float>(want8, y8, x)), "") << target->name << " " << name;
    }
  }
}

}  // namespace
}  // namespace posittune::kernels
