// details.json as jobs leave it in their run folder.

#include "posittune/session/write_details.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "posittune/records/stored_run.h"
#include "posittune/session/session.h"
#include "tests/base/temporary_folder.h"
#include "tests/model/models.h"

namespace posittune::session {
namespace {

class WriteDetailsTest : public testing::Test {
 protected:
  std::string folder() const { return folder_.file("run"); }
  Result<Session> open() {
    const std::string model = test::zoo("albert");
    const std::string data = (std::filesystem::path(model).parent_path() / "data.yaml").string();
    return Session::open({.model = model}, {.data = data, .limit = 4},
                         {.threads = 2, .run_folder = folder()}, observer_);
  }
  records::Details details() {
    auto run = records::read_stored_run(folder());
    EXPECT_TRUE(run.ok()) << run.error().message();
    EXPECT_TRUE(run->details) << run->details_missing;
    return *run->details;
  }

  // As text, in which NaN equals NaN, and without the hash of results that hold times.
  static std::string text_of(records::Details details) {
    details.results_sha256.clear();
    return records::json_text(details);
  }

  TemporaryFolder folder_;
  Observer observer_;
};

TEST_F(WriteDetailsTest, OfAComparisonAndOnceMore) {
  const CompareOptions options{.formats = {"fp32", "int8"},
                               .scales = {quant::ScaleRule::kMsePow2},
                               .measuring = {.resamples = 20}};
  auto session = open();
  ASSERT_TRUE(session.ok()) << session.error().message();
  auto result = session->compare(options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  const records::Details first = details();
  ASSERT_EQ(first.rows.size(), result->comparison.rows.size());
  for (std::size_t i = 0; i < first.rows.size(); ++i) {
    EXPECT_EQ(first.rows[i].settings.size(), first.layers.size());
    const auto& losses = first.rows[i].item_losses;
    if (result->comparison.rows[i].format == "fp32") continue;
    ASSERT_EQ(losses.size(), 4U);
    double sum = 0;  // one class for each item: the mean over items is the KL
    for (const double loss : losses) sum += loss;
    EXPECT_NEAR(sum / 4, result->comparison.rows[i].metrics.at("kl").value.value, 1e-9);
  }
  ASSERT_EQ(first.mixes.size(), 1U);
  EXPECT_EQ(first.mixes[0].looks.size(), first.looks.size());
  EXPECT_FALSE(first.looks.empty());
  ASSERT_TRUE(session->compare(options).ok());
  EXPECT_EQ(text_of(details()), text_of(first));
}

TEST_F(WriteDetailsTest, OfASearch) {
  SearchOptions options{.formats = {"int4", "int6"}};
  options.budgets = {*tuning::parse_budget(tuning::Cost::kBits, "5"),
                     *tuning::parse_budget(tuning::Cost::kBits, "5.5")};
  options.measuring.resamples = 20;
  auto session = open();
  ASSERT_TRUE(session.ok()) << session.error().message();
  auto result = session->search(options);
  ASSERT_TRUE(result.ok()) << result.error().message();
  const records::Details found = details();
  ASSERT_EQ(found.mixes.size(), 2U);  // uniform formats and rules of thumb have none
  EXPECT_EQ(found.mixes[0].title, "search, bits 5");
  EXPECT_EQ(found.mixes[1].title, "search, bits 5.5");
  // Layers that have the same format in both are looked at once.
  EXPECT_EQ(found.mixes[0].looks.size(), found.mixes[1].looks.size());
  EXPECT_GT(found.looks.size(), found.mixes[0].looks.size());
  EXPECT_LT(found.looks.size(), found.mixes[0].looks.size() + found.mixes[1].looks.size());
  for (const records::MixDetails& mix : found.mixes) {
    for (const std::uint64_t at : mix.looks) {
      const records::LayerLook& look = found.looks[at];
      for (const std::uint64_t setting : found.rows[mix.row].settings) {
        if (found.settings[setting].layer != look.layer || look.histograms.empty()) continue;
        EXPECT_EQ(found.settings[setting].format, look.histograms[0].format) << mix.title;
      }
    }
  }
  EXPECT_EQ(found.rows[0].item_losses.size(), 4U);
  std::size_t known = 0;
  for (const records::LayerLook& look : found.looks)
    known += std::isfinite(look.output_error) ? 1U : 0U;
  EXPECT_GT(known, 0U);
  EXPECT_FALSE(found.scores.empty());
  for (const records::ScoreRecord& score : found.scores)
    EXPECT_TRUE(score.format == "int4" || score.format == "int6") << score.format;
  // Resumed, it is the same, though nothing is calibrated on the way.
  ASSERT_TRUE(session->search(options).ok());
  EXPECT_EQ(text_of(details()), text_of(found));
}

}  // namespace
}  // namespace posittune::session
