#include "posittune/sensitivity/request.h"

#include <gtest/gtest.h>

namespace posittune::sensitivity {
namespace {

TEST(Request, OperandsAsWordsAndBack) {
  for (const Operand operand : {Operand::kWeight, Operand::kActivation, Operand::kBoth})
    EXPECT_EQ(parse_operand(name(operand)).value(), operand);
  EXPECT_EQ(name(Operand::kActivation), "a");
  const Error error = parse_operand("x").error();
  EXPECT_EQ(error.kind, ErrorKind::kUsage);
  EXPECT_EQ(error.expected, "w, a or wa");
  EXPECT_EQ(error.found, "x");
}

TEST(Request, TiersAsWordsAndBack) {
  for (const Tier tier : {Tier::kProxy, Tier::kGain, Tier::kExact})
    EXPECT_EQ(parse_tier(name(tier)).value(), tier);
  EXPECT_EQ(name(Tier::kGain), "gain");
  const Error error = parse_tier("best").error();
  EXPECT_EQ(error.kind, ErrorKind::kUsage);
  EXPECT_EQ(error.found, "best");
}

}  // namespace
}  // namespace posittune::sensitivity
