#include "posittune/metrics/custom_metric.h"

#include <gtest/gtest.h>

#include <any>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "posittune/metrics/scorer.h"
#include "tests/metrics/tensors.h"

namespace posittune::metrics {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// The first number of the item's "logits", plus its label where it has one.
std::vector<double> first_numbers(const ItemBatch& batch) {
  const Tensor& output = batch.outputs.at("logits");
  const std::size_t per_item = output.size() / batch.count;
  std::vector<double> values;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const auto& labels = batch.annotations.labels;
    const std::size_t item = batch.first + i;
    values.push_back(output.as<float>()[i * per_item] +
                     static_cast<double>(item < labels.size() ? labels[item] : 0));
  }
  return values;
}

CustomMetric first_number(std::string name = "first") {
  return {.name = std::move(name),
          .version = "1",
          .direction = Direction::kLowerIsBetter,
          .unit = "V",
          .measure = [](const ItemBatch& batch) -> Result<std::vector<double>> {
            return first_numbers(batch);
          }};
}

ScorerOptions with(std::vector<CustomMetric> custom) {
  ScorerOptions options;
  options.output = "logits";
  options.custom = std::move(custom);
  return options;
}

const MetricSamples& find(const std::vector<MetricSamples>& metrics, const std::string& name) {
  for (const MetricSamples& each : metrics) {
    if (each.metric.name == name) return each;
  }
  ADD_FAILURE() << "no metric " << name;
  return metrics.front();
}

// What one metric leaves for the others is there until the batch ends.
TEST(CustomMetric, MetricsOfABatchShare) {
  std::vector<int> found;
  const auto counting = [&](std::string name) {
    CustomMetric metric = first_number(std::move(name));
    metric.measure = [&found](const ItemBatch& batch) -> Result<std::vector<double>> {
      const int* known = std::any_cast<int>(&batch.shared);
      found.push_back(known == nullptr ? 0 : *known);
      batch.shared = found.back() + 1;
      return first_numbers(batch);
    };
    return metric;
  };
  Scorer scorer(Task::kGeneric, with({counting("a"), counting("b"), counting("c")}), {}, {});
  const Tensors one = logits({1, 2}, {6, 7});
  ASSERT_TRUE(scorer.add(0, {}, one, one).ok());
  ASSERT_TRUE(scorer.add(1, {}, one, one).ok());
  EXPECT_EQ(found, (std::vector<int>{0, 1, 2, 0, 1, 2}));
}

TEST(CustomMetric, MeanOverItemsByUnit) {
  Scorer scorer(Task::kGeneric, with({first_number()}), {}, {5, 5, 9});
  const Tensors two = logits({2, 2}, {1, 7, 2, 7}), one = logits({1, 2}, {6, 7});
  ASSERT_TRUE(scorer.add(0, {}, two, two).ok());
  ASSERT_TRUE(scorer.add(2, {}, one, one).ok());
  const auto metrics = scorer.finish();
  ASSERT_TRUE(metrics.ok());
  const MetricSamples& found = find(*metrics, "first");
  EXPECT_EQ(value_of(*found.statistic), 3);
  EXPECT_EQ(found.statistic->units(), 2U);
  EXPECT_EQ(found.statistic->value(std::vector<std::uint32_t>{2, 0}), 1.5);  // unit 5 alone
  EXPECT_EQ(found.metric.direction, Direction::kLowerIsBetter);
  EXPECT_EQ(found.metric.unit, "V");
  EXPECT_EQ(found.metric.version, "1");
  EXPECT_EQ(found.metric.rank, Rank::kTask);
}

TEST(CustomMetric, SeesAnnotationsAndRanksBeforeTheTasksOwn) {
  Scorer scorer(Task::kClassify, with({first_number()}), {.labels = {0, 1}}, {});
  const Tensors out = logits({2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(scorer.add(0, {}, out, out).ok());
  const auto metrics = scorer.finish();
  ASSERT_TRUE(metrics.ok());
  EXPECT_EQ(value_of(*find(*metrics, "first").statistic), 3);  // (1 + 0 + 4 + 1) / 2
  EXPECT_EQ(find(*metrics, "accuracy").metric.rank, Rank::kDetail);
  EXPECT_EQ(find(*metrics, "kl").metric.rank, Rank::kLoss);
}

TEST(CustomMetric, OutputsWithoutRowsAreLeftOut) {
  CustomMetric count = first_number("outputs");
  count.measure = [](const ItemBatch& batch) -> Result<std::vector<double>> {
    return std::vector<double>(batch.count, static_cast<double>(batch.outputs.size()));
  };
  Scorer scorer(Task::kGeneric, with({count}), {}, {});
  Tensors out = logits({2, 2}, {1, 2, 3, 4});
  out["state"] = floats({3}, {1, 2, 3});
  out["scalar"] = floats({}, {1});
  ASSERT_TRUE(scorer.add(0, {}, out, out).ok());
  const auto metrics = scorer.finish();
  ASSERT_TRUE(metrics.ok());
  EXPECT_EQ(value_of(*find(*metrics, "outputs").statistic), 1);
}

// What a format broke may be NaN; what a metric makes of finite outputs may not.
TEST(CustomMetric, NumbersThatAreNone) {
  const Tensors good = logits({2, 2}, {1, 2, 3, 4}), bad = logits({2, 2}, {1, 2, kNaN, 4});
  Scorer scorer(Task::kGeneric, with({first_number()}), {}, {});
  ASSERT_TRUE(scorer.add(0, {}, good, bad).ok());
  const auto metrics = scorer.finish();
  ASSERT_TRUE(metrics.ok());
  EXPECT_TRUE(std::isnan(value_of(*find(*metrics, "first").statistic)));

  CustomMetric broken = first_number();
  broken.measure = [](const ItemBatch&) -> Result<std::vector<double>> {
    return std::vector<double>{1, kNaN};
  };
  Scorer second(Task::kGeneric, with({broken}), {}, {});
  const Status refused = second.add(0, {}, good, good);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
  EXPECT_EQ(refused.error().where, "metric 'first', item 1");
  EXPECT_EQ(refused.error().found, "NaN");

  broken.measure = [](const ItemBatch&) -> Result<std::vector<double>> {
    return std::vector<double>{1};
  };
  Scorer third(Task::kGeneric, with({broken}), {}, {});
  const Status few = third.add(0, {}, good, good);
  ASSERT_FALSE(few.ok());
  EXPECT_EQ(few.error().expected, "2 numbers, one for each item");
  EXPECT_EQ(few.error().found, "1");

  broken.measure = [](const ItemBatch&) -> Result<std::vector<double>> {
    return Error{.kind = ErrorKind::kInterrupted, .what = "stop"};
  };
  Scorer fourth(Task::kGeneric, with({broken}), {}, {});
  EXPECT_EQ(fourth.add(0, {}, good, good).error().what, "stop");
}

TEST(CustomMetric, Names) {
  EXPECT_TRUE(check(std::vector<CustomMetric>{}).ok());
  EXPECT_TRUE(check(std::vector{first_number("a_1"), first_number("b")}).ok());
  for (const char* name : {"", "a b", "k.l", "ü"}) {
    const Status refused = check(std::vector{first_number(name)});
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  }
  EXPECT_FALSE(check(std::vector{first_number(), first_number()}).ok());
  CustomMetric unversioned = first_number();
  unversioned.version = "";
  EXPECT_FALSE(check(std::vector{unversioned}).ok());

  Scorer scorer(Task::kGeneric, with({first_number("cosine")}), {}, {});
  const Tensors out = logits({1, 2}, {1, 2});
  ASSERT_TRUE(scorer.add(0, {}, out, out).ok());
  const auto refused = scorer.finish();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().where, "metric 'cosine'");
}

TEST(CustomMetric, IdentityHoldsAllThatDecides) {
  EXPECT_EQ(identity(std::vector<CustomMetric>{}), "");
  const CustomMetric one = first_number();
  EXPECT_EQ(identity(std::vector{one}), "first@1:1/lower/V");
  CustomMetric other = one;
  other.version = "2";
  EXPECT_NE(identity(std::vector{one}), identity(std::vector{other}));
  EXPECT_NE(identity(std::vector{one, other}), identity(std::vector{one}));
}

}  // namespace
}  // namespace posittune::metrics
