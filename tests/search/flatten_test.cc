#include "posittune/search/flatten.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace posittune::search {
namespace {

const Groups kGroups = {{{1, {10, 5}}, {3, {20, 6}}}, {{-2, {0, 7}}}};

TEST(Flatten, OneGroupBehindTheOther) {
  const Items items = flatten(kGroups, std::vector<double>{100, -8});
  EXPECT_EQ(items.constraints, 2U);
  EXPECT_EQ(items.first, (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_EQ(items.loss, (std::vector<double>{1, 3, -2}));
  EXPECT_EQ(items.cost, (std::vector<double>{10, 5, 20, 6, 0, 7}));
  EXPECT_EQ(items.source, (std::vector<std::uint32_t>{0, 1, 0}));
  // Wider by 1e-12 of themselves, to the side of what is allowed.
  EXPECT_EQ(items.budget, (std::vector<double>{100 + 1e-10, -8 + 8e-12}));
}

TEST(Flatten, OneCostAlone) {
  const Items items = flatten(kGroups, 1, 12);
  EXPECT_EQ(items.constraints, 1U);
  EXPECT_EQ(items.cost, (std::vector<double>{5, 6, 7}));
  EXPECT_EQ(items.budget, (std::vector<double>{12 + 12e-12}));
}

TEST(Flatten, NoGroupsAreNoItems) {
  const Items items = flatten({}, std::vector<double>{1});
  EXPECT_EQ(items.groups(), 0U);
  EXPECT_TRUE(items.loss.empty());
}

TEST(Flatten, ChoicesAndTheirSums) {
  const Items items = flatten(kGroups, std::vector<double>{100, 100});
  EXPECT_EQ(choice_of(items, {1, 2}), (std::vector<std::size_t>{1, 0}));
  const Solution solution = solution_of(kGroups, {1, 0});
  EXPECT_EQ(solution.loss, 1);
  EXPECT_EQ(solution.costs, (std::vector<double>{20, 13}));
  EXPECT_EQ(solution.choice, (std::vector<std::size_t>{1, 0}));
}

TEST(Flatten, ErrorsNameGroupAndOption) {
  EXPECT_TRUE(check_groups(kGroups, 2).ok());
  EXPECT_TRUE(check_groups({}, 2).ok());
  const auto refused = [](const Groups& groups, const std::string& where) {
    const Status checked = check_groups(groups, 1);
    ASSERT_FALSE(checked.ok()) << where;
    EXPECT_EQ(checked.error().kind, ErrorKind::kInput);
    EXPECT_EQ(checked.error().where, where);
  };
  refused({{{0, {1}}}, {}}, "group 1");
  refused({{{0, {1}}, {std::nan(""), {1}}}}, "group 0, option 1");
  refused({{{0, {1}}, {0, {1}}, {0, {INFINITY}}}}, "group 0, option 2");
  refused({{{0, {1, 2}}}}, "group 0, option 0");
  refused({{{0, {}}}}, "group 0, option 0");
}

}  // namespace
}  // namespace posittune::search
