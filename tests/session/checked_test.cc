#include "posittune/session/checked.h"

#include <gtest/gtest.h>

#include <string>

#include "posittune/session/search.h"

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
