// A session as another program calls it.

#include "posittune/session/session.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "posittune/base/files.h"
#include "posittune/engine/versions.h"
#include "posittune/records/comparison_json.h"
#include "tests/model/models.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

// Keeps what it hears; stops the work after `patience` calls.
struct Listener : Observer {
  std::vector<std::string> notes, steps;
  std::size_t calls = 0, patience = static_cast<std::size_t>(-1);
  void note(const std::string& text) override { notes.push_back(text); }
  Advance step(const std::string& title, std::size_t, const std::string&) override {
    steps.push_back(title);
    return [this](std::size_t) {
      ++calls;
      return go_on();
    };
  }
  bool cancelled() override { return calls >= patience; }
};

class SessionTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  Result<Session> open(Observer& observer, const std::string& run = "run") const {
    const std::string model = test::zoo("albert");
    const std::string data = (fs::path(model).parent_path() / "data.yaml").string();
    return Session::open({.model = model}, {.data = data, .limit = 4},
                         {.threads = 2, .run_folder = (folder_ / run).string()}, observer);
  }
  CompareOptions few() const {
    return {.formats = {"fp32", "int8", "posit<8,1>"},
            .scales = {quant::ScaleRule::kMsePow2},
            .measuring = {.resamples = 50}};
  }

  fs::path folder_ = fs::path(testing::TempDir()) / ("session_test_" + std::to_string(::getpid()));
};

// What a row measured, without the time that it took.
std::string timeless(records::ComparisonRow row) {
  row.seconds = 0;
  return records::to_json(row).dump();
}

TEST_F(SessionTest, ComparesAndTellsTheObserverAlone) {
  Listener listener;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  auto session = open(listener);
  ASSERT_TRUE(session.ok()) << session.error().message();
  auto result = session->compare(few());
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->comparison.rows.size(), 6U);  // three formats, w and wa
  EXPECT_EQ(result->comparison.rows[0].metrics.at("kl").value.value, 0);
  EXPECT_GT(result->comparison.rows[2].metrics.at("kl").value.value, 0);
  EXPECT_EQ(listener.steps.front(), "FP32");
  EXPECT_TRUE(fs::exists(folder_ / "run" / "results.json"));
}

// A job's numbers do not depend on those before it, and what is known is not measured again.
TEST_F(SessionTest, JobsOfOneSessionAreIndependent) {
  Observer silent;
  auto session = open(silent);
  ASSERT_TRUE(session.ok());
  auto first = session->compare(few());
  ASSERT_TRUE(first.ok()) << first.error().message();
  auto again = session->compare(few());
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(again->reused, again->comparison.rows.size());
  EXPECT_EQ(records::json_text(again->comparison), records::json_text(first->comparison));

  auto other = open(silent, "other");
  ASSERT_TRUE(other.ok());
  auto seen = other->inspect({});
  ASSERT_TRUE(seen.ok());
  EXPECT_FALSE(seen->rows.empty());
  auto plan = other->estimate(few());
  ASSERT_TRUE(plan.ok()) << plan.error().message();
  EXPECT_EQ(plan->trials.size(), 6U);
  auto later = other->compare(few());
  ASSERT_TRUE(later.ok()) << later.error().message();
  ASSERT_EQ(later->comparison.rows.size(), first->comparison.rows.size());
  for (std::size_t i = 0; i < first->comparison.rows.size(); ++i) {
    EXPECT_EQ(timeless(later->comparison.rows[i]), timeless(first->comparison.rows[i]));
  }
}

TEST_F(SessionTest, SearchesAfterAnAnalysis) {
  Observer silent;
  auto session = open(silent, "analysis");
  ASSERT_TRUE(session.ok());
  SensitivityOptions analysis;
  analysis.formats = {"int8", "int4"};
  analysis.tier = sensitivity::Tier::kProxy;
  auto scores = session->sensitivity(analysis);
  ASSERT_TRUE(scores.ok()) << scores.error().message();
  EXPECT_FALSE(scores->sensitivity.rows.empty());

  auto other = open(silent, "search");
  ASSERT_TRUE(other.ok());
  SearchOptions search;
  search.formats = {"int8", "int4"};
  search.budgets = {tuning::parse_budget(tuning::Cost::kBits, "6").value()};
  search.no_report = true;
  search.measuring.resamples = 100;
  auto found = other->search(search);
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_TRUE(found->missed.empty());
  EXPECT_LE(found->result.rows.front().bits_per_weight, 6.0);
}

// Keys hold the versions; the user hears why nothing of the folder is used.
TEST_F(SessionTest, OtherVersionsAreNamed) {
  CompareOptions one = few();
  one.formats = {"int8"};
  one.what = {Operand::kWeight};
  Observer silent;
  ASSERT_TRUE(open(silent)->compare(one).ok());
  const std::string file = (folder_ / "run" / "run.json").string();
  auto run = nlohmann::json::parse(*read_file(file));
  const std::string sources = run["sessions"][0]["versions"]["sources"];
  EXPECT_EQ(sources, engine::fingerprint());
  run["sessions"][0]["versions"]["sources"] = "0123456789abcdef";
  ASSERT_TRUE(write_file(file, run.dump()).ok());

  Listener listener;
  ASSERT_TRUE(open(listener)->compare(one).ok());
  const std::string note = (folder_ / "run").string() +
                           " was last measured with sources 0123456789abcdef (now " + sources +
                           "): it is measured anew";
  EXPECT_EQ(std::count(listener.notes.begin(), listener.notes.end(), note), 1);
  listener.notes.clear();
  ASSERT_TRUE(open(listener)->compare(one).ok());
  EXPECT_EQ(std::count(listener.notes.begin(), listener.notes.end(), note), 0);
}

TEST_F(SessionTest, CancelledWorkContinues) {
  Listener hasty;
  hasty.patience = 3;  // FP32, calibration and the first trial
  auto stopped = open(hasty);
  ASSERT_TRUE(stopped.ok());
  auto result = stopped->compare(few());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kInterrupted);
  EXPECT_FALSE(fs::exists(folder_ / "run" / "results.json"));

  Observer silent;
  auto session = open(silent);
  ASSERT_TRUE(session.ok());
  auto whole = session->compare(few());
  ASSERT_TRUE(whole.ok()) << whole.error().message();
  auto fresh = open(silent, "fresh")->compare(few());
  ASSERT_TRUE(fresh.ok());
  for (std::size_t i = 0; i < fresh->comparison.rows.size(); ++i) {
    EXPECT_EQ(timeless(whole->comparison.rows[i]), timeless(fresh->comparison.rows[i]));
  }
}

TEST_F(SessionTest, WithoutDataThereAreCostsAlone) {
  Observer silent;
  auto session = Session::open({.model = test::zoo("albert")}, {}, silent);
  ASSERT_TRUE(session.ok()) << session.error().message();
  auto measured = session->compare(few());
  ASSERT_FALSE(measured.ok());
  EXPECT_EQ(measured.error().kind, ErrorKind::kUsage);
  for (int twice = 0; twice < 2; ++twice) {
    auto cost = session->cost({.formats = {formats::integer(8), formats::fp32()},
                               .table = {.source = TableSource::kPlaceholder}});
    ASSERT_TRUE(cost.ok()) << cost.error().message();
    EXPECT_LT(cost->rows[0].totals.energy_pj, cost->rows[1].totals.energy_pj);
  }
}

TEST_F(SessionTest, WrongOptionsAreFoundBeforeAModelIs) {
  SensitivityOptions unknown;
  unknown.formats = {"nothing"};
  EXPECT_EQ(check(CompareOptions{.formats = {"posit<8,9>"}}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(check(unknown).error().kind, ErrorKind::kUsage);
  // Formats of the upgrade are looked at where it is not asked for, too.
  EXPECT_EQ(
      check(SensitivityOptions{.formats = {"int8"}, .upgrade_to = "posit<8,9>"}).error().where,
      "`upgrade_to`");
  EXPECT_EQ(
      check(SensitivityOptions{.formats = {"int8"}, .measuring = {.reference = "?"}}).error().where,
      "`reference`");
  SearchOptions aimless;
  aimless.formats = {"int8"};
  EXPECT_EQ(check(aimless).error().what, "nothing to search for");
  EXPECT_TRUE(check(few()).ok());
  CompareOptions once = few();
  once.measuring.resamples = 1;
  EXPECT_EQ(check(once).error().where, "`resamples`");
}

TEST_F(SessionTest, OpeningCanBeCancelled) {
  Listener stop;
  stop.patience = 0;
  const auto session = open(stop);
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().kind, ErrorKind::kInterrupted);
}

TEST_F(SessionTest, NumbersOutOfRangeAreRefused) {
  Observer silent;
  const ModelSpec nowhere{.model = "nowhere.onnx"};
  EXPECT_EQ(Session::open(nowhere, {.threads = -1}, silent).error().where, "`threads`");
  EXPECT_EQ(Session::open(nowhere, {.threads = 5000}, silent).error().where, "`threads`");
  const DataSpec data{.data = "nowhere.yaml", .limit = std::size_t{1} << 40};
  EXPECT_EQ(Session::open(nowhere, data, {}, silent).error().where, "`limit`");
  constexpr std::size_t kMany = std::size_t{1} << 40;
  EXPECT_EQ(check(SensitivityOptions{.formats = {"int8"}, .spot_checks = kMany}).error().where,
            "`spot_checks`");
  EXPECT_EQ(check(SensitivityOptions{.formats = {"int8"}, .exact_channels = kMany}).error().where,
            "`exact_channels`");
  EXPECT_EQ(check(SensitivityOptions{.formats = {"int8"}, .naive = kMany}).error().where,
            "`naive`");
}

}  // namespace
}  // namespace posittune::session
