// Block formats (MX) of every vector target against the scalar twin, to the bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
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

constexpr std::size_t kBlock = 32;

std::size_t blocks(std::size_t n) { return (n + kBlock - 1) / kBlock; }

// Blocks of very different sizes; some all zero, some all NaN or infinite, some subnormal.
std::vector<float> block_inputs(std::size_t n, Random& random) {
  std::vector<float> x = tensor_like(n, random);
  for (std::size_t first = 0; first < n; first += kBlock) {
    const auto kind = random() % 16;
    const float size = std::ldexp(1.0f, static_cast<int>(random() % 270) - 145);
    for (std::size_t i = first; i < std::min(n, first + kBlock); ++i) {
      x[i] = kind == 0   ? (i % 2 == 0 ? 0.0f : -0.0f)
             : kind == 1 ? NAN
             : kind == 2 ? (i % 3 == 0 ? INFINITY : -INFINITY)
                         : x[i] * size;
    }
  }
  return x;
}

// Outputs of a target with guards around them.
struct Outputs {
  std::vector<float> values, decoded;
  std::vector<std::uint8_t> codes, exponents;
};

Outputs run(const Target& target, const Plan& plan, const std::vector<float>& x, float scale) {
  constexpr std::size_t kAround = 40;
  const std::size_t n = x.size();
  Outputs out{.values = std::vector<float>(n + kAround, 77.0f),
              .decoded = std::vector<float>(n + kAround, 77.0f),
              .codes = std::vector<std::uint8_t>(n + kAround, 0xa5),
              .exponents = std::vector<std::uint8_t>(blocks(n) + kAround, 0xa5)};
  const float inverse = 1.0f / scale;
  target.block_quantize(plan, x.data(), out.values.data(), n, scale, inverse);
  target.block_encode(plan, x.data(), out.codes.data(), out.exponents.data(), n, scale);
  target.block_decode(plan, out.codes.data(), out.exponents.data(), out.decoded.data(), n, inverse);
  return out;
}

void compare(const Format& format, const std::vector<float>& x, float scale) {
  const Plan plan = make_plan(format);
  const Outputs expected = run(scalar_target(), plan, x, scale);
  for (const Target* target : vector_targets()) {
    const Outputs found = run(*target, plan, x, scale);
    const std::string where = std::string(target->name) + " " + formats::name(format) + " length " +
                              std::to_string(x.size()) + " scale " + show_bits(scale);
    ASSERT_EQ((mismatch<float, float>(expected.values, found.values, x)), "") << where;
    ASSERT_EQ((mismatch<std::uint8_t, float>(expected.codes, found.codes, x)), "") << where;
    ASSERT_EQ(mismatch<std::uint8_t>(expected.exponents, found.exponents), "") << where;
    ASSERT_EQ((mismatch<float, float>(expected.decoded, found.decoded, x)), "") << where;
  }
}

TEST(TargetBlock, EveryLength) {
  Random random(8);
  for (const Format& format : block_formats()) {
    for (std::size_t n = 0; n <= 130; ++n) {
      ASSERT_NO_FATAL_FAILURE(compare(format, block_inputs(n, random), 0.37f));
    }
  }
}

TEST(TargetBlock, ManyScales) {
  Random random(9);
  for (const Format& format : block_formats()) {
    for (const float scale : usable_scales()) {
      ASSERT_NO_FATAL_FAILURE(compare(format, block_inputs(20'011, random), scale));
      ASSERT_NO_FATAL_FAILURE(compare(format, random_patterns(5'003, random), scale));
    }
  }
}

// Each block has one element at the top of a binade of fp32, so that every shared exponent occurs,
// and the others on values and boundaries of the element format under that exponent.
TEST(TargetBlock, BoundariesUnderEverySharedExponent) {
  Random random(10);
  for (const Format& format : block_formats()) {
    std::vector<float> x;
    for (int exponent = -149; exponent <= 127; ++exponent) {
      const Plan plan = make_plan(format);
      const float top = std::ldexp(1.0f, exponent);
      const float shared = power_of_two(block_exponent(plan, &top, 1, 1));
      const std::vector<float> grid = rounding_inputs(plan.format, 1 / shared, 128, random);
      for (std::size_t i = 0; i < 16 * kBlock; ++i) {
        const float v = grid[random() % grid.size()];
        x.push_back(i % kBlock == 5 ? top : std::fabs(v) < 2 * top || std::isnan(v) ? v : -top);
      }
    }
    ASSERT_NO_FATAL_FAILURE(compare(format, x, 1));
  }
}

TEST(TargetBlock, DecodeAllCodesUnderAllExponents) {
  for (const Format& format : block_formats()) {
    const Plan plan = make_plan(format);
    std::vector<std::uint8_t> codes, exponents;
    for (int e = 0; e < 256; ++e) {
      exponents.insert(exponents.end(), 256 / kBlock, static_cast<std::uint8_t>(e));
      for (int code = 0; code < 256; ++code) codes.push_back(static_cast<std::uint8_t>(code));
    }
    for (const float inverse : {1.0f, 0.37f, 1e-30f, 1e30f}) {
      std::vector<float> expected(codes.size()), found(codes.size());
      scalar_target().block_decode(plan, codes.data(), exponents.data(), expected.data(),
                                   codes.size(), inverse);
      for (const Target* target : vector_targets()) {
        target->block_decode(plan, codes.data(), exponents.data(), found.data(), codes.size(),
                             inverse);
        ASSERT_EQ((mismatch<float, std::uint8_t>(expected, found, codes)), "")
            << target->name << " " << formats::name(format);
      }
    }
  }
}

}  // namespace
}  // namespace posittune::kernels
