#include "posittune/session/verify.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "posittune/session/session.h"
#include "tests/model/models.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

class VerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path model(test::zoo("albert"));
    auto opened = Session::open({.model = model.string()},
                                {.data = (model.parent_path() / "data.yaml").string(), .limit = 5},
                                {.threads = 2}, observer_);
    ASSERT_TRUE(opened) << opened.error().message();
    session_.emplace(std::move(*opened));
  }
  static VerifyOptions options(const std::string& exported) {
    return {.exported = exported, .runtime = Runtime::kOpenVino, .resamples = 50};
  }
  Observer observer_;
  std::optional<Session> session_;
};

TEST_F(VerifyTest, AModelDoesNotDifferFromItself) {
  const auto found = session_->verify(options(test::zoo("albert")));
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_FALSE(found->differences.empty());
  for (const auto& each : found->differences) EXPECT_EQ(each.relative, 0) << each.output;
  EXPECT_EQ(found->runtime, "openvino");
  EXPECT_GT(found->units, 0U);
  EXPECT_FALSE(found->comparison.rows.front().metrics.empty());
}

TEST_F(VerifyTest, AnExportDiffersAsTheComparisonSays) {
  ExportOptions asked{.target = *parse_export_target("onnx"),
                      .output = (fs::path(testing::TempDir()) / "verify_test.onnx").string()};
  asked.numbers.recipe.weights["albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight"] =
      {.format = *formats::parse_format("posit<5,1>"),
       .rule = quant::ScaleRule::kMsePow2,
       .granularity = quant::Granularity::kChannel};
  const auto made = session_->export_to(asked);
  ASSERT_TRUE(made) << made.error().message();
  const auto found = session_->verify(options(asked.output));
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_GT(found->differences.front().relative, 1e-4);
  EXPECT_LT(found->differences.front().relative, 0.5);
  fs::remove(asked.output);
}

TEST_F(VerifyTest, AnotherModelIsAnError) {
  EXPECT_FALSE(session_->verify(options(test::zoo("gpt2"))));
  EXPECT_FALSE(session_->verify(options("none.onnx")));
}

}  // namespace
}  // namespace posittune::session
