// What rules of thumb look at, by invented figures.

#include "posittune/tuning/baselines.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/tuning/invented_search.h"

namespace posittune::tuning {
namespace {

using test::kWeights;

const auto kGoing = [](std::size_t) { return success(); };

class InventedBaselines : public test::InventedSearch {
 protected:
  InventedBaselines() : analysis_(analysis()) {
    for (std::size_t w = 0; w < kWeights; ++w)
      figures().squares["w" + std::to_string(w)] = {{"int4", 0.2}, {"int6", 0.02}};
    SpaceOptions how;
    how.costs = {Cost::kBits};
    space_.emplace(
        MixSpace::build(analysis_, model_.engine, costs_, choices({"int4", "int6"}), how, kGoing)
            .value());
  }
  BaselineInputs of() { return {&analysis_, &model_.engine, &*space_, squares_, 1}; }
  BaselineScores scores() { return measure_baseline_scores(of(), kGoing).value(); }
  const Plan* find(const std::vector<Plan>& plans, const std::string& method) const {
    for (const Plan& plan : plans) {
      if (plan.method == method) return &plan;
    }
    return nullptr;
  }

  sensitivity::Analysis analysis_;
  std::optional<MixSpace> space_;
  std::vector<double> squares_ = std::vector<double>(kWeights, 2);
};

TEST_F(InventedBaselines, UniformFormats) {
  const std::vector<Plan> plans = uniform_plans(*space_);
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].method, "uniform int4");
  EXPECT_EQ(plans[0].predicted, 15);
  EXPECT_EQ(plans[1].method, "uniform int6");
  EXPECT_DOUBLE_EQ(plans[1].predicted, 15 * 0.125);
  EXPECT_EQ(plans[1].choice, search::Choice(kWeights, 1));
  EXPECT_TRUE(std::isnan(plans[1].gap));
}

// 10 log10(2 / 0.2), and gain x signal / |W|^2 x |dW|^2 with a signal of 2.
TEST_F(InventedBaselines, ScoresByHand) {
  const BaselineScores made = scores();
  ASSERT_EQ(made.sizes, std::vector<double>(kWeights, 16));
  for (std::size_t w = 0; w < kWeights; ++w) {
    EXPECT_DOUBLE_EQ(made.sqnr[w][0], 10);
    EXPECT_DOUBLE_EQ(made.sqnr[w][1], 20);
    const double gain = static_cast<double>(w + 1);
    EXPECT_DOUBLE_EQ(made.trace[w][0].loss, gain * 0.2);
    EXPECT_DOUBLE_EQ(made.trace[w][1].loss, gain * 0.02);
    EXPECT_EQ(made.trace[w][1].costs, space_->grouped().groups[w][1].costs);
  }
}

// A weight of zeros has no noise to speak of.
TEST_F(InventedBaselines, AWeightOfZeros) {
  squares_[2] = 0;
  const BaselineScores made = scores();
  EXPECT_TRUE(std::isinf(made.sqnr[2][0]));
  EXPECT_EQ(made.trace[2][0].loss, 0);
}

TEST_F(InventedBaselines, CancelledScoresAreAnError) {
  const auto stopped = measure_baseline_scores(of(), [](std::size_t) -> Status {
    return Error{.kind = ErrorKind::kInterrupted, .what = "stopped"};
  });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
}

// Two of five weights may have int6: 80 bits each for int4, 32 more for int6.
TEST_F(InventedBaselines, PlansWithinABudget) {
  const auto plans = rule_plans(of(), scores(), 5 * 80 + 2 * 32, "a budget");
  ASSERT_TRUE(plans.ok()) << plans.error().message();
  EXPECT_EQ(plans->size(), 6U);
  for (const Plan& plan : *plans) {
    EXPECT_EQ(plan.budget, "a budget");
    std::size_t dear = 0;
    double loss = 0;
    for (std::size_t w = 0; w < kWeights; ++w) {
      dear += plan.choice[w];
      loss += static_cast<double>(w + 1) * (plan.choice[w] == 1 ? 0.125 : 1);
    }
    EXPECT_EQ(dear, 2U) << plan.method;
    EXPECT_DOUBLE_EQ(plan.predicted, loss) << plan.method;
  }
  // Those of the largest gains lose most; sizes and noises are all alike.
  EXPECT_EQ(find(*plans, "HAWQ-like order")->choice, (search::Choice{0, 0, 0, 1, 1}));
  EXPECT_EQ(find(*plans, "AIMET list")->choice, (search::Choice{0, 0, 0, 1, 1}));
  EXPECT_EQ(find(*plans, "small layers first")->choice, (search::Choice{1, 1, 0, 0, 0}));
  EXPECT_EQ(find(*plans, "greedy by SQNR")->choice, (search::Choice{1, 1, 0, 0, 0}));
  const auto impossible = rule_plans(of(), scores(), 5 * 80 - 1, "a budget");
  ASSERT_FALSE(impossible.ok());
  EXPECT_EQ(impossible.error().kind, ErrorKind::kUsage);
}

// Windows of rows 0 to 2 and of row 3 have 0.6 and 0.4 of the loss of their weight, 48 and 16
// elements of 4 bits; they are upgraded in the order of their losses: 3, 2.4, 2, 1.8 ...
TEST_F(InventedBaselines, FlexPositUpgradesTheWindowsOfLargestLoss) {
  SpaceOptions how;
  how.costs = {Cost::kBits};
  how.window = 3;
  const auto windows =
      MixSpace::build(analysis_, model_.engine, costs_, choices({"int4", "int6"}), how, kGoing);
  ASSERT_TRUE(windows.ok()) << windows.error().message();
  const double all_int4 = 5 * (12 * 4 + 16 + 4 * 4 + 16);
  const Plan plan = flexposit_plan(*windows, all_int4 + 24 + 24 + 8, "a budget");
  // w4 rows 0..2 (3), w3 rows 0..2 (2.4), w4 row 3 (2): 24 + 24 + 8 bits more
  EXPECT_NEAR(plan.predicted, 15 - 0.875 * (3 + 2.4 + 2), 1e-12);
  EXPECT_EQ(plan.recipe.weights.at("w4").format.bits, 6);
  EXPECT_TRUE(plan.recipe.weights.at("w4").windows.empty());
  EXPECT_EQ(plan.recipe.weights.at("w3").format.bits, 6);
  ASSERT_EQ(plan.recipe.weights.at("w3").windows.size(), 1U);
  EXPECT_EQ(plan.recipe.weights.at("w3").windows[0].format.bits, 4);
  EXPECT_EQ(plan.recipe.weights.at("w2").format.bits, 4);
  EXPECT_TRUE(plan.choice.empty());  // it is of another space
}

TEST(FlexPosit, IsTwoFormatsByChannel) {
  const FlexPosit scheme = flexposit_scheme(Cost::kSize);
  ASSERT_EQ(scheme.choices.weights.size(), 2U);
  EXPECT_EQ(weight_labels(scheme.choices), (std::vector<std::string>{"posit<4,1>", "posit<5,1>"}));
  EXPECT_EQ(scheme.choices.weights[0].granularity, quant::Granularity::kChannel);
  EXPECT_EQ(scheme.options.window, 64U);
  EXPECT_EQ(scheme.options.costs, (std::vector<Cost>{Cost::kSize}));
}

}  // namespace
}  // namespace posittune::tuning
