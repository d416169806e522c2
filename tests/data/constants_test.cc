#include "posittune/data/constants.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

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

// Each message says what, where, what is expected, what was found and what to do.
TEST(Constants, MessagesSayWhatToDo) {
  const TemporaryFolder folder;
  const std::string path = folder.file("scales.npy"), not_finite = folder.file("nan.npy"),
                    broken = folder.file("broken.npy"), missing = folder.file("none.npy");
  write_bytes(path, npy_bytes("<f4", "(2, 2)", std::vector<float>{1, 2, 3, 4}));
  write_bytes(not_finite, npy_bytes("<f4", "(3,)", std::vector<float>{1, NAN, 3}));
  write_bytes(broken, "not an array");
  const auto fails = [](const std::string& name, const std::string& text, ErrorKind kind,
                        const std::vector<std::string>& parts) {
    const auto read = read_constants({{name, text}}, kInputs);
    ASSERT_FALSE(read.ok()) << name << " = " << text;
    EXPECT_TRUE(is_error(read.error(), kind, parts));
  };
  fails("rate", "1", ErrorKind::kUsage,
        {"no input of the model", "constant 'rate' (`constants`, or `constants:`",
         "'sr' int64 (), 'scales' float32", "found: 'rate'", "the name of one of these inputs"});
  fails("sr", "fast", ErrorKind::kUsage,
        {"is no number", "constant 'sr'", "expected: a number, numbers with commas",
         "found: 'fast'", "a file's name ends in .npy"});
  fails("scales", "1,2", ErrorKind::kUsage,
        {"do not fit the model's input", "constant 'scales'", "expected: shape (3,)",
         "found: 2 numbers", "as many numbers as the shape has"});
  fails("scales", path, ErrorKind::kInput,
        {"another shape than the model's input", "constant 'scales'", "expected: (3,)",
         "found: (2, 2) in " + path, "reshape the array"});
  fails("scales", not_finite, ErrorKind::kInput,
        {"not a finite number", "constant 'scales'", "expected: finite numbers",
         "found: element 1 of '" + not_finite + "'", "give a number"});
  fails("open", "1e39", ErrorKind::kInput,
        {"larger than the input's type holds", "constant 'open'", "expected: float32",
         "found: '1e39'", "within the range"});
  fails("sr", "1.5", ErrorKind::kInput,
        {"does not fit the type", "constant 'sr', element 0", "expected: numbers that are exact",
         "found: 1.5", "astype('int64')"});
  fails("scales", broken, ErrorKind::kInput, {broken});
  fails("scales", missing, ErrorKind::kInput, {missing});
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
