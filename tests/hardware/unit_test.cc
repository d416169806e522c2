#include "posittune/hardware/unit.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/hardware/units.h"

namespace posittune::hardware {
namespace {

TEST(Unit, ModulesAndWidths) {
  const Unit posit = unit("posit<8,1>", "posit<8,1>");
  EXPECT_EQ(posit.module, "posit_mac");
  EXPECT_EQ(posit.accumulator_bits, 64);
  EXPECT_EQ(posit.lsb, -24);
  EXPECT_EQ(unit("posit<5,1>", "posit<8,1>").module, "posit_mac_mixed");
  EXPECT_EQ(unit("posit<5,1>", "posit<8,1>").accumulator_bits, 64);
  EXPECT_EQ(unit("int8", "int8").module, "int_mac");
  EXPECT_EQ(unit("int4", "int8").parameters.front(), std::pair(std::string("A_N"), 4));
  EXPECT_EQ(unit("int16", "int5").module, "int_mac");
  EXPECT_EQ(unit("bf16", "bf16", 3).parameters.back(), std::pair(std::string("PIPELINE"), 3));
}

TEST(Unit, WhatThereIsNot) {
  const auto error = [](const char* weight, const char* activation, int pipeline) {
    return unit_for(*formats::parse_format(weight), *formats::parse_format(activation), pipeline)
        .error();
  };
  for (const auto& [weight, activation] : {std::pair{"posit<3,0>", "posit<3,0>"},
                                           {"posit<8,1>", "posit<6,1>"},
                                           {"posit<6,0>", "posit<8,1>"},
                                           {"int8", "posit<8,1>"},
                                           {"mxfp8", "mxfp8"},
                                           {"fp8_e3m4", "fp8_e3m4"},
                                           {"posit<8,1>ftz", "posit<8,1>ftz"}}) {
    EXPECT_EQ(error(weight, activation, 0).kind, ErrorKind::kUnsupported) << weight;
    EXPECT_NE(error(weight, activation, 0).hint.find("nearest"), std::string::npos);
  }
  EXPECT_NE(error("posit<3,0>", "posit<3,0>", 0).hint.find("posit<4,0>"), std::string::npos);
  EXPECT_NE(error("posit<6,0>", "posit<8,1>", 0).hint.find("posit<6,1> x posit<8,1>"),
            std::string::npos);
  EXPECT_NE(error("posit<6,0>", "posit<8,1>", 0).hint.find("posit<6,0> x posit<8,0>"),
            std::string::npos);
  EXPECT_NE(error("int3", "int8", 0).hint.find("int4 x int8"), std::string::npos);
  EXPECT_EQ(error("int8", "int8", 4).kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::hardware
