// Analyses of invented figures: every number is known beforehand.

#include "posittune/sensitivity/analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tests/engine/engines.h"
#include "tests/sensitivity/fake_figures.h"

namespace posittune::sensitivity {
namespace {

using test::activation_setting;
using test::kFakeBatch;
using test::kFakeItems;
using test::weight_setting;

const double kNaN = std::nan("");

Candidate candidate(const std::string& format) {
  return {weight_setting(format), activation_setting(format)};
}

Options options_of(Tier tier, std::vector<Operand> what = {Operand::kWeight}) {
  Options options;
  options.operands = std::move(what);
  options.candidates = {candidate("int8"), candidate("int4"), candidate("int6")};
  options.reference = candidate("int5");
  options.tier = tier;
  options.spot_checks = 0;
  return options;
}

// KL of int5 over its error: a gain of 0.2 / (2 x 0.5) for w, which two layers use, and of 0.3 /
// 0.1 for v.
class InventedFigures : public testing::Test {
 protected:
  InventedFigures() {
    figures().errors = {{"w", {{"int4", 4}, {"int5", 0.5}, {"int6", 0.25}, {"int8", 0.125}}},
                        {"v", {{"int4", 0.5}, {"int5", 0.1}, {"int6", 0.05}}},
                        {"first", {{"int5", 0.5}, {"int8", 0.25}}},
                        {"second", {{"int5", 1}, {"int8", 0.25}}},
                        {"other", {{"int5", 2}, {"int8", 0.5}}}};
    figures().losses = {{"w", {{"int4", 1.5}, {"int5", 0.2}, {"int6", 0.11}, {"int8", 0.04}}},
                        {"v", {{"int4", 1.4}, {"int5", 0.3}, {"int6", 0.16}}},
                        {"first", {{"int5", 2}, {"int8", 0.9}}},
                        {"second", {{"int5", 0.5}, {"int8", 0.1}}},
                        {"other", {{"int5", 1}, {"int8", 0.3}}},
                        {"scores", {{"int4", 3}, {"int6", 2}, {"int8", 1}}}};
  }
  test::FakeFigures& figures() { return model_.figures; }
  Analysis analysis(const Options& options) {
    return Analysis({.engine = &model_.engine,
                     .calibrate = &model_.data,
                     .search = &model_.data,
                     .journal = &model_.journal,
                     .identity = {},
                     .report = progress_.reporter(),
                     .figures = &model_.figures},
                    options);
  }
  records::Sensitivity run(const Options& options) {
    auto ran = analysis(options).run();
    EXPECT_TRUE(ran.ok()) << ran.error().message();
    return ran.ok() ? *ran : records::Sensitivity{};
  }
  Site weight(std::size_t index) {
    constexpr Operand kWeights[] = {Operand::kWeight};
    return list_sites(model_.engine, kWeights)[index];
  }

  test::InventedModel model_;
  test::Progress progress_;
};

using Scores = std::map<std::string, double>;  // by "WEIGHT or LAYER FORMAT"
Scores scores(const records::Sensitivity& of, Tier tier) {
  Scores all;
  for (const records::SensitivityRow& row : of.rows) {
    if (row.tier == name(tier))
      all[(row.what == "a" ? row.layer : row.weight) + " " + row.format] = row.score;
  }
  return all;
}

void expect_near(const Scores& made, const Scores& expected) {
  EXPECT_EQ(made.size(), expected.size());
  for (const auto& [name, score] : expected) {
    ASSERT_TRUE(made.contains(name)) << name;
    EXPECT_NEAR(made.at(name), score, 1e-14) << name;
  }
}

TEST_F(InventedFigures, AProxyIsErrorOverSignal) {
  const auto result = run(options_of(Tier::kProxy));
  expect_near(scores(result, Tier::kProxy), {{"w int8", 0.0625},
                                             {"w int4", 2},
                                             {"w int6", 0.125},  // both layers have signal 2
                                             {"v int8", 0},
                                             {"v int4", 0.25},
                                             {"v int6", 0.025}});
  EXPECT_EQ(result.rows.size(), 6U);
  const records::SensitivityRow& row = result.rows[1];
  EXPECT_EQ(row.layer, "first");
  EXPECT_EQ(row.error, 8);
  EXPECT_EQ(row.signal, 4);
  EXPECT_EQ(row.bits, 16 * 4 + 8 + 8);  // codes, a power of two, the format's name
  EXPECT_EQ(row.parameters, 16U);
  EXPECT_TRUE(std::isnan(row.low) && std::isnan(row.high));
  EXPECT_EQ(figures().calibrations, 1U);
  EXPECT_EQ(figures().fp32_runs, 0U);
}

TEST_F(InventedFigures, WithoutASignalAProxyIsNothing) {
  figures().signal = 0;
  for (const auto& [name, score] : scores(run(options_of(Tier::kProxy)), Tier::kProxy))
    EXPECT_EQ(score, 0) << name;
}

TEST_F(InventedFigures, AGainIsMeasuredOnceForASite) {
  const auto result = run(options_of(Tier::kGain));
  expect_near(scores(result, Tier::kGain), {{"w int8", 0.05},
                                            {"w int4", 1.6},
                                            {"w int6", 0.1},
                                            {"v int8", 0},
                                            {"v int4", 1.5},
                                            {"v int6", 0.15}});
  ASSERT_EQ(figures().suffix_runs.size(), 2U);
  EXPECT_EQ(figures().suffix_runs[0], recipe_of(model_.engine, weight(0), candidate("int5")));
  EXPECT_EQ(figures().suffix_runs[1], recipe_of(model_.engine, weight(1), candidate("int5")));
}

TEST_F(InventedFigures, WhatChangesNothingIsNotProbed) {
  Options options = options_of(Tier::kGain);
  options.candidates = {candidate("int16")};
  EXPECT_EQ(scores(run(options), Tier::kGain), (Scores{{"w int16", 0}, {"v int16", 0}}));
  EXPECT_TRUE(figures().suffix_runs.empty());
}

// A reference that changes nothing says nothing of others.
TEST_F(InventedFigures, AReferenceWithoutErrorHasNoGain) {
  figures().errors["v"]["int5"] = 0;
  EXPECT_EQ(analysis(options_of(Tier::kGain)).gain_of(weight(1), candidate("int4")).value(), 0);
}

TEST_F(InventedFigures, ScoresOfBothAreSumsOfTheirParts) {
  Options options = options_of(Tier::kGain, {Operand::kBoth});
  options.candidates = {candidate("int8")};
  // w 0.05, first 2 / 0.5 x 0.25, second 0.5 / 1 x 0.25; v 0, other 1 / 2 x 0.5
  expect_near(scores(run(options), Tier::kGain), {{"w int8", 1.175}, {"v int8", 0.25}});
}

TEST_F(InventedFigures, ProductsOfTwoInputsAreMeasured) {
  const auto result = run(options_of(Tier::kGain, {Operand::kActivation}));
  const Scores gains = scores(result, Tier::kGain);
  EXPECT_EQ(gains.size(), 9U);  // three layers
  EXPECT_FALSE(gains.contains("scores int8"));
  expect_near(scores(result, Tier::kExact),
              {{"scores int4", 3}, {"scores int6", 2}, {"scores int8", 1}});
  Analysis again = analysis(options_of(Tier::kGain, {Operand::kActivation}));
  const auto refused = again.predicted(again.sites().back(), candidate("int8"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(refused.error().where.find("'scores'"), std::string::npos);
}

TEST_F(InventedFigures, ExactScoresCheapFormatsFirst) {
  Options options = options_of(Tier::kExact);
  options.precision = 0;
  const auto result = run(options);
  expect_near(scores(result, Tier::kExact), {{"w int8", 0.04},
                                             {"w int4", 1.5},
                                             {"w int6", 0.11},
                                             {"v int8", 0},
                                             {"v int4", 1.4},
                                             {"v int6", 0.16}});
  std::vector<std::string> order;
  for (const records::SensitivityRow& row : result.rows) {
    if (row.tier != "exact") continue;
    order.push_back(row.format);
    EXPECT_EQ(row.units, kFakeItems);
    EXPECT_EQ(row.stopped, "");
  }
  EXPECT_EQ(order, (std::vector<std::string>{"int4", "int6", "int8", "int4", "int6", "int8"}));
  EXPECT_EQ(progress_.totals.at("exact"), 2 * 3 * kFakeItems);
  EXPECT_EQ(progress_.items.at("exact"), 2 * 3 * kFakeItems);
}

// Items that see 0 and 2 of the loss by turns: the mean is the loss, its standard error is
// loss / sqrt(n - 1), 1.96 of them are the interval.
TEST_F(InventedFigures, IntervalsOfExactScores) {
  for (std::size_t u = 0; u < kFakeItems; ++u) figures().units[u] = u % 2 == 0 ? 0 : 2;
  Options options = options_of(Tier::kExact);
  options.precision = 0;
  const auto result = run(options);
  const auto row = std::ranges::find_if(
      result.rows, [](const auto& each) { return each.tier == "exact" && each.format == "int4"; });
  ASSERT_NE(row, result.rows.end());
  EXPECT_DOUBLE_EQ(row->score, 1.5);
  EXPECT_DOUBLE_EQ(row->low, 1.5 - 1.96 * 1.5 / std::sqrt(15.0));
  EXPECT_DOUBLE_EQ(row->high, 1.5 + 1.96 * 1.5 / std::sqrt(15.0));
}

// Equal items: all is known after the fewest that a decision is taken on.
TEST_F(InventedFigures, TightScoresStopEarly) {
  Options options = options_of(Tier::kExact);
  options.candidates = {candidate("int4")};
  const auto result = run(options);
  for (const records::SensitivityRow& row : result.rows) {
    if (row.tier != "exact") continue;
    EXPECT_EQ(row.stopped, "tight");
    EXPECT_EQ(row.units, 8U);
  }
  EXPECT_EQ(figures().batches, (2 * 8 + 2 * kFakeItems) / kFakeBatch);  // and two gains
  EXPECT_EQ(progress_.items.at("exact"), 2 * kFakeItems);  // those left out count as done
}

// A format of more bits that is surely worse than a cheaper one; the best one of fewer bits is
// not "worse" for its bits.
TEST_F(InventedFigures, DominatedFormatsStopEarly) {
  figures().losses["w"] = {{"int4", 0.1}, {"int6", 0.5}, {"int8", 0.05}};
  for (std::size_t u = 0; u < kFakeItems; ++u) figures().units[u] = u % 2 == 0 ? 0.5 : 1.5;
  Options options = options_of(Tier::kExact);
  const auto stopped = [&] {
    std::map<std::string, std::string> by_format;
    for (const records::SensitivityRow& row : run(options).rows) {
      if (row.tier == "exact" && row.weight == "w") by_format[row.format] = row.stopped;
    }
    return by_format;
  };
  EXPECT_EQ(stopped(), (std::map<std::string, std::string>{
                           {"int4", ""}, {"int6", "dominated"}, {"int8", ""}}));
  options.stop_dominated = false;
  EXPECT_EQ(stopped().at("int6"), "");
}

TEST_F(InventedFigures, NaNIsKeptAndComparedWithNothing) {
  figures().losses["w"]["int6"] = kNaN;
  figures().losses["v"]["int4"] = INFINITY;
  const Options options = options_of(Tier::kExact);
  for (const bool from_journal : {false, true}) {
    const std::size_t before = figures().suffix_runs.size();
    const auto result = run(options);
    EXPECT_EQ(figures().suffix_runs.size() == before, from_journal);
    const Scores exact = scores(result, Tier::kExact);
    EXPECT_TRUE(std::isnan(exact.at("w int6")));
    EXPECT_TRUE(std::isinf(exact.at("v int4")));
    EXPECT_DOUBLE_EQ(exact.at("w int8"), 0.04);
    for (const records::SensitivityRow& row : result.rows) {
      if (row.tier == "exact" && !std::isfinite(row.score)) {
        EXPECT_EQ(row.stopped, "") << row.format;
        EXPECT_EQ(row.units, kFakeItems);
      }
    }
    for (const records::AgreementRecord& each : result.agreement) {
      if (each.reference == "exact") {
        EXPECT_EQ(each.pairs, 4U) << each.tier;
      }
    }
  }
}

TEST_F(InventedFigures, NothingIsMeasuredTwice) {
  const auto first = run(options_of(Tier::kExact));
  const auto asked = figures().errors_asked;
  const auto runs = figures().suffix_runs.size();
  const auto again = run(options_of(Tier::kExact));
  EXPECT_EQ(records::csv_text(again.rows), records::csv_text(first.rows));
  EXPECT_EQ(figures().errors_asked, asked);
  EXPECT_EQ(figures().suffix_runs.size(), runs);
  EXPECT_EQ(figures().fp32_runs, 1U);
  EXPECT_EQ(figures().calibrations, 1U);
}

// What was measured before the user stopped it is not measured again.
TEST_F(InventedFigures, AStoppedAnalysisContinues) {
  Options options = options_of(Tier::kExact);
  options.precision = 0;
  progress_.stopped = "exact";
  progress_.last = 4 * kFakeItems + 1;
  const auto stopped = analysis(options).run();
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
  const std::size_t before = figures().suffix_runs.size();  // two gains, five exact ones
  EXPECT_EQ(before, 7U);
  progress_.stopped = "nothing";
  EXPECT_EQ(scores(run(options), Tier::kExact).size(), 6U);
  EXPECT_EQ(figures().suffix_runs.size(), before + 2);  // the fifth, of which nothing was kept
}

TEST_F(InventedFigures, ErrorsOfFiguresAreThoseOfTheAnalysis) {
  for (const char* title : {"proxy", "gain", "exact"}) {
    progress_.items.clear();
    progress_.stopped = title;
    const auto stopped = analysis(options_of(Tier::kExact)).run();
    ASSERT_FALSE(stopped.ok()) << title;
    EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted) << title;
  }
}

TEST_F(InventedFigures, NoCandidatesAreNoRows) {
  Options options = options_of(Tier::kExact);
  options.candidates.clear();
  const auto result = run(options);
  EXPECT_TRUE(result.rows.empty());
  EXPECT_TRUE(result.agreement.empty());
  EXPECT_EQ(figures().fp32_runs, 0U);
  options = options_of(Tier::kGain, {});
  options.spot_checks = 8;
  EXPECT_TRUE(run(options).rows.empty());
}

// Errors of nothing need no probes, spot checks do.
TEST_F(InventedFigures, WithoutSearchDataNothingIsMeasured) {
  Options options = options_of(Tier::kGain);
  options.candidates = {candidate("int16")};
  options.spot_checks = 1;
  Analysis without({.engine = &model_.engine,
                    .calibrate = &model_.data,
                    .search = nullptr,
                    .journal = &model_.journal,
                    .identity = {},
                    .report = progress_.reporter()},
                   options);
  const auto refused = without.run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
}

TEST_F(InventedFigures, SpotChecksAreDrawnOnce) {
  Options options = options_of(Tier::kGain);
  options.spot_checks = 4;
  const Scores checked = scores(run(options), Tier::kExact);
  EXPECT_EQ(checked.size(), 4U);
  for (const auto& [name, score] : checked)
    EXPECT_DOUBLE_EQ(score, figures().losses[name.substr(0, 1)][name.substr(2)]) << name;
  EXPECT_EQ(scores(run(options), Tier::kExact), checked);
  options.spot_checks = 100;
  EXPECT_EQ(scores(run(options), Tier::kExact).size(), 6U);  // all pairs there are
}

// The agreement of invented scores: exact ones are ordered as gains, but for w's int8 and int6.
TEST_F(InventedFigures, AgreementPairsTiersByLayerAndFormat) {
  Options options = options_of(Tier::kExact);
  options.precision = 0;
  const auto result = run(options);
  ASSERT_EQ(result.agreement.size(), 3U);
  for (const records::AgreementRecord& each : result.agreement) {
    EXPECT_EQ(each.what, "w");
    EXPECT_EQ(each.pairs, 6U);
  }
  EXPECT_EQ(result.agreement[1].tier, "gain");
  EXPECT_EQ(result.agreement[1].reference, "exact");
  EXPECT_DOUBLE_EQ(result.agreement[1].spearman, 1);
  // of 0.8, 0.9375, 1.1, 0.9333.., 1.0667..
  EXPECT_DOUBLE_EQ(result.agreement[1].ratio, 0.9375);
}

TEST_F(InventedFigures, CostsCountProbesByTier) {
  Options options = options_of(Tier::kExact);
  options.naive = 2;
  const auto result = run(options);
  ASSERT_EQ(result.costs.size(), 4U);
  const std::map<std::string, std::uint64_t> expected = {
      {"proxy", 0}, {"gain", 2}, {"exact", 6}, {"naive", 2}};
  for (const records::TierCost& cost : result.costs) {
    EXPECT_EQ(cost.probes, expected.at(cost.tier)) << cost.tier;
    EXPECT_DOUBLE_EQ(cost.evaluations, cost.seconds / 2) << cost.tier;  // FP32 takes 2 seconds
  }
  EXPECT_EQ(figures().whole_runs.size(), 2U);
}

// A gain on the first items only: 3 of them are two batches.
TEST_F(InventedFigures, GainsOfSomeItems) {
  Options options = options_of(Tier::kGain);
  options.gain_items = 3;
  expect_near({{"w", analysis(options).gain_of(weight(0), candidate("int4")).value()}},
              {{"w", 0.2}});
  EXPECT_EQ(figures().batches, 2U);
}

// Two recipes that every item tells apart; against itself a recipe is never decided.
TEST_F(InventedFigures, ComparisonsEndWhenTheyAreDecided) {
  Analysis of = analysis(options_of(Tier::kGain));
  const quant::Recipe rough = recipe_of(model_.engine, weight(0), candidate("int4"));
  const quant::Recipe fine = recipe_of(model_.engine, weight(0), candidate("int8"));
  EXPECT_DOUBLE_EQ(of.kl_of(rough)->mean(), 1.5);
  EXPECT_EQ(of.kl_of(rough)->units(), kFakeItems);
  EXPECT_EQ(of.kl_beside(fine, rough)->units(), 8U);
  EXPECT_EQ(of.kl_beside(rough, rough)->units(), kFakeItems);
}

// Rows of w have 0.1, 0.2, 0.3 and 0.4 of its error: windows of three have 0.6 and 0.4.
TEST_F(InventedFigures, WindowsOfChannels) {
  Options options = options_of(Tier::kGain);
  options.candidates = {candidate("int4")};
  records::Sensitivity to;
  EXPECT_EQ(analysis(options).add_channels(0, 1, to).error().kind, ErrorKind::kUsage);
  const Status done = analysis(options).add_channels(3, 1, to);
  ASSERT_TRUE(done.ok()) << done.error().message();
  ASSERT_EQ(to.channels.size(), 5U);
  const double expected[] = {0.6 * 1.6, 0.4 * 1.6, 0.6 * 1.5, 0.4 * 1.5};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(to.channels[i].score, expected[i], 1e-14) << i;
    EXPECT_EQ(to.channels[i].first, i % 2 == 0 ? 0U : 3U);
    EXPECT_EQ(to.channels[i].count, i % 2 == 0 ? 3U : 1U);
    EXPECT_EQ(to.channels[i].tier, "gain");
  }
  const records::ChannelRow& measured = to.channels[4];  // of the highest score
  EXPECT_EQ(measured.tier, "exact");
  EXPECT_EQ(measured.weight, "w");
  EXPECT_EQ(measured.first, 0U);
  EXPECT_NEAR(measured.score, 0.6 * 1.5, 1e-14);
}

TEST_F(InventedFigures, MixesAreSumsOfScores) {
  Options options = options_of(Tier::kGain);
  records::Sensitivity to;
  ASSERT_TRUE(analysis(options).add_mixes(5, to).ok());
  ASSERT_EQ(to.mixes.size(), 5U);
  const double of_w[] = {0.05, 0.1, 1.6}, of_v[] = {0, 0.15, 1.5};
  const double loss_w[] = {0.04, 0.11, 1.5}, loss_v[] = {0, 0.16, 1.4};
  const double bits[] = {8, 6, 4};
  for (const records::MixRecord& mix : to.mixes) {
    bool found = false;
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t b = 0; b < 3; ++b) {
        found |= std::abs(of_w[a] + of_v[b] - mix.predicted) < 1e-12 &&
                 std::abs(loss_w[a] + loss_v[b] - mix.measured) < 1e-12 &&
                 mix.bits_per_weight == (bits[a] + bits[b]) / 2 + 1;  // 16 bits for 16 weights
      }
    }
    EXPECT_TRUE(found) << mix.predicted << " " << mix.measured << " " << mix.bits_per_weight;
  }
  options.candidates = {candidate("int16")};
  const Status refused = analysis(options).add_mixes(1, to);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
}

// By score the last rows go first, by |dW|^2 the first ones: see FakeFigures.
TEST_F(InventedFigures, UpgradesInThreeOrders) {
  figures().squares = {{"w", {{"int4", 8}, {"int8", 1}}}, {"v", {{"int4", 4}, {"int8", 1}}}};
  records::Sensitivity to;
  const Status done = analysis(options_of(Tier::kGain))
                          .add_upgrades(candidate("int4"), candidate("int8"), 2, 4, to);
  ASSERT_TRUE(done.ok()) << done.error().message();
  ASSERT_EQ(to.upgrades.size(), 15U);
  std::map<std::string, std::vector<double>> losses;
  for (const records::UpgradeRecord& each : to.upgrades) {
    EXPECT_EQ(each.windows, losses[each.order].size());
    losses[each.order].push_back(each.loss);
  }
  const auto near = [&](const char* order, const std::vector<double>& expected) {
    ASSERT_EQ(losses[order].size(), expected.size()) << order;
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(losses[order][i], expected[i], 1e-14) << order << " " << i;
  };
  // An upgraded window of w gains 1.46, of v 1.4 times its share: 0.7 of rows 2 and 3, 0.3 of 0 and
  // 1. Scores: w 0.2 x 7.75 x share, v 3 x 0.5 x share.
  near("score", {2.9, 2.9 - 0.7 * 1.46, 2.9 - 0.7 * 2.86, 2.9 - 0.7 * 2.86 - 0.3 * 1.46, 0.04});
  // |dW|^2: w 7 x (0.7, 0.3), v 3 x (0.7, 0.3), equal ones (2.1) in the order they were in.
  EXPECT_NEAR(losses["error"][1], 2.9 - 0.3 * 1.46, 1e-14);
  EXPECT_NEAR(losses["error"][3], 2.9 - 1.46 - 0.3 * 1.4, 1e-14);
  EXPECT_NEAR(losses["random"][0], 2.9, 1e-14);
  EXPECT_NEAR(losses["random"][4], 0.04, 1e-14);
}

}  // namespace
}  // namespace posittune::sensitivity
