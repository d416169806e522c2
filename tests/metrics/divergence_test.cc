#include "posittune/metrics/divergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/metrics/tensors.h"

namespace posittune::metrics {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
// The same numbers, added up in another order.
constexpr double kOrder = 1e-13;

std::vector<float> normal(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> draw(0, 1);
  std::vector<float> x(n);
  for (float& v : x) v = draw(random);
  return x;
}

Tensor output_of(Task task, const TensorShape& shape, unsigned seed) {
  std::vector<float> x = normal(element_count(shape), seed);
  if (task == Task::kDetect) {
    for (float& v : x) v = 1 / (1 + std::exp(-v));
  }
  return floats(shape, x);
}

struct Sums {
  double sum = 0, count = 0;
};
Sums total(const std::vector<ItemDivergence>& items) {
  Sums sums;
  for (const ItemDivergence& item : items) {
    sums.sum += item.sum;
    sums.count += item.count;
  }
  return sums;
}

// `kl` of a whole data set in batches, and the sums of divergence() over the same batches.
void expect_kl_of_scorer(Task task, const TensorShape& item, bool mask) {
  SCOPED_TRACE(std::string(name(task)) + (mask ? ", mask" : ""));
  Scorer scorer(task, {.threads = 2}, {}, {});
  Sums sums;
  std::mt19937 random(5);
  std::size_t first = 0;
  for (const std::size_t count : {4, 1, 3}) {
    TensorShape shape = item;
    shape.insert(shape.begin(), count);
    const Tensor x = output_of(task, shape, static_cast<unsigned>(10 + first)),
                 y = output_of(task, shape, static_cast<unsigned>(20 + first));
    Tensors inputs;
    if (task == Task::kLanguageModel) {
      std::vector<std::int64_t> ids(count * item[0]), on(count * item[0]);
      for (auto& id : ids) id = static_cast<std::int64_t>(random() % item[1]);
      for (auto& one : on) one = random() % 4 == 0 ? 0 : 1;
      inputs["input_ids"] = int64s({count, item[0]}, ids);
      if (mask) inputs["attention_mask"] = int64s({count, item[0]}, on);
    }
    ASSERT_TRUE(scorer.add(first, inputs, {{"logits", x}}, {{"logits", y}}).ok());
    const auto items = divergence(task, {.threads = 2}, inputs, x, y);
    ASSERT_TRUE(items.ok()) << items.error().message();
    ASSERT_EQ(items->size(), count);
    sums.sum += total(*items).sum;
    sums.count += total(*items).count;
    first += count;
  }
  const auto metrics = scorer.finish();
  ASSERT_TRUE(metrics.ok());
  for (const MetricSamples& metric : *metrics) {
    if (metric.metric.name != "kl") continue;
    const double kl = value_of(*metric.statistic);
    EXPECT_GT(kl, 0);
    EXPECT_NEAR(sums.sum / sums.count, kl, kOrder * kl);
    return;
  }
  ADD_FAILURE() << "no kl";
}

TEST(Divergence, OfAllItemsIsTheScorersKl) {
  expect_kl_of_scorer(Task::kLanguageModel, {13, 29}, false);
  expect_kl_of_scorer(Task::kLanguageModel, {13, 29}, true);
  expect_kl_of_scorer(Task::kClassify, {7}, false);
  expect_kl_of_scorer(Task::kDetect, {7, 50}, false);
}

TEST(Divergence, LanguageModelByHand) {
  // Two classes: logits (0, a) are p(1) = e^a / (1 + e^a).
  const auto kl = [](double a, double b) {
    const double p = 1 / (1 + std::exp(-a)), q = 1 / (1 + std::exp(-b));
    return p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q));
  };
  const Tensor x = floats({2, 3, 2}, {0, 1, 0, 2, 0, 3, 0, -1, 0, 0, 0, 5}),
               y = floats({2, 3, 2}, {0, 2, 0, 2, 0, 9, 0, 1, 0, 3, 0, 7});
  const auto all =
      divergence(Task::kLanguageModel, {}, {}, x, y);  // without a mask, and without tokens
  ASSERT_TRUE(all.ok()) << all.error().message();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].count, 2);  // the last predicts nothing
  EXPECT_NEAR((*all)[0].sum, kl(1, 2), 1e-6);
  EXPECT_EQ((*all)[1].count, 2);
  EXPECT_NEAR((*all)[1].sum, kl(-1, 1) + kl(0, 3), 1e-6);

  const auto with = [&](const std::vector<std::int64_t>& mask) {
    return divergence(Task::kLanguageModel, {.mask = "m"}, {{"m", int64s({2, 3}, mask)}}, x, y)
        .value();
  };
  const auto some = with({0, 1, 1, 1, 1, 0});  // padding on the left, padding on the right
  EXPECT_EQ(some[0].count, 1);
  EXPECT_EQ(some[0].sum, 0);  // equal rows
  EXPECT_EQ(some[1].count, 1);
  EXPECT_NEAR(some[1].sum, kl(-1, 1), 1e-6);
  const auto none = with({0, 0, 0, 1, 0, 1});
  EXPECT_EQ(none[0].count, 0);
  EXPECT_EQ(none[1].count, 0);
  EXPECT_EQ(none[1].sum, 0);

  const auto one = divergence(Task::kLanguageModel, {}, {}, floats({1, 1, 2}, {0, 1}),
                              floats({1, 1, 2}, {0, 2}));
  ASSERT_TRUE(one.ok());
  EXPECT_EQ((*one)[0].count, 0);  // a row of one token predicts nothing
}

TEST(Divergence, FP32RowsAreOfTheKindThatIsNamed) {
  const Tensor logits = floats({2, 2}, {0.25F, 0.75F, -1, 2}),
               probabilities = floats({2, 2}, {0.25F, 0.75F, 0.5F, 0.5F});
  const auto of = [](Task task, ScoreKind scores, const Tensor& x, const Tensor& y) {
    return divergence(task, {.output = "y", .scores = scores}, {}, x, y, 40);
  };
  EXPECT_TRUE(of(Task::kClassify, ScoreKind::kLogits, logits, logits).ok());
  EXPECT_TRUE(of(Task::kClassify, ScoreKind::kProbabilities, probabilities, probabilities).ok());
  EXPECT_TRUE(of(Task::kClassify, ScoreKind::kProbabilities, probabilities, logits)
                  .ok());  // a format's rows may be anything
  for (const ScoreKind scores : {ScoreKind::kProbabilities, ScoreKind::kSigmoid}) {
    for (const Task task : {Task::kClassify, Task::kSegment}) {
      const auto refused = of(task, scores, logits, probabilities);
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
      EXPECT_EQ(refused.error().where, "output 'y', item 41");
    }
  }
}

TEST(Divergence, GenericByHand) {
  const Tensor x = floats({3, 2, 1}, {3, 4, 0, 0, 1, -2}),
               y = floats({3, 2, 1}, {3, 5, 0, 0, 1, -2});
  const auto items = divergence(Task::kGeneric, {}, {}, x, y);
  ASSERT_TRUE(items.ok());
  EXPECT_EQ((*items)[0].sum, 1.0 / 25);
  EXPECT_EQ((*items)[1].sum, 0);  // zeros stayed zeros
  EXPECT_EQ((*items)[2].sum, 0);
  for (const ItemDivergence& item : *items) EXPECT_EQ(item.count, 1);
  // One number an item.
  const auto numbers = divergence(Task::kGeneric, {}, {}, floats({2}, {2, 1}), floats({2}, {1, 1}));
  ASSERT_TRUE(numbers.ok());
  EXPECT_EQ((*numbers)[0].sum, 0.25);
  // What was zero and is not any more has no relative error.
  const auto infinite =
      divergence(Task::kGeneric, {}, {}, floats({1, 2}, {0, 0}), floats({1, 2}, {0, 1}));
  EXPECT_TRUE(std::isinf((*infinite)[0].sum));
}

TEST(Divergence, DetectorByHand) {
  // One class, two cells: a score falls, and the center of that box moves by a fifth of its width.
  const auto kl = [](double p, double q) {
    return p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q));
  };
  const Tensor x = floats({1, 5, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 0.5F, 0.9F}),
               y = floats({1, 5, 2}, {2, 2, 3, 4, 5, 6, 7, 8, 0.25F, 0.9F});
  const auto items = divergence(Task::kDetect, {}, {}, x, y);
  ASSERT_TRUE(items.ok());
  EXPECT_NEAR((*items)[0].sum, kl(0.5, 0.25) + 0.5 * 0.2 * 0.2 / (2 * 0.1 * 0.1), 1e-12);
  EXPECT_EQ((*items)[0].count, 1);
}

TEST(Divergence, EqualOutputsGiveExactlyZeroAndNaNDoesNotFlatter) {
  const std::vector<std::pair<Task, TensorShape>> cases = {{Task::kLanguageModel, {2, 5, 11}},
                                                           {Task::kClassify, {2, 11}},
                                                           {Task::kDetect, {2, 6, 9}},
                                                           {Task::kGeneric, {2, 3, 4}}};
  for (const auto& [task, shape] : cases) {
    SCOPED_TRACE(name(task));
    const Tensor x = output_of(task, shape, 1);
    const auto same = divergence(task, {}, {}, x, x);
    ASSERT_TRUE(same.ok());
    for (const ItemDivergence& item : *same) EXPECT_EQ(item.sum, 0);
    Tensor y = x;
    const std::size_t size = y.size() / 2;
    for (std::size_t i = 0; i < size; ++i) y.as<float>()[i] = kNaN;  // the first item
    const auto items = divergence(task, {}, {}, x, y);
    ASSERT_TRUE(items.ok());
    EXPECT_TRUE(std::isnan((*items)[0].sum));
    EXPECT_EQ((*items)[1].sum, 0);
    // Threads do not matter.
    const Tensor z = output_of(task, shape, 2);
    const auto one = divergence(task, {.threads = 1}, {}, x, z),
               two = divergence(task, {.threads = 2}, {}, x, z);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ((*one)[i].sum, (*two)[i].sum);
  }
}

TEST(Divergence, OutputsThatDoNotFitTheTask) {
  const auto expect_input = [](Task task, const Tensor& x, const Tensor& y,
                               const Tensors& inputs = {}) {
    const auto items = divergence(task, {}, inputs, x, y);
    ASSERT_FALSE(items.ok()) << name(task) << " " << to_string(y.shape);
    EXPECT_EQ(items.error().kind, ErrorKind::kInput);
    EXPECT_NE(items.error().message().find("output"), std::string::npos);
  };
  const auto zeros = [](const TensorShape& shape) {
    return Tensor::zeros(ElementType::kF32, shape);
  };
  const std::vector<std::pair<Task, TensorShape>> bad = {{Task::kLanguageModel, {2, 3}},
                                                         {Task::kLanguageModel, {2, 3, 4, 5}},
                                                         {Task::kLanguageModel, {2, 3, 0}},
                                                         {Task::kLanguageModel, {0, 3, 4}},
                                                         {Task::kLanguageModel, {2, 0, 4}},
                                                         {Task::kClassify, {2}},
                                                         {Task::kClassify, {2, 3, 4}},
                                                         {Task::kClassify, {0, 3}},
                                                         {Task::kClassify, {3, 0}},
                                                         {Task::kDetect, {2, 5}},
                                                         {Task::kDetect, {2, 4, 9}},
                                                         {Task::kDetect, {2, 6, 0}},
                                                         {Task::kGeneric, {}},
                                                         {Task::kGeneric, {0}},
                                                         {Task::kGeneric, {3, 0}}};
  for (const auto& [task, shape] : bad) expect_input(task, zeros(shape), zeros(shape));
  for (const Task task : {Task::kLanguageModel, Task::kClassify, Task::kDetect, Task::kGeneric}) {
    const TensorShape shape = task == Task::kClassify ? TensorShape{2, 6} : TensorShape{2, 6, 3};
    TensorShape other = shape;
    other.back() += 1;
    expect_input(task, zeros(shape), zeros(other));
    expect_input(task, zeros(other), zeros(shape));
    expect_input(task, Tensor::zeros(ElementType::kF16, shape),
                 Tensor::zeros(ElementType::kF16, shape));
    expect_input(task, zeros(shape), Tensor::zeros(ElementType::kI32, shape));
  }
}

TEST(Divergence, MasksThatDoNotFit) {
  const Tensor x = Tensor::zeros(ElementType::kF32, {2, 3, 4});
  const auto error_of = [&](Tensor mask) {
    const auto items =
        divergence(Task::kLanguageModel, {}, {{"attention_mask", std::move(mask)}}, x, x);
    EXPECT_FALSE(items.ok());
    return items.ok() ? Error{} : items.error();
  };
  for (const Error& error : {error_of(Tensor::zeros(ElementType::kI64, {2, 4})),
                             error_of(Tensor::zeros(ElementType::kI64, {6})),
                             error_of(Tensor::zeros(ElementType::kF32, {2, 3}))}) {
    EXPECT_EQ(error.kind, ErrorKind::kInput);
    EXPECT_NE(error.message().find("attention_mask"), std::string::npos) << error.message();
  }
  EXPECT_TRUE(divergence(Task::kLanguageModel, {},
                         {{"attention_mask", Tensor::zeros(ElementType::kBool, {2, 3})}}, x, x)
                  .ok());
}

}  // namespace
}  // namespace posittune::metrics
