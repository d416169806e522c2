#include "posittune/report/rounding_text.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

records::Rounding rounding() {
  return {.format = "posit<8,1>",
          .nan_name = "NaR",
          .rule = "absmax",
          .scales = {2},
          .elements = 200,
          .saturated = 1,
          .signal = 10,
          .noise = 0.1,
          .sqnr_db = 20,
          .max_error = 0.5,
          .output = "o.npy",
          .seconds = 0.25};
}

TEST(RoundingText, ALineForEachFact) {
  EXPECT_EQ(rounding_text(rounding()),
            "format     posit<8,1>\nscale      2 (absmax)\nelements   200\nSQNR       20.00 dB\n"
            "max error  0.5\nsaturated  1 (0.5 %)\nto zero    0 (0 %)\nnonfinite  0 (0 %)\n"
            "written    o.npy (float32) in 0.25 s\n");
}

TEST(RoundingText, WhatIsWorthALook) {
  auto odd = rounding();
  odd.standard = false;
  odd.scales = {1, 4};
  odd.overflowed = 2;
  odd.nonfinite = 100;
  odd.codes = true;
  const std::string text = rounding_text(odd);
  for (const char* part :
       {"(NON-STANDARD)", "2 scales, 1 to 4 (absmax)",
        "overflowed 2 (1 %)  <- finite values became infinite\n",
        "nonfinite  100 (50 %)  <- NaN or infinities in the input: NaR\n", "(codes)"})
    EXPECT_NE(text.find(part), text.npos) << part;
}

TEST(RoundingText, NothingToCompare) {
  auto exact = rounding();
  exact.noise = 0;
  EXPECT_NE(rounding_text(exact).find("SQNR       exact\n"), std::string::npos);
  exact.signal = 0;
  exact.elements = 0;
  exact.saturated = 0;
  EXPECT_NE(rounding_text(exact).find("SQNR       -\n"), std::string::npos);
}

}  // namespace
}  // namespace posittune::report
