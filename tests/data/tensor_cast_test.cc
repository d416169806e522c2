#include "posittune/data/tensor_cast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/data/files.h"

namespace posittune::data {
namespace {

template <class T>
Tensor tensor(ElementType type, const std::vector<T>& values) {
  Tensor out = Tensor::zeros(type, {values.size()});
  std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
  return out;
}

template <class To>
void expect_cast(const Result<Tensor>& found, ElementType type, const std::vector<To>& values) {
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_EQ(found->type, type);
  const auto span = found->as<To>();
  EXPECT_EQ(std::vector<To>(span.begin(), span.end()), values);
}

void expect_refused(Tensor from, ElementType to, const std::string& number) {
  const auto found = cast_exact(std::move(from), to, "f.npz, array 'x'");
  ASSERT_FALSE(found.ok()) << number;
  EXPECT_TRUE(is_error(found.error(), ErrorKind::kInput, {"'x'", "element 1", number}));
}

TEST(TensorCast, IntegersThatFit) {
  expect_cast<std::int64_t>(
      cast_exact(tensor<std::int32_t>(ElementType::kI32, {-1, 7}), ElementType::kI64, ""),
      ElementType::kI64, {-1, 7});
  expect_cast<std::int32_t>(
      cast_exact(tensor<std::int64_t>(ElementType::kI64, {-2147483648, 2147483647}),
                 ElementType::kI32, ""),
      ElementType::kI32, {-2147483648, 2147483647});
  expect_cast<std::uint8_t>(
      cast_exact(tensor<std::int64_t>(ElementType::kI64, {0, 1}), ElementType::kBool, ""),
      ElementType::kBool, {0, 1});
}

TEST(TensorCast, IntegersThatDoNot) {
  expect_refused(tensor<std::int64_t>(ElementType::kI64, {0, 2147483648}), ElementType::kI32,
                 "2147483648");
  expect_refused(tensor<std::int32_t>(ElementType::kI32, {0, -1}), ElementType::kU8, "-1");
  expect_refused(tensor<std::int32_t>(ElementType::kI32, {0, 2}), ElementType::kBool, "2");
  // 2^24 + 1 is the first integer that a float skips, 2^53 + 1 the first of a double.
  expect_refused(tensor<std::int32_t>(ElementType::kI32, {16777216, 16777217}), ElementType::kF32,
                 "16777217");
  expect_refused(tensor<std::int64_t>(ElementType::kI64, {0, 9007199254740993}), ElementType::kF64,
                 "9007199254740993");
  expect_refused(tensor<std::int64_t>(ElementType::kI64, {0, INT64_MAX}), ElementType::kF64,
                 "9223372036854775807");
}

TEST(TensorCast, FloatsToIntegers) {
  expect_cast<std::int64_t>(
      cast_exact(tensor<float>(ElementType::kF32, {-3, 0x1p40f}), ElementType::kI64, ""),
      ElementType::kI64, {-3, std::int64_t{1} << 40});
  expect_refused(tensor<float>(ElementType::kF32, {0, 0.5f}), ElementType::kI64, "0.5");
  expect_refused(tensor<float>(ElementType::kF32, {0, 0x1p63f}), ElementType::kI64, "9223372");
  expect_refused(tensor<float>(ElementType::kF32, {0, NAN}), ElementType::kI32, "nan");
  expect_refused(tensor<float>(ElementType::kF32, {0, -INFINITY}), ElementType::kI32, "inf");
}

TEST(TensorCast, FloatsToFloats) {
  expect_cast<float>(
      cast_exact(tensor<double>(ElementType::kF64, {0.25, INFINITY}), ElementType::kF32, ""),
      ElementType::kF32, {0.25f, INFINITY});
  expect_refused(tensor<double>(ElementType::kF64, {0, 0.1}), ElementType::kF32, "0.1");
  // 2^-24 is the smallest of float16, 65504 its largest.
  expect_cast<std::uint16_t>(
      cast_exact(tensor<float>(ElementType::kF32, {0x1p-24f, 65504}), ElementType::kF16, ""),
      ElementType::kF16, {0x0001, 0x7bff});
  expect_refused(tensor<float>(ElementType::kF32, {0, 65505}), ElementType::kF16, "65505");
  expect_cast<float>(
      cast_exact(tensor<std::uint16_t>(ElementType::kF16, {0x3c00, 0xc000}), ElementType::kF32, ""),
      ElementType::kF32, {1, -2});
}

TEST(TensorCast, RoundedToTheNearestTiesToEven) {
  // Above 2048 float16 has the even integers.
  expect_cast<std::uint16_t>(
      cast_rounded(tensor<float>(ElementType::kF32, {2049, 2051}), ElementType::kF16, ""),
      ElementType::kF16, {0x6800, 0x6802});
  EXPECT_FALSE(cast_rounded(tensor<float>(ElementType::kF32, {0.5f}), ElementType::kU8, "").ok());
}

TEST(TensorCast, FindsNan) {
  EXPECT_EQ(find_not_finite(tensor<float>(ElementType::kF32, {1, 2, NAN})), 2u);
  EXPECT_EQ(find_not_finite(tensor<std::uint16_t>(ElementType::kF16, {0x7bff, 0xfc00})), 1u);
  EXPECT_EQ(find_not_finite(tensor<double>(ElementType::kF64, {1, -INFINITY})), 1u);
  EXPECT_EQ(find_not_finite(tensor<double>(ElementType::kF64, {1e308, -5e-324})), std::nullopt);
  EXPECT_EQ(find_not_finite(tensor<std::int32_t>(ElementType::kI32, {-1})), std::nullopt);
  const Tensor both = tensor<std::uint16_t>(ElementType::kF16, {0x7c00, 0x7e00});
  EXPECT_FALSE(is_nan(both, 0));
  EXPECT_TRUE(is_nan(both, 1));
}

TEST(TensorCast, Rows) {
  Tensor x = tensor<std::int32_t>(ElementType::kI32, {1, 2, 3, 4, 5, 6});
  x.shape = {3, 2};
  const Tensor middle = rows_of(x, 1, 1);
  EXPECT_EQ(middle.shape, (TensorShape{1, 2}));
  EXPECT_EQ(middle.as<std::int32_t>()[0], 3);
  EXPECT_EQ(middle.as<std::int32_t>()[1], 4);
}

}  // namespace
}  // namespace posittune::data
