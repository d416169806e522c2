#include "posittune/session/checked.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "posittune/session/compare.h"
#include "posittune/session/search.h"
#include "posittune/session/sensitivity.h"

namespace posittune::session {
namespace {

struct Words {
  int count = 0;
};

// The parts are shared: a copy reads nothing again.
TEST(Checked, KeepsOptionsAndParts) {
  const Checked<std::string, Words> two("a b", std::make_shared<const Words>(Words{2}));
  const auto copy = two;
  EXPECT_EQ(copy.options(), "a b");
  EXPECT_EQ(&copy.parts(), &two.parts());
  EXPECT_EQ(two.parts().count, 2);
}

TEST(Checked, NumbersAndLists) {
  EXPECT_TRUE(check_range("gap", 1.0, 0, 1).ok());
  for (const double wrong : {-0.5, 1.5, std::nan("")}) {
    const Error error = check_range("gap", wrong, 0, 1).error();
    EXPECT_EQ(error.where, "`gap`");
    EXPECT_EQ(error.expected, "0 .. 1");
  }
  EXPECT_TRUE(check_some("formats", false).ok());
  EXPECT_EQ(check_some("formats", true).error().where, "`formats`");
}

// Options that no command line has looked at.
TEST(Checked, EachJobRefusesWhatItCannotDo) {
  EXPECT_EQ(check(CompareOptions{}).error().where, "`formats`");
  EXPECT_EQ(check(CompareOptions{.formats = {"int8"}, .scales = {}}).error().where, "`scales`");
  EXPECT_EQ(check(SensitivityOptions{}).error().where, "`formats`");
  EXPECT_EQ(check(SensitivityOptions{.formats = {"int8"}, .scales = {}}).error().where, "`scales`");
  EXPECT_EQ(check(SensitivityOptions{.formats = {"int8"}, .precision = std::nan("")}).error().where,
            "`precision`");
  SearchOptions search;
  search.pareto = 3;
  EXPECT_EQ(check(search).error().where, "`formats`");
  search.formats = {"int4", "int5"};
  EXPECT_TRUE(check(search).ok());
  search.pareto = 1;
  EXPECT_EQ(check(search).error().where, "`pareto`");
  search.pareto = 3;
  search.solver_seconds = std::nan("");
  EXPECT_EQ(check(search).error().where, "`solver_seconds`");
  search.solver_seconds = 60;
  search.what = sensitivity::Operand::kBoth;
  EXPECT_EQ(check(search).error().where, "`activations`");
}

// The options that were given, with what was found wrong in them instead.
TEST(Checked, JobsCheckTheirOptions) {
  SearchOptions options;
  options.formats = {"int4", "int5"};
  EXPECT_EQ(check(options).error().what, "nothing to search for");
  options.pareto = 3;
  const auto checked = check(options);
  ASSERT_TRUE(checked.ok()) << checked.error().message();
  EXPECT_EQ(checked->options().formats, options.formats);
  options.table = {.source = TableSource::kFile, .file = "no table"};
  EXPECT_FALSE(check(options).ok());
}

}  // namespace
}  // namespace posittune::session
