#include "posittune/metrics/scorer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/metrics/tensors.h"

namespace posittune::metrics {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<MetricSamples> finished(Scorer& scorer) {
  auto metrics = scorer.finish();
  EXPECT_TRUE(metrics.ok());
  return metrics.ok() ? *metrics : std::vector<MetricSamples>{};
}

const MetricSamples* find(const std::vector<MetricSamples>& metrics, const std::string& name) {
  for (const MetricSamples& m : metrics) {
    if (m.metric.name == name) return &m;
  }
  return nullptr;
}

double value(const std::vector<MetricSamples>& metrics, const std::string& name) {
  const MetricSamples* found = find(metrics, name);
  if (found == nullptr) ADD_FAILURE() << "no metric " << name;
  return found == nullptr ? 0 : value_of(*found->statistic);
}

std::vector<std::string> names(const std::vector<MetricSamples>& metrics) {
  std::vector<std::string> list;
  for (const MetricSamples& m : metrics) list.push_back(m.metric.name);
  return list;
}

std::vector<float> normal(std::size_t n, unsigned seed, float spread = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> draw(0, spread);
  std::vector<float> x(n);
  for (float& v : x) v = draw(random);
  return x;
}

// Units, each once, with what FP32 has not: an infinity that FP32 has too is a class that cannot
// be.
TEST(Scorer, CountsUnitsWithOutputsThatAreNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Scorer scorer(Task::kClassify, {}, {}, {7, 7, 8, 9, 10});
  const Tensors reference = logits({5, 2}, {1, -kInfinity, 1, 2, 1, 2, 1, -kInfinity, 1, 2});
  const Tensors outputs =
      logits({5, 2}, {1, kNaN, kInfinity, 2, 1, 2, 1, -kInfinity, 1, -kInfinity});
  ASSERT_TRUE(scorer.add(0, {}, reference, outputs).ok());
  EXPECT_EQ(scorer.nonfinite(), 2U);  // 7 and 10
}

// log softmax of one row in doubles.
std::vector<double> log_softmax(const float* x, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::exp(double{x[i]});
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = double{x[i]} - std::log(sum);
  return out;
}

TEST(LanguageModel, MeansOverTokensWithANextOne) {
  constexpr std::size_t kItems = 3, kLength = 4, kClasses = 5;
  const auto x = normal(kItems * kLength * kClasses, 1), y = normal(kItems * kLength * kClasses, 2);
  const std::vector<std::int64_t> ids = {1, 2, 3, 4, 0, 4, 1, 0, 2, 2, 2, 2};
  const std::vector<std::int64_t> mask = {1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1};
  double kl = 0, nll = 0, tokens = 0;
  for (std::size_t row = 0; row < ids.size(); ++row) {
    if (row % kLength == kLength - 1 || mask[row] == 0 || mask[row + 1] == 0) continue;
    const auto p = log_softmax(&x[row * kClasses], kClasses);
    const auto q = log_softmax(&y[row * kClasses], kClasses);
    for (std::size_t c = 0; c < kClasses; ++c) kl += std::exp(p[c]) * (p[c] - q[c]);
    nll -= q[static_cast<std::size_t>(ids[row + 1])];
    tokens += 1;
  }
  ASSERT_EQ(tokens, 3 + 2 + 2);

  Scorer scorer(Task::kLanguageModel, {}, {}, {});
  const TensorShape rows = {kItems, kLength}, shape = {kItems, kLength, kClasses};
  ASSERT_TRUE(scorer
                  .add(0,
                       {{"input_ids", int64s(rows, ids)}, {"attention_mask", int64s(rows, mask)}},
                       logits(shape, x), logits(shape, y))
                  .ok());
  const auto metrics = finished(scorer);
  EXPECT_EQ(names(metrics),
            (std::vector<std::string>{"kl", "perplexity", "top1_agreement", "cosine", "sqnr_db"}));
  EXPECT_NEAR(value(metrics, "kl"), kl / tokens, 1e-6);
  EXPECT_NEAR(value(metrics, "perplexity"), std::exp(nll / tokens), 1e-5);
  EXPECT_EQ(metrics[0].statistic->units(), kItems);
  EXPECT_EQ(metrics[0].metric.unit, "nats/token");
  EXPECT_EQ(metrics[0].metric.direction, Direction::kLowerIsBetter);
  EXPECT_EQ(metrics[2].metric.direction, Direction::kHigherIsBetter);
}

TEST(LanguageModel, ADocumentWithoutAScoredTokenIsNoProblem) {
  Scorer scorer(Task::kLanguageModel, {}, {}, {7, 8});
  const Tensors inputs = {{"input_ids", int64s({2, 2}, {0, 1, 0, 1})},
                          {"attention_mask", int64s({2, 2}, {1, 1, 1, 0})}};
  const Tensors out = logits({2, 2, 2}, {1, 2, 3, 4, 1, 2, 3, 4});
  ASSERT_TRUE(scorer.add(0, inputs, out, out).ok());
  const auto metrics = finished(scorer);
  EXPECT_EQ(metrics[0].statistic->units(), 2u);
  EXPECT_NEAR(value(metrics, "perplexity"), 1 + std::exp(-1), 1e-6);
}

// All tasks: a table of outputs and what they need beside them.
struct Setting {
  Task task;
  TensorShape shape;
  records::Annotations annotations;
};

std::vector<Setting> settings() {
  return {{Task::kLanguageModel, {6, 4, 9}, {}},
          {Task::kClassify, {6, 9}, {.labels = {0, 1, 8, 3, 4, 5}}},
          {Task::kDetect, {6, 7, 20}, {}},
          {Task::kCtc, {6, 5, 9}, {}},
          {Task::kSegment, {6, 9, 2, 5}, {}},
          {Task::kGeneric, {6, 3, 2, 5}, {}}};
}

Tensors outputs_of(const Setting& setting, unsigned seed) {
  std::vector<float> x = normal(element_count(setting.shape), seed);
  if (setting.task == Task::kDetect) {  // boxes of 20 pixels around the image, scores from 0 to 1
    const std::size_t cells = setting.shape[2], channels = setting.shape[1];
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t row = i / cells % channels;
      const float cell = static_cast<float>(i % cells);
      x[i] = row < 2 ? 15 * cell + x[i] : row < 4 ? 20 + x[i] : 1 / (1 + std::exp(-x[i]));
    }
  }
  return logits(setting.shape, x);
}

Tensors inputs_of(const Setting& setting) {
  if (setting.task != Task::kLanguageModel) return {};
  std::vector<std::int64_t> ids(setting.shape[0] * setting.shape[1]);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i * 5 % 9);
  return {{"input_ids", int64s({setting.shape[0], setting.shape[1]}, ids)}};
}

TEST(AllTasks, OneMetricIsTheLossAndOneTellsMost) {
  const std::map<Task, std::set<std::string>> telling = {
      {Task::kLanguageModel, {"perplexity"}},
      {Task::kClassify, {"accuracy", "top1_agreement"}},
      {Task::kDetect, {"map", "map_agreement"}},
      {Task::kCtc, {"exact_match", "exact_match_to_fp32"}},
      {Task::kSegment, {"top1_agreement"}},
      {Task::kAgreement, {"agreement"}},
      {Task::kGeneric, {"cosine", "sqnr_db"}}};
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(name(setting.task));
    Scorer scorer(setting.task, {}, setting.annotations, {});
    const Tensors out = outputs_of(setting, 1);
    ASSERT_TRUE(scorer.add(0, inputs_of(setting), out, out).ok());
    const auto metrics = finished(scorer);
    Rank least = Rank::kDeviation;
    for (const MetricSamples& m : metrics) {
      EXPECT_EQ(m.metric.rank == Rank::kLoss, m.metric.name == loss_of(setting.task).name);
      if (m.metric.rank != Rank::kLoss) least = std::min(least, m.metric.rank);
    }
    for (const MetricSamples& m : metrics) {
      if (m.metric.rank == least) {
        EXPECT_TRUE(telling.at(setting.task).contains(m.metric.name)) << m.metric.name;
      }
    }
  }
}

TEST(AllTasks, Fp32BesideItselfIsExact) {
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(name(setting.task));
    Scorer scorer(setting.task, {}, setting.annotations, {});
    const Tensors out = outputs_of(setting, 1);
    ASSERT_TRUE(scorer.add(0, inputs_of(setting), out, out).ok());
    const auto metrics = finished(scorer);
    for (const MetricSamples& m : metrics) {
      const double best = m.metric.direction == Direction::kLowerIsBetter ? 0
                          : m.metric.name == "sqnr_db" ? std::numeric_limits<double>::infinity()
                                                       : 1;
      if (setting.annotations.labels.empty() && m.metric.name != "perplexity") {
        EXPECT_EQ(value_of(*m.statistic), best) << m.metric.name;
      }
    }
    if (setting.task == Task::kClassify) {
      EXPECT_EQ(value(metrics, "kl"), 0);
      EXPECT_EQ(value(metrics, "top1_agreement"), 1);
    }
  }
}

// The rows [begin, end) of each tensor.
Tensors part(const Tensors& tensors, std::size_t begin, std::size_t end) {
  Tensors parts;
  for (const auto& [name, tensor] : tensors) {
    TensorShape shape = tensor.shape;
    const std::size_t bytes = tensor.bytes.size() / shape[0];
    shape[0] = end - begin;
    const auto at = [&](std::size_t i) {
      return tensor.bytes.begin() + static_cast<std::ptrdiff_t>(i * bytes);
    };
    parts[name] = {tensor.type, shape, {at(begin), at(end)}};
  }
  return parts;
}

TEST(AllTasks, BatchesAndThreadsDoNotMatter) {
  const std::vector<std::int64_t> units = {5, 5, -3, 9, 9, 1};
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(name(setting.task));
    const Tensors x = outputs_of(setting, 1), y = outputs_of(setting, 2);
    const Tensors inputs = inputs_of(setting);
    Scorer whole(setting.task, {.threads = 1}, setting.annotations, units);
    ASSERT_TRUE(whole.add(0, inputs, x, y).ok());
    Scorer batches(setting.task, {.threads = 0}, setting.annotations, units);
    for (const auto& [begin, end] :
         std::vector<std::pair<std::size_t, std::size_t>>{{0, 4}, {4, 6}}) {
      ASSERT_TRUE(
          batches.add(begin, part(inputs, begin, end), part(x, begin, end), part(y, begin, end))
              .ok());
    }
    const auto a = finished(whole), b = finished(batches);
    ASSERT_EQ(names(a), names(b));
    for (std::size_t m = 0; m < a.size(); ++m) {
      SCOPED_TRACE(a[m].metric.name);
      EXPECT_EQ(a[m].statistic->units(), 4u);
      EXPECT_EQ(value_of(*a[m].statistic), value_of(*b[m].statistic));
      EXPECT_EQ(replicates(*a[m].statistic, {.resamples = 40, .threads = 1}),
                replicates(*b[m].statistic, {.resamples = 40, .threads = 2}));
    }
  }
}

TEST(AllTasks, NaNOutputsDoNotFlatter) {
  for (const Setting& setting : settings()) {
    SCOPED_TRACE(name(setting.task));
    const Tensors x = outputs_of(setting, 1);
    Tensors y = x;
    for (float& v : y.at("logits").as<float>()) v = kNaN;
    Scorer scorer(setting.task, {}, setting.annotations, {});
    ASSERT_TRUE(scorer.add(0, inputs_of(setting), x, y).ok());
    const auto metrics = finished(scorer);
    for (const MetricSamples& m : metrics) {
      const double v = value_of(*m.statistic);
      EXPECT_TRUE(std::isnan(v) || v == 0) << m.metric.name << " " << v;
      EXPECT_FALSE(m.metric.direction == Direction::kLowerIsBetter && v == 0) << m.metric.name;
    }
  }
}

TEST(AllTasks, OneNaNSpoilsOnlyItsRowsDecisionsButTheMeans) {
  const Setting setting = settings()[1];
  const Tensors x = outputs_of(setting, 1);
  Tensors y = x;
  y.at("logits").as<float>()[3] = kNaN;
  Scorer scorer(setting.task, {}, setting.annotations, {});
  ASSERT_TRUE(scorer.add(0, {}, x, y).ok());
  const auto metrics = finished(scorer);
  EXPECT_DOUBLE_EQ(value(metrics, "top1_agreement"), 5.0 / 6);
  EXPECT_TRUE(std::isnan(value(metrics, "kl")));
  EXPECT_TRUE(std::isnan(value(metrics, "cosine")));
  EXPECT_TRUE(std::isnan(value(metrics, "sqnr_db")));
}

TEST(Classify, HandComputed) {
  // Predictions 2, 0, 1, 0 for labels 2, 0, 0, 1.
  const std::vector<float> y = {0, 1, 5, 0, 0, 0, /**/ 9, 1, 5, 0, 0, 0,
                                1, 9, 5, 3, 4, 2, /**/ 9, 1, 5, 2, 3, 4};
  Scorer scorer(Task::kClassify, {}, {.labels = {2, 0, 0, 1}}, {});
  ASSERT_TRUE(scorer.add(0, {}, logits({4, 6}, y), logits({4, 6}, y)).ok());
  const auto metrics = finished(scorer);
  EXPECT_EQ(value(metrics, "accuracy"), 0.5);
  // The third item's label has the least logit, the fourth's too.
  EXPECT_EQ(value(metrics, "top5_accuracy"), 0.5);
  // F1: class 0: 1 right of 2 labels and 2 predictions, class 1: 0, class 2: 1.
  EXPECT_NEAR(value(metrics, "f1_macro"), (0.5 + 0 + 1) / 3, 1e-15);
}

TEST(Classify, WithoutLabelsThereAreNoLabelMetrics) {
  Scorer scorer(Task::kClassify, {}, {}, {});
  const Tensors out = logits({1, 3}, {1, 2, 3});
  ASSERT_TRUE(scorer.add(0, {}, out, out).ok());
  EXPECT_EQ(names(finished(scorer)),
            (std::vector<std::string>{"kl", "top1_agreement", "cosine", "sqnr_db"}));
}

TEST(Classify, FewClassesHaveNoTop5) {
  Scorer scorer(Task::kClassify, {}, {.labels = {1}}, {});
  const Tensors out = logits({1, 5}, {1, 2, 3, 4, 5});
  ASSERT_TRUE(scorer.add(0, {}, out, out).ok());
  EXPECT_EQ(find(finished(scorer), "top5_accuracy"), nullptr);
}

TEST(Detect, TrueBoxesGiveMapElseAgreement) {
  // One cell of one class: a box of 10 x 10 around (5, 5).
  const Tensors out = logits({1, 5, 1}, {5, 5, 10, 10, 0.9f});
  const Tensors beside = logits({1, 5, 1}, {7, 5, 10, 10, 0.9f});
  Scorer truth(Task::kDetect, {}, {.boxes = {{{0, 0, 10, 10, 0, false}}}}, {});
  ASSERT_TRUE(truth.add(0, {}, out, beside).ok());
  const auto metrics = finished(truth);
  EXPECT_EQ(names(metrics), (std::vector<std::string>{"map", "map50", "kl", "cosine", "sqnr_db"}));
  EXPECT_NEAR(value(metrics, "map"), 0.4, 1e-15);  // IoU 0.667
  EXPECT_NEAR(value(metrics, "map50"), 1, 1e-15);
  EXPECT_NEAR(value(metrics, "kl"), 0.9 * 0.2 * 0.2 / (2 * 0.1 * 0.1),
              1e-6);  // a fifth of the width
  EXPECT_EQ(metrics[2].metric.unit, "nats/image");

  Scorer agreement(Task::kDetect, {}, {}, {});
  ASSERT_TRUE(agreement.add(0, {}, out, beside).ok());
  const auto own = finished(agreement);
  EXPECT_NEAR(value(own, "map_agreement"), 0.4, 1e-15);
  EXPECT_EQ(find(own, "map"), nullptr);
}

TEST(Generic, CosineAndSqnr) {
  Scorer scorer(Task::kGeneric, {}, {}, {});
  ASSERT_TRUE(scorer.add(0, {}, logits({2, 2}, {3, 4, 1, 0}), logits({2, 2}, {4, 3, 0, 1})).ok());
  const auto metrics = finished(scorer);
  EXPECT_DOUBLE_EQ(value(metrics, "cosine"), (24.0 / 25 + 0) / 2);
  EXPECT_DOUBLE_EQ(value(metrics, "sqnr_db"), 10 * std::log10(26.0 / 4));
}

TEST(Generic, RelativeSquaredErrorIsTheMeanOverItems) {
  Scorer scorer(Task::kGeneric, {}, {}, {});
  ASSERT_TRUE(scorer.add(0, {}, logits({2, 2}, {3, 4, 1, 0}), logits({2, 2}, {4, 3, 0, 1})).ok());
  EXPECT_DOUBLE_EQ(value(finished(scorer), "rel_sq_error"), (2.0 / 25 + 2.0 / 1) / 2);
}

TEST(Agreement, CountsEqualElements) {
  Scorer scorer(Task::kAgreement, {}, {}, {});
  const Tensors x = {{"ids", int64s({2, 3}, {1, 2, 3, 4, 5, 6})}},
                y = {{"ids", int64s({2, 3}, {1, 2, 7, 4, 5, 6})}};
  ASSERT_TRUE(scorer.add(0, {}, x, y).ok());
  EXPECT_DOUBLE_EQ(value(finished(scorer), "agreement"), 5.0 / 6);
}

// Steps: blank 0, symbols 1 and 2. FP32 spells "1 1 2", the other one "1 2".
TEST(Ctc, DecodesTheBestPath) {
  EXPECT_EQ(ctc_decode(std::vector<std::int64_t>{0, 1, 1, 0, 1, 2, 2, 0}, 0),
            (std::vector<std::int64_t>{1, 1, 2}));
  const auto path = [](const std::vector<std::size_t>& best) {
    std::vector<float> x(best.size() * 3, 0.1f);
    for (std::size_t t = 0; t < best.size(); ++t) x[t * 3 + best[t]] = 0.8f;
    return logits({1, best.size(), 3}, x);
  };
  const Tensors fp32 = path({1, 1, 0, 1, 2}), other = path({1, 1, 1, 0, 2});
  const ScorerOptions options{.scores = ScoreKind::kProbabilities};
  Scorer alone(Task::kCtc, options, {}, {}), with(Task::kCtc, options, {.sequences = {{1, 2}}}, {});
  ASSERT_TRUE(alone.add(0, {}, fp32, other).ok());
  ASSERT_TRUE(with.add(0, {}, fp32, other).ok());
  const auto own = finished(alone), labelled = finished(with);
  EXPECT_EQ(value(own, "exact_match_to_fp32"), 0);
  EXPECT_DOUBLE_EQ(value(own, "cer_to_fp32"), 1.0 / 3);
  EXPECT_EQ(value(labelled, "exact_match"), 1);
  EXPECT_EQ(value(labelled, "cer"), 0);
  // Two of five steps differ, each by swapping 0.8 and 0.1.
  EXPECT_NEAR(value(labelled, "kl"), 2.0 / 5 * 0.7 * std::log(8.0), 1e-6);
}

TEST(Scorer, ScoresTheNamedOutput) {
  const Tensors x = {{"a", floats({1, 2}, {1, 2})}, {"b", floats({1, 2}, {1, 0})}};
  const Tensors y = {{"a", floats({1, 2}, {1, 2})}, {"b", floats({1, 2}, {0, 1})}};
  Scorer first(Task::kGeneric, {}, {}, {}), named(Task::kGeneric, {.output = "b"}, {}, {});
  ASSERT_TRUE(first.add(0, {}, x, y).ok());
  ASSERT_TRUE(named.add(0, {}, x, y).ok());
  EXPECT_EQ(value(finished(first), "cosine"), 1);
  EXPECT_EQ(value(finished(named), "cosine"), 0);
}

TEST(TaskNames, RoundTrip) {
  for (const Task task : {Task::kLanguageModel, Task::kClassify, Task::kDetect, Task::kCtc,
                          Task::kSegment, Task::kGeneric, Task::kAgreement}) {
    const auto parsed = parse_task(name(task));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, task);
  }
  const auto unknown = parse_task("sorting");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::metrics
