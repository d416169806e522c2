#include "posittune/data/constants.h"

#include <gtest/gtest.h>

namespace posittune::data {
namespace {

const std::vector<TensorInfo> kInputs = {{"sr", ElementType::kI64, {}},
                                         {"scales", ElementType::kF32, {3}},
                                         {"open", ElementType::kF32, {-1}},
                                         {"grid", ElementType::kF32, {1, 2}}};

TEST(Constants, HaveTypeAndShapeOfTheInput) {
  const auto read = read_constants(
      {{"sr", "9007199254740993"}, {"scales", "0.667, 1,-8e-1"}, {"open", "5"}, {"grid", "1,2"}},
      kInputs);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->at("sr").shape, TensorShape{});
  EXPECT_EQ(read->at("sr").as<std::int64_t>()[0], 9007199254740993);
  EXPECT_EQ(read->at("scales").as<float>()[0], 0.667f);
  EXPECT_EQ(read->at("scales").as<float>()[2], -0.8f);
  EXPECT_EQ(read->at("open").shape, TensorShape{1});
  EXPECT_EQ(read->at("grid").shape, (TensorShape{1, 2}));
}

TEST(Constants, WhatDoesNotFitIsRefused) {
  const auto kind = [](const char* name, const char* text) {
    const auto read = read_constants({{name, text}}, kInputs);
    return read.ok() ? ErrorKind::kInternal : read.error().kind;
  };
  EXPECT_EQ(kind("rate", "1"), ErrorKind::kUsage);
  EXPECT_EQ(kind("sr", "1,2"), ErrorKind::kUsage);
  EXPECT_EQ(kind("sr", ""), ErrorKind::kUsage);
  EXPECT_EQ(kind("scales", "1,,2"), ErrorKind::kUsage);
  EXPECT_EQ(kind("sr", "1.5"), ErrorKind::kInput);
  EXPECT_EQ(kind("open", "inf"), ErrorKind::kInput);
  EXPECT_EQ(kind("open", "1e39"), ErrorKind::kInput);
  EXPECT_EQ(kind("open", "none.npy"), ErrorKind::kInput);
}

TEST(Constants, TheirTextTellsValuesApart) {
  const auto text = [](const char* value) {
    return constants_text(read_constants({{"open", value}}, kInputs).value());
  };
  EXPECT_EQ(text("1"), text("1.0"));
  EXPECT_NE(text("1"), text("2"));
}

}  // namespace
}  // namespace posittune::data
