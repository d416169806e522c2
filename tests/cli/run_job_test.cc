#include "posittune/cli/run_job.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "posittune/session/compare.h"

namespace posittune::cli {
namespace {

class RunJob : public testing::Test {
 protected:
  Status run(const RunOptions& options, const session::CompareOptions& job) {
    return run_job(options, job, Streams{out_, err_},
                   [this](session::Session&, const session::CheckedCompare&) {
                     ++runs_;
                     return success();
                   });
  }
  std::ostringstream out_, err_;
  int runs_ = 0;
};

TEST(RunOptions, Flags) {
  CLI::App app;
  RunOptions options;
  declare_run(app, options, "compare", "");
  app.parse("-o folder --json --dry-run");
  EXPECT_EQ(options.run_folder, "folder");
  EXPECT_TRUE(options.json && options.dry_run);
}

// What is wrong with a job is said before its model is looked for.
TEST_F(RunJob, AWrongJobOpensNothing) {
  RunOptions options;
  options.model_data.model.model = "no such model.onnx";
  const Status refused = run(options, {.formats = {"posit<8,9>"}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_NE(refused.error().message().find("posit<8,9>"), std::string::npos);
  options.model_data.data.report = "no such data.npz";
  const Status missing = run(options, {.formats = {"int8"}});
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message().find("no such model.onnx"), std::string::npos)
      << missing.error().message();
  EXPECT_EQ(runs_, 0);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(RunJob, InputsOfARunAreChecked) {
  RunOptions options;
  options.model_data.model.model = "no such model.onnx";
  options.model_data.run_inputs.constants = {"sr"};
  EXPECT_EQ(run(options, {.formats = {"int8"}}).error().where, "--constant");
}

}  // namespace
}  // namespace posittune::cli
