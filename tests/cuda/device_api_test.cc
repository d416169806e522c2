// The library's functions with its kernels run on the CPU (launch.h), against kernels/arrays.h:
// which element has which scale, tails, alignment, widths of codes, bad arguments.

#include "posittune/cuda/device_api.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "posittune/cuda/device_api.cu"
#include "posittune/kernels/statistics.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"

namespace posittune::cuda {
namespace {

using formats::Format;
using kernels::mismatch;

// An array, how its scales are laid out, and the same scales for each row and group as the kernels
// of the CPU take them.
struct Case {
  Layout layout;
  std::vector<float> x, scales, row_scales;
  std::size_t group;

  kernels::Shape shape() const {
    return {static_cast<std::size_t>(layout.rows), static_cast<std::size_t>(layout.cols)};
  }
  kernels::Scales of_rows() const { return {row_scales, group}; }
};

Case make(std::int64_t rows, std::int64_t cols, std::int64_t channels, std::int64_t group,
          kernels::Random& random) {
  Case c{{rows, cols, channels, group}, {}, {}, {}, static_cast<std::size_t>(group)};
  c.x = kernels::tensor_like(c.shape().size(), random);
  const std::int64_t each = group == 0 ? 1 : (cols + group - 1) / group;
  for (std::int64_t i = 0; i < channels * each; ++i)
    c.scales.push_back(std::ldexp(1.0f + static_cast<float>(random() % 100) / 100,
                                  static_cast<int>(random() % 9) - 4));
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto first = c.scales.begin() + row % channels * each;
    c.row_scales.insert(c.row_scales.end(), first, first + each);
  }
  if (channels == 1 && group == 0) c.row_scales.resize(1);
  return c;
}

template <class Code>
std::string compare(const Format& format, const Case& c, std::size_t shift) {
  const Parameters p = parameters_of(format);
  const std::size_t n = c.x.size();
  std::vector<float> values(n), moved(n + shift), found(n + shift), decoded(n + shift), back(n);
  std::vector<Code> codes(n), found_codes(n + shift);
  EXPECT_TRUE(kernels::quantize(format, c.x, c.shape(), c.of_rows(), values));
  EXPECT_TRUE(kernels::encode<Code>(format, c.x, c.shape(), c.of_rows(), codes));
  EXPECT_TRUE(kernels::decode<Code>(format, codes, c.shape(), c.of_rows(), back));
  std::copy(c.x.begin(), c.x.end(), moved.begin() + static_cast<std::ptrdiff_t>(shift));
  const float* scales = c.scales.data();
  const float* x = moved.data() + shift;
  EXPECT_EQ(posittune_cuda_quantize(&p, x, c.layout, scales, found.data() + shift, nullptr), 0);
  EXPECT_EQ(posittune_cuda_encode(&p, x, c.layout, scales, found_codes.data() + shift, nullptr), 0);
  EXPECT_EQ(posittune_cuda_decode(&p, found_codes.data() + shift, c.layout, scales,
                                  decoded.data() + shift, nullptr),
            0);
  std::string text = mismatch<float, float>(values, {found.data() + shift, n}, c.x);
  if (text.empty()) text = mismatch<Code, float>(codes, {found_codes.data() + shift, n}, c.x);
  if (text.empty()) text = mismatch<float, float>(back, {decoded.data() + shift, n}, c.x);
  return text;
}

std::string compare(const char* name, const Case& c, std::size_t shift) {
  const Format format = formats::parse_format(name).value();
  return format.bits <= 8    ? compare<std::uint8_t>(format, c, shift)
         : format.bits <= 16 ? compare<std::uint16_t>(format, c, shift)
                             : compare<std::uint32_t>(format, c, shift);
}

TEST(DeviceApi, EachElementHasItsScale) {
  kernels::Random random(1);
  const std::int64_t shapes[][4] = {
      // rows, cols, channels, group
      {1, 1, 1, 0},    {1, 3, 1, 0},     {1, 10007, 1, 0},  {8, 64, 8, 0},    {8, 63, 8, 0},
      {37, 5, 37, 0},  {12, 64, 4, 0},   {12, 7, 4, 0},     {300, 1, 100, 0}, {5, 256, 5, 32},
      {5, 250, 5, 32}, {5, 250, 5, 7},   {1, 1000, 1, 128}, {6, 96, 3, 48},   {6, 97, 3, 1000},
      {3, 4100, 3, 0}, {4, 1024, 4, 12}, {2, 8, 2, 6}};
  for (const auto& [rows, cols, channels, group] : shapes) {
    const Case c = make(rows, cols, channels, group, random);
    for (const char* format : {"posit<8,1>", "posit<16,1>", "posit<32,2>", "fp8_e4m3", "fp16",
                               "bf16", "fp32", "e5m23", "int4", "int16"}) {
      for (const std::size_t shift : {std::size_t{0}, std::size_t{1}})  // misaligned
        ASSERT_EQ(compare(format, c, shift), "")
            << format << ": " << rows << " x " << cols << ", " << channels << " channels, group "
            << group << ", shift " << shift;
    }
  }
}

TEST(DeviceApi, ErrorsOfCandidatesAreThoseOfTheKernels) {
  kernels::Random random(2);
  const Format format = formats::posit(6, 1);
  const Parameters p = parameters_of(format);
  for (const auto& [rows, cols] : {std::pair{3, 10}, {2, 4096}, {5, 9001}}) {
    const kernels::Shape shape{static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)};
    const std::vector<float> x = kernels::tensor_like(shape.size(), random);
    std::vector<float> weights(shape.cols, 0.25f), candidates;
    for (std::size_t i = 0; i < shape.rows * 7; ++i)
      candidates.push_back(power_of_two(static_cast<int>(i) % 7 - 3));
    for (const bool shared : {false, true}) {
      for (const bool weighted : {false, true}) {
        const auto used = std::span(candidates).first(shared ? 7 : candidates.size());
        const auto expected = kernels::rounding_error(
            format, x, shape, weighted ? weights : std::vector<float>{}, used, 7);
        std::vector<double> found(shape.rows * 7),
            workspace(static_cast<std::size_t>(posittune_cuda_errors_workspace(rows, cols, 7)));
        ASSERT_EQ(posittune_cuda_errors(&p, x.data(), rows, cols,
                                        weighted ? weights.data() : nullptr, used.data(), 7,
                                        shared ? 1 : 0, workspace.data(), found.data(), nullptr),
                  0);
        ASSERT_EQ((mismatch<double, double>(expected.value(), found)), "") << rows << " x " << cols;
      }
    }
  }
}

TEST(DeviceApi, QuotientsAreExact) {
  kernels::Random random(3);
  for (int i = 0; i < 200000; ++i) {
    const auto d = static_cast<std::int64_t>(1 + random() % (std::uint64_t{1} << (1 + i % 31)));
    const auto n = static_cast<std::int64_t>(random() % (std::uint64_t{1} << 31));
    const Divider divider = Divider::of(d, INT32_MAX);
    for (const std::int64_t at : {n, n / d * d, n / d * d - 1, std::int64_t{INT32_MAX}}) {
      if (at < 0) continue;
      ASSERT_EQ(divider.quotient(at), at / d) << at << " / " << d;
    }
  }
  EXPECT_EQ(Divider::of(7, std::int64_t{1} << 31).quotient(std::int64_t{1} << 40),
            (std::int64_t{1} << 40) / 7);
  EXPECT_EQ(Divider::of(std::int64_t{1} << 33, 5).quotient(3), 0);
}

TEST(DeviceApi, BadArgumentsDoNothing) {
  Parameters p = parameters_of(formats::posit(8, 1));
  float x = 1, y = -7, scale = 1;
  const auto call = [&](const Parameters* format, Layout layout, const float* in,
                        const float* scales) {
    return posittune_cuda_quantize(format, in, layout, scales, &y, nullptr);
  };
  const Layout one{1, 1, 1, 0};
  EXPECT_EQ(call(&p, one, nullptr, &scale), kBadArgument);
  EXPECT_EQ(call(&p, one, &x, nullptr), kBadArgument);
  EXPECT_EQ(call(nullptr, one, &x, &scale), kBadArgument);
  EXPECT_EQ(call(&p, {-1, 1, 1, 0}, &x, &scale), kBadArgument);
  EXPECT_EQ(call(&p, {INT64_MAX / 2, 3, 1, 0}, &x, &scale), kBadArgument);
  EXPECT_EQ(call(&p, {3, 1, 2, 0}, &x, &scale), kBadArgument);
  EXPECT_EQ(call(&p, {1, 1, 0, 0}, &x, &scale), kBadArgument);
  EXPECT_EQ(call(&p, {1, 1, 1, -1}, &x, &scale), kBadArgument);
  EXPECT_EQ(call(&p, {0, 1, 1, 0}, nullptr, nullptr), 0);
  EXPECT_EQ(
      posittune_cuda_errors(&p, &x, 1, 1, nullptr, &scale, 5000, 1, nullptr, nullptr, nullptr),
      kBadArgument);
  p.abi = kAbi + 1;
  EXPECT_EQ(call(&p, one, &x, &scale), kOtherAbi);
  p = parameters_of(formats::posit(8, 1));
  p.algorithm = Algorithm::kCount;
  EXPECT_EQ(call(&p, one, &x, &scale), kBadArgument);
  EXPECT_EQ(y, -7);
  EXPECT_NE(std::string(posittune_cuda_message(kOtherAbi)).find("scripts/cuda"), std::string::npos);
  EXPECT_NE(std::string(posittune_cuda_message(kBadArgument)), posittune_cuda_message(kOtherAbi));
  EXPECT_EQ(posittune_cuda_abi(), static_cast<int>(sizeof(Parameters)) + (kAbi << 16));
}

}  // namespace
}  // namespace posittune::cuda
