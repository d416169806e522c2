#include "posittune/cli/model_data_options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace posittune::cli {
namespace {

TEST(ModelDataOptions, EveryFieldHasItsFlag) {
  CLI::App app;
  ModelDataOptions options;
  declare_model_data(app, options);
  app.parse(
      "m.onnx --data d.yaml --calibrate c --search s --report r --tokenizer t --annotations a "
      "--labels l --sequence 128 --limit 9 --constant sr=1 --batch-axis x=1 --include i "
      "--threads 2");
  EXPECT_EQ(options.model.model, "m.onnx");
  EXPECT_EQ(options.data.data, "d.yaml");
  EXPECT_EQ(options.data.calibrate, "c");
  EXPECT_EQ(options.data.search, "s");
  EXPECT_EQ(options.data.report, "r");
  EXPECT_EQ(options.data.tokenizer, "t");
  EXPECT_EQ(options.data.annotations, "a");
  EXPECT_EQ(options.data.labels, "l");
  EXPECT_EQ(options.data.sequence, 128U);
  EXPECT_EQ(options.data.limit, 9U);
  EXPECT_EQ(options.run_inputs.constants, (std::vector<std::string>{"sr=1"}));
  EXPECT_EQ(options.run_inputs.batch_axes, (std::vector<std::string>{"x=1"}));
  EXPECT_EQ(options.model.selection.include, (std::vector<std::string>{"i"}));
  EXPECT_EQ(options.threads, 2);
}

TEST(ModelDataOptions, AModelIsNeeded) {
  CLI::App app;
  ModelDataOptions options;
  declare_model_data(app, options);
  EXPECT_THROW(app.parse("--limit 3"), CLI::RequiredError);
  EXPECT_THROW(app.parse("m.onnx --limit -3"), CLI::ParseError);
}

}  // namespace
}  // namespace posittune::cli
