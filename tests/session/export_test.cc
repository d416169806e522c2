#include "posittune/session/export.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "posittune/base/files.h"
#include "posittune/session/session.h"
#include "tests/model/models.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

class ExportTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  Result<Session> open() {
    const std::string model = test::zoo("albert");
    return Session::open(
        {.model = model},
        {.data = (fs::path(model).parent_path() / "data.yaml").string(), .limit = 4},
        {.threads = 2}, observer_);
  }
  ExportOptions options(const char* target) const {
    ExportOptions made{.target = *parse_export_target(target),
                       .output = (folder_ / "out.onnx").string()};
    made.numbers.recipe.weights[kWeight] = {.format = *formats::parse_format("posit<6,1>"),
                                            .rule = quant::ScaleRule::kMsePow2,
                                            .granularity = quant::Granularity::kChannel};
    return made;
  }

  static constexpr const char* kWeight =
      "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight";
  fs::path folder_ = fs::path(testing::TempDir()) / "export_test";
  Observer observer_;
};

TEST_F(ExportTest, TargetsAreReadByName) {
  for (const ExportTarget& entry : export_targets()) {
    const auto target = parse_export_target(entry.name);
    ASSERT_TRUE(target);
    EXPECT_EQ(*target, &entry);
  }
  const auto unknown = parse_export_target("onx");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  EXPECT_NE(unknown.error().expected.find("onnx"), std::string::npos);
}

TEST_F(ExportTest, WritesWhatTheRecipePromised) {
  auto session = open();
  ASSERT_TRUE(session) << session.error().message();
  const auto made = session->export_to(options("onnx"));
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->files, (std::vector<std::string>{(folder_ / "out.onnx").string()}));
  EXPECT_EQ(made->bytes, fs::file_size(folder_ / "out.onnx"));
  EXPECT_GT(made->promised_bytes, 0);
  // Small weights: tables and small numbers count.
  EXPECT_NEAR(static_cast<double>(made->weight_bytes), made->promised_bytes, 2048);
  for (const char* target : {"fp32", "fp16"}) {
    const auto snapped = session->export_to(options(target));
    ASSERT_TRUE(snapped) << snapped.error().message();
    EXPECT_GT(snapped->bytes, made->bytes);
  }
}

// Archive -> model -> archive, and a model of the archive's numbers is that of the recipe's.
TEST_F(ExportTest, ArchivesStandForTheRecipe) {
  auto session = open();
  ASSERT_TRUE(session);
  ExportOptions asked = options("posit");
  const auto first = session->export_to(asked);
  ASSERT_TRUE(first) << first.error().message();
  const auto bytes = [&](const char* name) { return *read_file((folder_ / name).string()); };
  asked.archive = asked.output;
  asked.output = (folder_ / "again").string();
  ASSERT_TRUE(session->export_to(asked));
  EXPECT_EQ(bytes("again"), bytes("out.onnx"));
  asked.target = *parse_export_target("onnx");
  ASSERT_TRUE(session->export_to(asked));
  const std::string of_archive = bytes("again");
  asked.archive.clear();
  ASSERT_TRUE(session->export_to(asked));
  EXPECT_EQ(bytes("again"), of_archive);
}

TEST_F(ExportTest, RecipesAndTypesNeedNoNumbers) {
  auto session = open();
  ASSERT_TRUE(session);
  ExportOptions asked = options("recipe");
  asked.output = (folder_ / "r.json").string();
  ASSERT_TRUE(session->export_to(asked));
  EXPECT_TRUE(read_file(asked.output)->starts_with("{"));
  asked = options("gguf");
  const auto refused = session->export_to(asked);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  asked = options("transformers");
  EXPECT_EQ(session->export_to(asked).error().kind, ErrorKind::kUsage);
}

TEST_F(ExportTest, RecipesOfOtherModelsAreRefused) {
  auto session = open();
  ASSERT_TRUE(session);
  for (const char* target : {"onnx", "recipe"}) {
    ExportOptions asked = options(target);
    asked.numbers.model_sha256 = std::string(64, 'a');
    const auto refused = session->export_to(asked);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
  }
}

TEST_F(ExportTest, WhatCannotBeWrittenLeavesNothing) {
  auto session = open();
  ASSERT_TRUE(session);
  ExportOptions asked = options("onnx");
  asked.output = (folder_ / "none" / "out.onnx").string();
  EXPECT_FALSE(session->export_to(asked));
  asked = options("onnx");
  asked.numbers.recipe.weights["none"] = asked.numbers.recipe.weights[kWeight];
  const auto unknown = session->export_to(asked);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace posittune::session
