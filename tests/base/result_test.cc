// Result<T> and the text of errors.

#include "posittune/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace posittune {
namespace {

Result<int> half(int x) {
  if (x % 2 != 0)
    return Error{.kind = ErrorKind::kInput, .what = "odd", .found = std::to_string(x)};
  return x / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  const auto good = half(8), bad = half(7);
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(*good, 4);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().kind, ErrorKind::kInput);
  EXPECT_EQ(bad.error().found, "7");
}

TEST(Result, TheWrongQuestionThrows) {
  EXPECT_THROW((void)half(7).value(), std::bad_variant_access);
  EXPECT_THROW((void)half(8).error(), std::bad_variant_access);
}

TEST(Result, MovesAndChanges) {
  Result<std::unique_ptr<int>> owner(std::make_unique<int>(3));
  const std::unique_ptr<int> taken = std::move(owner).value();
  EXPECT_EQ(*taken, 3);
  Result<std::vector<int>> list(std::vector<int>{1, 2});
  list->push_back(3);
  EXPECT_EQ(list->size(), 3u);
}

TEST(Status, SuccessIsOk) {
  EXPECT_TRUE(success().ok());
  EXPECT_FALSE(Status(Error{.what = "no"}).ok());
}

TEST(Error, MessageHasTheFilledPartsOnePerLine) {
  EXPECT_EQ(Error{.what = "it broke"}.message(), "it broke");
  const Error full{.kind = ErrorKind::kUsage,
                   .what = "unknown format 'x'",
                   .where = "`weights`",
                   .expected = "posit<8,1>",
                   .found = "x",
                   .hint = "see `posittune formats`"};
  EXPECT_EQ(full.message(),
            "unknown format 'x'\n  where: `weights`\n  expected: posit<8,1>\n  found: x\n"
            "  see `posittune formats`");
}

TEST(Error, NamesTheFieldThatItIsAbout) {
  EXPECT_EQ(of_field({.what = "unknown"}, "formats").where, "`formats`");
  EXPECT_EQ(of_field({.what = "unknown", .where = "a.yaml"}, "recipes").where, "`recipes`, a.yaml");
}

}  // namespace
}  // namespace posittune
