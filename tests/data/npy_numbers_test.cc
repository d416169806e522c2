#include "posittune/data/npy_numbers.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace posittune::data {
namespace {

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}
template <class T>
std::vector<T> values_of(const Bytes& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST(NpyNumbers, TypesAreAsWideOrWider) {
  const auto type = [](const char* descr) { return number_type(descr)->type; };
  EXPECT_EQ(type("<f4"), ElementType::kF32);
  EXPECT_EQ(type("<f2"), ElementType::kF16);
  EXPECT_EQ(type("|i1"), ElementType::kI8);
  EXPECT_EQ(type("<u2"), ElementType::kI32);
  EXPECT_EQ(type("<u4"), ElementType::kI64);
  EXPECT_EQ(type("=u8"), ElementType::kI64);
  EXPECT_EQ(type("|b1"), ElementType::kBool);
  EXPECT_TRUE(number_type(">f8")->swapped);
  EXPECT_FALSE(number_type(">u1")->swapped);
  EXPECT_FALSE(number_type("<f8")->swapped);
  EXPECT_EQ(number_type("<u2")->bytes, 2U);
  for (const char* none : {"<c8", "<U5", "|O", "f4", "<f3", "?f4", "", "<f44"})
    EXPECT_FALSE(number_type(none).has_value()) << none;
}

// Element [i, j, k] of a (2, 3, 2) array is 100 i + 10 j + k; its first axis varies fastest.
TEST(NpyNumbers, RowsOfFortranArrays) {
  std::vector<std::int16_t> fortran, c;
  for (int k = 0; k < 2; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i)
        fortran.push_back(static_cast<std::int16_t>(100 * i + 10 * j + k));
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 2; ++k) c.push_back(static_cast<std::int16_t>(100 * i + 10 * j + k));
    }
  }
  const Bytes raw = bytes_of(fortran);
  EXPECT_EQ(values_of<std::int16_t>(to_c_order(raw, {2, 3, 2}, 2, 2).value()), c);
  c.resize(6);
  EXPECT_EQ(values_of<std::int16_t>(to_c_order(raw, {2, 3, 2}, 1, 2).value()), c);
  EXPECT_TRUE(to_c_order(raw, {2, 3, 2}, 0, 2).value().empty());
}

template <class To, class From>
std::vector<To> converted(const std::vector<From>& values, const char* descr) {
  Bytes out;
  EXPECT_TRUE(convert(bytes_of(values), *number_type(descr), descr, out)) << descr;
  return values_of<To>(out);
}

TEST(NpyNumbers, Conversions) {
  using std::int32_t, std::int64_t, std::uint16_t, std::uint32_t, std::uint64_t, std::uint8_t;
  EXPECT_EQ(converted<int32_t>(std::vector<uint16_t>{0, 65535}, "<u2"),
            (std::vector<int32_t>{0, 65535}));
  EXPECT_EQ(converted<int64_t>(std::vector<uint32_t>{4294967295U}, "<u4"),
            (std::vector<int64_t>{4294967295}));
  EXPECT_EQ(converted<int32_t>(std::vector<uint16_t>{0x1234}, ">u2"),
            (std::vector<int32_t>{0x3412}));
  EXPECT_EQ(converted<int32_t>(std::vector<int32_t>{0x01020304}, ">i4"),
            (std::vector<int32_t>{0x04030201}));
  EXPECT_EQ(converted<uint8_t>(std::vector<uint8_t>{0, 1, 255}, "|b1"),
            (std::vector<uint8_t>{0, 1, 1}));
  EXPECT_EQ(converted<int64_t>(std::vector<uint64_t>{INT64_MAX}, "<u8"),
            (std::vector<int64_t>{INT64_MAX}));
  Bytes out;
  const std::vector<uint64_t> large = {uint64_t{1} << 63};
  EXPECT_FALSE(convert(bytes_of(large), *number_type("<u8"), "<u8", out));
}

TEST(NpyNumbers, TheMachineHasMemory) { EXPECT_GT(memory_bytes(), std::uint64_t{1} << 26); }

}  // namespace
}  // namespace posittune::data
