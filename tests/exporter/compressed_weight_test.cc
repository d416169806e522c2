// hf_test.py decompresses these with the package compressed-tensors.

#include "posittune/exporter/compressed_weight.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/exporter/portable_models.h"

namespace posittune::exporter {
namespace {

using test::RunSpec;

CodedWeight weight(const std::vector<RunSpec>& runs, std::size_t cols, std::size_t group = 0) {
  return coded(test::invented(runs, cols, group)).value();
}

std::string format_of(const CodedWeight& codes, bool tokens = false) {
  const auto scheme = compressed_scheme(codes, tokens);
  return scheme ? scheme->format + " " + scheme->strategy : "none";
}

TEST(CompressedWeight, Schemes) {
  EXPECT_EQ(format_of(weight({{"int4", 4, RunSpec::kGroups}}, 64, 32)), "pack-quantized group");
  EXPECT_EQ(format_of(weight({{"int3", 4, RunSpec::kRows}}, 10)), "pack-quantized channel");
  EXPECT_EQ(format_of(weight({{"int8", 4}}, 10)), "pack-quantized tensor");
  EXPECT_EQ(format_of(weight({{"int8", 4}}, 10), true), "int-quantized tensor");
  EXPECT_EQ(format_of(weight({{"int4", 4}}, 10), true), "pack-quantized tensor");
  EXPECT_EQ(format_of(weight({{"fp8_e4m3", 4, RunSpec::kRows}}, 10)), "float-quantized channel");
  EXPECT_EQ(format_of(weight({{"mxfp4", 4}}, 64)), "mxfp4-pack-quantized group");
  EXPECT_EQ(format_of(weight({{"mxfp8", 4}}, 64)), "mxfp8-quantized group");
}

TEST(CompressedWeight, WhatHasNoForm) {
  for (const char* format :
       {"posit<8,1>", "int9", "fp8_e5m2", "fp4_e2m1", "fp16", "mxfp6", "mxint8"})
    EXPECT_EQ(format_of(weight({{format, 4}}, 64)), "none") << format;
  EXPECT_EQ(format_of(weight({{"int4", 4, RunSpec::kGroups}}, 70, 32)), "none");
  EXPECT_EQ(format_of(weight({{"mxfp4", 4}}, 40)), "none");
  EXPECT_EQ(format_of(weight({{"mxfp4", 4, RunSpec::kOne, false}}, 64)), "none");
  EXPECT_EQ(format_of(weight({{"int4", 4}, {"int5", 4}}, 64)), "none");
  EXPECT_EQ(format_of(weight({{"int6", 4, RunSpec::kRows}, {"posit<6,1>", 4, RunSpec::kRows}}, 64)),
            "none");
}

// Two rows of three int4, each in a word of its own: -7 -> 1, 0 -> 8, 7 -> 15.
TEST(CompressedWeight, BytesOfPackedInts) {
  engine::QuantizedWeight quantized{.rows = 2,
                                    .cols = 3,
                                    .runs = {{0, 2, test::format("int4"), {2, 4}}},
                                    .codes = {9, 0, 7, 1, 2, 15},
                                    .exponents = {}};
  const CodedWeight codes = coded(quantized).value();
  const auto tensors = compressed_tensors("m", codes, *compressed_scheme(codes, false));
  ASSERT_TRUE(tensors.ok());
  ASSERT_EQ(tensors->size(), 3U);
  EXPECT_EQ((*tensors)[0].name, "m.weight_packed");
  EXPECT_EQ((*tensors)[0].bytes().value(), std::string("\x81\x0f\0\0\xa9\x07\0\0", 8));
  EXPECT_EQ((*tensors)[1].bytes().value(), std::string("\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 16));
  EXPECT_EQ((*tensors)[2].shape, (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ((*tensors)[2].bytes().value(), std::string("\0\0\0\x3f\0\0\x80\x3e", 8));
}

}  // namespace
}  // namespace posittune::exporter
