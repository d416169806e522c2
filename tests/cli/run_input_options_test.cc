#include "posittune/cli/run_input_options.h"

#include <gtest/gtest.h>

namespace posittune::cli {
namespace {

TEST(RunInputs, BecomeConstantsAndAxes) {
  session::ModelSpec spec;
  const RunInputOptions options{.constants = {"sr=16000", "scales=0.667,1=2", "x=a.npy"},
                                .batch_axes = {"h=1", "y=0"}};
  EXPECT_TRUE(options.given());
  ASSERT_TRUE(add_run_inputs(options, spec).ok());
  EXPECT_EQ(spec.constants.at("sr"), "16000");
  EXPECT_EQ(spec.constants.at("scales"), "0.667,1=2");  // behind the first '='
  EXPECT_EQ(spec.batch_axes.at("h"), 1U);
  EXPECT_EQ(spec.batch_axes.at("y"), 0U);
  EXPECT_FALSE(RunInputOptions{}.given());
}

TEST(RunInputs, TextOfAnotherForm) {
  const auto refused = [](const RunInputOptions& options) {
    session::ModelSpec spec;
    const Status added = add_run_inputs(options, spec);
    EXPECT_FALSE(added.ok());
    return added.ok() ? Error{} : added.error();
  };
  for (const char* text : {"sr", "=5", "sr=", ""}) {
    EXPECT_EQ(refused({.constants = {text}, .batch_axes = {}}).kind, ErrorKind::kUsage) << text;
    EXPECT_EQ(refused({.constants = {}, .batch_axes = {text}}).where, "--batch-axis") << text;
  }
  for (const char* text : {"x=-1", "x=1.5", "x=one", "x= 1"})
    EXPECT_EQ(refused({.constants = {}, .batch_axes = {text}}).what, "not an axis") << text;
  EXPECT_EQ(refused({.constants = {"a=1", "a=2"}, .batch_axes = {}}).found, "a");
  EXPECT_EQ(refused({.constants = {}, .batch_axes = {"a=1", "a=1"}}).what, "a name is given twice");
}

TEST(Shapes, ByInput) {
  const auto shapes = parse_shapes({"x=1,256", "y=7"});
  ASSERT_TRUE(shapes.ok()) << shapes.error().message();
  EXPECT_EQ(shapes->at("x"), (TensorShape{1, 256}));
  EXPECT_EQ(shapes->at("y"), (TensorShape{7}));
  EXPECT_TRUE(parse_shapes({})->empty());
  for (const char* text : {"x", "x=", "x=0", "x=1,", "x=,1", "x=1,-2", "x=1.5", "x=1073741824"}) {
    const auto refused = parse_shapes({text});
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
    EXPECT_EQ(refused.error().found, text);
  }
  // Two shapes of one input: which was meant is not guessed.
  EXPECT_EQ(parse_shapes({"x=1", "x=2"}).error().found, "x");
}

}  // namespace
}  // namespace posittune::cli
