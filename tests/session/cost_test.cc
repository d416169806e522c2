// Pairs of formats and tables; Session::cost is tested in session_test.cc.

#include "posittune/session/cost.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "posittune/cost/recipe_cost.h"

namespace posittune::session {
namespace {

std::string text(const Result<std::vector<FormatPair>>& pairs) {
  EXPECT_TRUE(pairs.ok()) << pairs.error().message();
  std::string all;
  for (const FormatPair& pair : *pairs)
    all += formats::name(pair.weight) + "/" + formats::name(pair.activation) + " ";
  return all;
}

TEST(FormatPairs, EachWithItsInputsOnce) {
  EXPECT_EQ(text(format_pairs({"int8", "p8e1", "posit<8,1>"}, "same")),
            "int8/int8 posit<8,1>/posit<8,1> ");
  EXPECT_EQ(text(format_pairs({"int8", "fp32"}, "posit<8,1>")), "int8/posit<8,1> fp32/posit<8,1> ");
  EXPECT_EQ(text(format_pairs({}, "same")), "");
  EXPECT_EQ(format_pairs({"nothing"}, "same").error().kind, ErrorKind::kUsage);
  EXPECT_EQ(format_pairs({"int8"}, "nothing").error().kind, ErrorKind::kUsage);
}

TEST(Tables, WhatWasNotNamedFallsBack) {
  const cost::Table placeholder = open_table({.table = "placeholder"}).value();
  const auto units = mac_units({.formats = {"posit<13,3>"}, .activations = "int5"}, placeholder);
  EXPECT_TRUE(units.ok()) << units.error().message();  // a model for every pair
  const Error other{.kind = ErrorKind::kInput, .what = "another"};
  EXPECT_FALSE(fallback_table({}, placeholder, other).has_value());
  EXPECT_EQ(open_table({.table = "no such file.csv"}).error().kind, ErrorKind::kInput);
}

// Energies of memory are those of the table's node, unless they are given.
TEST(Tables, MemoryOfATable) {
  const cost::Table placeholder = open_table({.table = "placeholder"}).value();
  const cost::Memory own = memory_for({}, placeholder);
  EXPECT_EQ(own.weight_pj_per_bit, cost::memory_of(placeholder).weight_pj_per_bit);
  const cost::Memory given =
      memory_for({.weight_pj_per_bit = 3, .activation_pj_per_bit = 0.5}, placeholder);
  EXPECT_EQ(given.weight_pj_per_bit, 3);
  EXPECT_EQ(given.activation_pj_per_bit, 0.5);
}

}  // namespace
}  // namespace posittune::session
