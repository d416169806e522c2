#include "posittune/session/run_source.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "posittune/base/files.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

class RunSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "recipes");
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file((folder_ / name).string(), text));
  }

  fs::path folder_ = fs::path(testing::TempDir()) / "run_source_test";
};

TEST_F(RunSourceTest, OpensWhatTheRunWasOpenedWith) {
  const ModelSpec model{.model = "zoo:gpt2",
                        .selection = {.include = {"mlp"}, .exclude = {"c_fc"}, .attention = true},
                        .constants = {{"rate", "16000"}},
                        .batch_axes = {{"x", 1}}};
  const DataSpec data{.calibrate = "c.npz", .report = "/r.npz", .sequence = 128, .limit = 7};
  records::RunInputs inputs = to_record(model, data);
  EXPECT_EQ(inputs.calibrate, (fs::current_path() / "c.npz").string());
  inputs.task = "language_model";
  inputs.output = "logits";
  inputs.scores = "logits";
  inputs.batch = 4;
  write("run.json", "{}");
  write("inputs.json", records::json_text(inputs));
  const auto source = run_source(folder_.string());
  ASSERT_TRUE(source) << source.error().message();
  EXPECT_EQ(source->model.model, "zoo:gpt2");
  EXPECT_EQ(source->model.selection.exclude, model.selection.exclude);
  EXPECT_TRUE(source->model.selection.attention);
  EXPECT_EQ(source->model.constants, model.constants);
  EXPECT_EQ(source->model.batch_axes, model.batch_axes);
  EXPECT_EQ(source->data.report, "/r.npz");
  EXPECT_EQ(source->data.sequence, 128U);
  EXPECT_EQ(source->data.limit, 7U);
  EXPECT_EQ(source->scores.task, metrics::Task::kLanguageModel);
  EXPECT_FALSE(source->scores.class_axis);
  EXPECT_EQ(source->batch, 4U);
}

TEST_F(RunSourceTest, OldRunsAndOtherFoldersSayWhatIsMissing) {
  EXPECT_EQ(run_source(folder_.string()).error().what, "no run folder");
  write("run.json", "{}");
  const auto old = run_source(folder_.string());
  ASSERT_FALSE(old);
  EXPECT_NE(old.error().what.find("older version"), std::string::npos);
  write("inputs.json", "{\"model\": 3}");
  const auto damaged = run_source(folder_.string());
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().where.find("inputs.json"), std::string::npos);
}

TEST_F(RunSourceTest, ARecipeBelongsToTheRunItLiesIn) {
  EXPECT_FALSE(run_of(folder_.string()));
  write("run.json", "{}");
  write("recipes/a.yaml", "version: 1\n");
  EXPECT_EQ(run_of(folder_.string()), folder_.string());
  EXPECT_EQ(run_of(folder_.string() + "/"), folder_.string());
  EXPECT_EQ(run_of((folder_ / "recipes/a.yaml").string()), folder_.string());
  EXPECT_FALSE(run_of((folder_ / "a.yaml").string()));
}

TEST_F(RunSourceTest, RecipesOfARunAreChosenByName) {
  EXPECT_FALSE(recipe_of_run(folder_.string(), ""));
  write("recipes/a.yaml", "");
  EXPECT_EQ(*recipe_of_run(folder_.string(), ""), (folder_ / "recipes/a.yaml").string());
  write("recipes/b.yaml", "");
  const auto which = recipe_of_run(folder_.string(), "");
  ASSERT_FALSE(which);
  EXPECT_EQ(which.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(which.error().expected, "one of a, b");
  EXPECT_EQ(*recipe_of_run(folder_.string(), "b"), (folder_ / "recipes/b.yaml").string());
  EXPECT_FALSE(recipe_of_run(folder_.string(), "../a"));
}

}  // namespace
}  // namespace posittune::session
