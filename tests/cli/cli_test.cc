// A call of the executable, without its process; each command has tests of its own.

#include "posittune/cli/cli.h"

#include <gtest/gtest.h>

#include <sstream>

#include "posittune/base/version.h"

namespace posittune::cli {
namespace {

struct Call {
  explicit Call(const std::vector<std::string>& arguments) : code(run(arguments, {out, err})) {}
  std::ostringstream out, err;
  int code;
};

TEST(Cli, ResultsOnStdoutAndErrorsOnStderr) {
  const Call version({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_NE(version.out.str().find(kVersion), std::string::npos);
  EXPECT_EQ(version.err.str(), "");
  const Call format({"formats", "posit<8,1>"});
  EXPECT_EQ(format.code, 0);
  EXPECT_NE(format.out.str().find("2^12"), std::string::npos)
      << format.out.str() << format.err.str();
  const Call unknown({"formats", "posit<8,9>"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.out.str(), "");
  EXPECT_TRUE(unknown.err.str().starts_with("error: ")) << unknown.err.str();
}

TEST(Cli, CallsThatMakeNoSense) {
  for (const auto& arguments :
       {std::vector<std::string>{"nothing"}, {"--nothing"}, {"compare", "--limit", "x"}}) {
    const Call call(arguments);
    EXPECT_EQ(call.code, 2) << arguments.front();
    EXPECT_EQ(call.out.str(), "") << arguments.front();
    EXPECT_NE(call.err.str(), "") << arguments.front();
  }
}

}  // namespace
}  // namespace posittune::cli
