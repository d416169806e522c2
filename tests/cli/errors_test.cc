#include "posittune/cli/errors.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <vector>

namespace posittune::cli {
namespace {

TEST(Errors, KindsAreTheExitCodesOfTheHelpPage) {
  EXPECT_EQ(exit_code(ErrorKind::kGoal), 1);
  EXPECT_EQ(exit_code(ErrorKind::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorKind::kInput), 3);
  EXPECT_EQ(exit_code(ErrorKind::kUnsupported), 4);
  EXPECT_EQ(exit_code(ErrorKind::kResource), 5);
  EXPECT_EQ(exit_code(ErrorKind::kInternal), 70);
  EXPECT_EQ(exit_code(ErrorKind::kInterrupted), 130);
}

class Fields : public testing::Test {
 protected:
  void SetUp() override {
    app_.add_option("--batch-axis", axes_);
    app_.add_flag("--no-report", flag_);
    app_.add_option("--run", text_);
  }
  CLI::App app_;
  std::vector<std::string> axes_;
  std::string text_;
  bool flag_ = false;
};

TEST_F(Fields, OfTheCommandBecomeFlags) {
  EXPECT_EQ(with_flags("`no_report`", app_), "--no-report");
  EXPECT_EQ(with_flags("name it (`batch_axes=NAME=1`), or not", app_),
            "name it (--batch-axis NAME=1), or not");
  EXPECT_EQ(with_flags("a new `run_folder`", app_), "a new --run");
  EXPECT_EQ(with_flags("where `runs` names another", app_), "where --run names another");
  EXPECT_EQ(with_flags("`batch-axis` and `no_report`", app_), "--batch-axis and --no-report");
}

TEST_F(Fields, OtherTextStaysAsItIs) {
  for (const char* text : {"", "see `posittune formats`", "`task=classify`", "a ` alone", "``",
                           "no_report", "`no_report"})
    EXPECT_EQ(with_flags(text, app_), text);
}

TEST_F(Fields, AllPartsButWhatWasFoundAreOurWords) {
  const Error error = with_flags(Error{.kind = ErrorKind::kUsage,
                                       .what = "`no_report`",
                                       .where = "`no_report`",
                                       .expected = "`no_report`",
                                       .found = "`no_report`",
                                       .hint = "`no_report`"},
                                 app_);
  for (const std::string& part : {error.what, error.where, error.expected, error.hint})
    EXPECT_EQ(part, "--no-report");
  EXPECT_EQ(error.found, "`no_report`");
  EXPECT_EQ(error.kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::cli
