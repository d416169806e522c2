// What each family brings for cards and scales: there for every format, and the same as before its
// blocks.

#include "posittune/formats/family.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace posittune::formats {
namespace {

TEST(Family, EachBringsAllThatIsAsked) {
  std::set<std::string_view> labels;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Family::kCount); ++i) {
    const FamilyOps& of = family_ops(static_cast<Family>(i));
    EXPECT_EQ(static_cast<std::size_t>(of.family), i);
    EXPECT_TRUE(labels.insert(of.label).second) << of.label;
    EXPECT_FALSE(of.nan_label.empty());
    ASSERT_FALSE(of.known().empty());
    for (const Format& format : of.known()) {
      EXPECT_FALSE(of.rounding(format).empty() || of.overflow(format).empty()) << name(format);
      EXPECT_GT(centre(format), 0) << name(format);
      EXPECT_LE(centre(format), traits(format).max) << name(format);
    }
  }
}

TEST(Family, Centres) {
  EXPECT_EQ(centre(posit(8, 1)), 1);
  EXPECT_EQ(centre(fp16()), 1);
  EXPECT_EQ(centre(integer(8)), 127 / 4.0);
  EXPECT_EQ(centre(integer(3)), 3);
  EXPECT_EQ(centre(integer(2)), 1);
  EXPECT_EQ(centre(*parse_format("mxint8")), 1);
}

TEST(Family, PositsAreTapered) {
  EXPECT_TRUE(family_ops(Family::kPosit).tapered);
  EXPECT_FALSE(family_ops(Family::kInt).tapered || family_ops(Family::kFloat).tapered);
}

}  // namespace
}  // namespace posittune::formats
