#include "posittune/evaluation/prober.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "posittune/model/graph.h"
#include "posittune/model/select.h"
#include "tests/base/temporary_folder.h"
#include "tests/engine/engines.h"
#include "tests/engine/faults.h"
#include "tests/evaluation/zoo_data.h"

namespace posittune::evaluation {
namespace {

using test::weight_setting;

Status go_on(std::size_t) { return success(); }

// Items of two documents of the zoo's GPT-2. In batches of one, a document is in several; those of
// three end with a smaller one.
constexpr std::size_t kItems = 4, kBatch = 1, kUneven = 3;

class GptProber : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    model::Graph graph = model::load(test::zoo("gpt2")).value();
    data_ = new data::Dataset(test::gpt2_data(kItems, graph));
    const auto chosen = model::select(graph, {}).value();
    engine_ = new engine::Engine(
        engine::Engine::create(std::move(graph), {.chosen = chosen, .threads = 2, .segments = 6})
            .value());
  }
  static void TearDownTestSuite() {
    delete engine_;
    delete data_;
  }

  static ProberOptions options(std::size_t batch = kBatch) {
    ProberOptions options;
    options.task = metrics::Task::kLanguageModel;
    options.batch = batch;
    return options;
  }
  static Prober prober(const ProberOptions& with = options()) {
    auto made = Prober::create(*engine_, *data_, with, go_on);
    EXPECT_TRUE(made.ok()) << made.error().message();
    return std::move(made.value());
  }
  static Divergence measured(Prober& prober, const quant::Recipe& recipe, std::size_t first,
                             const Stop& stop = {}) {
    auto divergence = prober.measure(recipe, first, go_on, stop);
    EXPECT_TRUE(divergence.ok()) << divergence.error().message();
    return divergence.ok() ? *divergence : Divergence{};
  }
  static std::string weight_of(std::size_t layer) {
    return engine_->graph().weights[*engine_->graph().layers[layer].weight].name;
  }
  // One layer of each segment, whose weight no other layer has.
  static std::vector<std::size_t> one_of_each_segment() {
    std::map<std::size_t, std::size_t> layers;
    for (std::size_t l = 0; l < engine_->graph().layers.size(); ++l) {
      const model::Layer& layer = engine_->graph().layers[l];
      if (!engine_->chosen(l) || !layer.weight || layer.kind->name != "MatMul") continue;
      if (engine_->graph().weights[*layer.weight].layers.size() == 1)
        layers.try_emplace(engine_->segment_of(l), l);
    }
    std::vector<std::size_t> chosen;
    for (const auto& [segment, layer] : layers) chosen.push_back(layer);
    return chosen;
  }
  static quant::Recipe recipe_of(std::size_t layer, bool weight = true, bool activation = false) {
    quant::Recipe recipe;
    if (weight) recipe.weights[weight_of(layer)] = weight_setting("int4");
    if (activation) {
      recipe.activations[engine_->graph().layers[layer].name] = test::activation_setting(
          "posit<6,1>", quant::ScaleRule::kRmsPow2, quant::ActivationScale::kToken);
    }
    return recipe;
  }

  static data::Dataset* data_;
  static engine::Engine* engine_;
};
data::Dataset* GptProber::data_ = nullptr;
engine::Engine* GptProber::engine_ = nullptr;

void expect_same(const Divergence& a, const Divergence& b) {
  EXPECT_EQ(a.sums, b.sums);
  EXPECT_EQ(a.counts, b.counts);
}

TEST_F(GptProber, Fp32IsExactlyZeroFromEverySegment) {
  ASSERT_GE(engine_->segment_count(), 4u);
  Prober all = prober();
  EXPECT_EQ(all.batch(), kBatch);
  EXPECT_EQ(all.batches(), 4u);
  EXPECT_GT(all.fp32_seconds(), 0);
  EXPECT_EQ(all.suffix_runs(), 0u);
  for (std::size_t first = 0; first < engine_->segment_count(); ++first) {
    const Divergence none = measured(all, {}, first);
    ASSERT_EQ(none.sums, std::vector<double>(data_->unit_count(), 0));
    EXPECT_EQ(none.units(), data_->unit_count());
    EXPECT_EQ(std::accumulate(none.counts.begin(), none.counts.end(), 0.0), kItems * 255.0);
    EXPECT_EQ(none.mean(), 0);
    EXPECT_EQ(none.half_width(2), 0);
  }
  EXPECT_EQ(all.suffix_runs(), 4 * engine_->segment_count());
}

TEST_F(GptProber, FromItsSegmentARecipeIsMeasuredBitForBit) {
  Prober all = prober(options(kUneven));
  EXPECT_EQ(all.batches(), 2u);
  const auto layers = one_of_each_segment();
  ASSERT_GE(layers.size(), 4u);
  bool activation = false;
  for (const std::size_t layer : layers) {
    const quant::Recipe recipe = recipe_of(layer, true, activation);
    activation = !activation;
    const std::size_t first = all.first_segment(recipe);
    EXPECT_EQ(first, engine_->segment_of(layer));
    const Divergence suffix = measured(all, recipe, first), whole = measured(all, recipe, 0);
    SCOPED_TRACE(engine_->graph().layers[layer].name);
    EXPECT_GT(whole.mean(), 0);
    expect_same(suffix, whole);
  }
}

TEST_F(GptProber, EqualsTheEvaluatorsKl) {
  Prober all = prober(options(kUneven));
  auto evaluator = Evaluator::create(*engine_, *data_,
                                     {.task = metrics::Task::kLanguageModel, .batch = 2}, go_on);
  ASSERT_TRUE(evaluator.ok());
  std::vector<quant::Recipe> recipes = {recipe_of(one_of_each_segment().back()),
                                        recipe_of(one_of_each_segment().front(), false, true),
                                        engine_->uniform(weight_setting("posit<6,1>"), {})};
  recipes[0].weights[weight_of(one_of_each_segment().back())].windows = {
      {3, 9, test::format("int2")}};
  for (const quant::Recipe& recipe : recipes) {
    const double mean = measured(all, recipe, all.first_segment(recipe)).mean();
    const auto expected = evaluator->measure(recipe, go_on);
    ASSERT_TRUE(expected.ok());
    const auto kl = std::find_if(expected->begin(), expected->end(),
                                 [](const auto& m) { return m.metric.name == "kl"; });
    ASSERT_NE(kl, expected->end());
    // The same numbers, added up in another order.
    EXPECT_NEAR(mean, kl->estimate.value, 1e-12 * mean);
    EXPECT_GT(mean, 0);
  }
}

TEST_F(GptProber, TheFirstSegmentOfARecipe) {
  Prober all = prober();
  EXPECT_EQ(all.first_segment({}), engine_->segment_count() - 1);
  const auto layers = one_of_each_segment();
  quant::Recipe both = recipe_of(layers[3]);
  both.activations[engine_->graph().layers[layers[1]].name] = test::activation_setting("int8");
  EXPECT_EQ(all.first_segment(both), engine_->segment_of(layers[1]));
  // A weight of several layers: the first of them.
  for (const model::Weight& weight : engine_->graph().weights) {
    if (weight.layers.size() < 2) continue;
    quant::Recipe shared;
    shared.weights[weight.name] = weight_setting("int8");
    std::size_t least = engine_->segment_count();
    for (const std::size_t layer : weight.layers)
      least = std::min(least, engine_->segment_of(layer));
    EXPECT_EQ(all.first_segment(shared), least);
  }
}

TEST_F(GptProber, ACacheForLessThanOneCutIsAnErrorThatSaysHowMuch) {
  Prober all = prober();
  ASSERT_EQ(all.cut_bytes().size(), engine_->segment_count() - 1);
  std::uint64_t most = 0;  // of a batch at one cut
  test::apply(*engine_, {});
  const auto ran =
      engine_->run(data_->batch(0, kBatch).value(), [&](std::size_t, const Tensors& crossing) {
        std::uint64_t bytes = 0;
        for (const auto& [name, tensor] : crossing) bytes += tensor.bytes.size();
        most = std::max(most, bytes);
        return success();
      });
  ASSERT_TRUE(ran.ok());
  ASSERT_GT(most, 0u);
  ProberOptions small = options();
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{1}, most - 1}) {
    small.cache_limit = limit;
    const auto none = Prober::create(*engine_, *data_, small, go_on);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().kind, ErrorKind::kUsage);
    const std::string needed = std::to_string((most + (1U << 20) - 1) >> 20) + " MiB";
    EXPECT_NE(none.error().expected.find(needed), std::string::npos) << none.error().message();
    EXPECT_NE(none.error().found, needed) << none.error().message();
    EXPECT_NE(none.error().message().find("`cache_limit`"), std::string::npos);
  }
  small.cache_limit = most;
  EXPECT_TRUE(Prober::create(*engine_, *data_, small, go_on).ok());
}

TEST_F(GptProber, OnDiskTheNumbersAreTheSame) {
  Prober memory = prober();
  const TemporaryFolder folder;
  ProberOptions little = options();
  // About one of the batches of one cut is in memory.
  little.cache_limit = *std::max_element(memory.cut_bytes().begin(), memory.cut_bytes().end());
  little.scratch_folder = folder.file(".");
  for (const std::size_t outputs : {std::size_t{0}, std::size_t{8} << 20}) {
    little.output_limit = outputs;
    Prober disk = prober(little);
    EXPECT_EQ(disk.cut_bytes(), memory.cut_bytes());
    for (const std::size_t layer : {one_of_each_segment()[1], one_of_each_segment().back()}) {
      const quant::Recipe recipe = recipe_of(layer);
      const std::size_t first = memory.first_segment(recipe);
      expect_same(measured(disk, recipe, first), measured(memory, recipe, first));
    }
  }
  little.scratch_folder = folder.file("nowhere");
  const auto none = Prober::create(*engine_, *data_, little, go_on);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::kResource);
  EXPECT_NE(none.error().message().find("nowhere"), std::string::npos);
}

TEST_F(GptProber, StopEndsEarlyWithWhatWasSeen) {
  Prober all = prober();
  const quant::Recipe recipe = recipe_of(one_of_each_segment().back()),
                      other = recipe_of(one_of_each_segment()[1]);
  std::vector<Divergence> seen;
  const Divergence whole = measured(all, recipe, 0, [&](const Divergence& so_far) {
    seen.push_back(so_far);
    return false;
  });
  ASSERT_EQ(seen.size(), 3u);  // not asked after the last of four
  expect_same(whole, measured(all, recipe, 0));
  for (std::size_t batches = 1; batches <= 3; ++batches) {
    std::size_t asked = 0, items = 0;
    const std::uint64_t before = all.suffix_runs();
    const auto part = all.measure(
        recipe, 0,
        [&](std::size_t some) {
          items += some;
          return success();
        },
        [&](const Divergence&) { return ++asked == batches; });
    ASSERT_TRUE(part.ok());
    expect_same(*part, seen[batches - 1]);
    EXPECT_EQ(all.suffix_runs() - before, batches);
    EXPECT_EQ(std::accumulate(part->counts.begin(), part->counts.end(), 0.0),
              static_cast<double>(items) * 255);
    EXPECT_LE(part->units(), whole.units());
    // Another recipe stops at the same items.
    std::size_t again = 0;
    EXPECT_EQ(measured(all, other, 0, [&](const Divergence&) { return ++again == batches; }).counts,
              part->counts);
  }
  EXPECT_EQ(seen[0].units(), 1u);
  EXPECT_EQ(whole.units(), 2u);
}

TEST_F(GptProber, InterruptsEndTheWork) {
  const auto after = [](int batches) {
    return [batches, done = 0](std::size_t) mutable -> Status {
      if (++done <= batches) return success();
      return Error{.kind = ErrorKind::kInterrupted, .what = "interrupted"};
    };
  };
  for (const int batches : {0, 2}) {
    const auto none = Prober::create(*engine_, *data_, options(), after(batches));
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().kind, ErrorKind::kInterrupted);
  }
  Prober all = prober();
  const quant::Recipe recipe = recipe_of(one_of_each_segment().back());
  const Divergence before = measured(all, recipe, 0);
  for (const int batches : {0, 2, 3}) {
    const auto none = all.measure(recipe, 0, after(batches));
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().kind, ErrorKind::kInterrupted);
  }
  expect_same(measured(all, recipe, 0), before);
}

TEST_F(GptProber, WhatCannotBeMeasured) {
  Prober all = prober();
  const auto beyond = all.measure({}, engine_->segment_count(), go_on);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().kind, ErrorKind::kUsage);
  quant::Recipe unknown;
  unknown.weights["nothing"] = weight_setting("int8");
  const auto none = all.measure(unknown, 0, go_on);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::kUsage);
  EXPECT_NE(none.error().message().find("nothing"), std::string::npos);

  ProberOptions wrong = options();
  wrong.scorer.output = "boxes";
  const auto output = Prober::create(*engine_, *data_, wrong, go_on);
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().kind, ErrorKind::kUsage);
  EXPECT_NE(output.error().message().find("boxes"), std::string::npos);
  wrong = options();
  wrong.task = metrics::Task::kClassify;
  const auto task = Prober::create(*engine_, *data_, wrong, go_on);
  ASSERT_FALSE(task.ok());
  EXPECT_EQ(task.error().kind, ErrorKind::kInput);
  EXPECT_NE(task.error().where.find("report.npz"), std::string::npos) << task.error().message();
}

TEST_F(GptProber, OtherTasksAndUncutGraphs) {
  model::Graph graph = model::load(test::zoo("gpt2")).value();
  engine::Engine whole = test::engine_of(std::move(graph));
  ASSERT_EQ(whole.segment_count(), 1u);
  ProberOptions generic = options();
  generic.task = metrics::Task::kGeneric;
  generic.cache_limit = 0;  // nothing crosses
  auto made = Prober::create(whole, *data_, generic, go_on);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_TRUE(made->cut_bytes().empty());
  const quant::Recipe recipe = recipe_of(one_of_each_segment().back());
  EXPECT_EQ(made->first_segment(recipe), 0u);
  const Divergence got = measured(*made, recipe, 0);
  EXPECT_EQ(std::accumulate(got.counts.begin(), got.counts.end(), 0.0), kItems);
  EXPECT_GT(got.mean(), 0);
}

constexpr double kLast = 1e-15;

TEST(Divergences, MeansAndHalfWidthsByHand) {
  // Equal counts: the standard error of a mean, 1 / sqrt 3.
  const Divergence equal{{1, 2, 3}, {1, 1, 1}};
  EXPECT_EQ(equal.mean(), 2);
  EXPECT_EQ(equal.units(), 3u);
  EXPECT_NEAR(equal.half_width(1), 1 / std::sqrt(3.0), kLast);
  EXPECT_NEAR(equal.half_width(3), 3 / std::sqrt(3.0), 4 * kLast);
  // Ratio 11/4, residuals -3/4 and 3/4; a unit that was not seen does not count.
  const Divergence ratio{{2, 0, 9}, {1, 0, 3}};
  EXPECT_EQ(ratio.mean(), 2.75);
  EXPECT_EQ(ratio.units(), 2u);
  EXPECT_NEAR(ratio.half_width(2), 2 * std::sqrt(2 * 0.5625 * 2) / 4, kLast);
  EXPECT_EQ((Divergence{{2, 4, 8}, {1, 2, 4}}).half_width(2), 0);  // one ratio for all
  EXPECT_TRUE(std::isinf((Divergence{{2, 0}, {1, 0}}).half_width(2)));
  EXPECT_TRUE(std::isinf((Divergence{{0, 0}, {0, 0}}).half_width(2)));
  EXPECT_EQ((Divergence{{0, 0}, {0, 0}}).mean(), 0);
  EXPECT_EQ((Divergence{}).mean(), 0);
  EXPECT_EQ((Divergence{}).units(), 0u);
  EXPECT_TRUE(std::isinf((Divergence{}).half_width(2)));
}

TEST(Divergences, PairedByHand) {
  // Differences 1, 1, 4 of counts 1: mean 2, variance 3, standard error 1.
  const Divergence a{{11, 21, 34}, {1, 1, 1}}, b{{10, 20, 30}, {1, 1, 1}};
  const PairedDifference apart = paired(a, b, 2);
  EXPECT_EQ(apart.mean, 2);
  EXPECT_NEAR(apart.half_width, 2, 4 * kLast);
  const PairedDifference back = paired(b, a, 2);
  EXPECT_EQ(back.mean, -2);
  EXPECT_EQ(back.half_width, apart.half_width);
  // Only what both saw, as much of it.
  const Divergence part{{11, 7, 34, 5}, {1, 0.5, 1, 2}}, other{{10, 20, 30, 0}, {1, 1, 1, 0}};
  EXPECT_EQ(paired(part, other, 1).mean, 2.5);
  // Residuals -3/2 and 3/2: sqrt(2 * 9/4 * 2) / 2.
  EXPECT_NEAR(paired(part, other, 1).half_width, 1.5, kLast);
  // Weights by counts: differences 3 of 1 and 3 of 3.
  EXPECT_EQ(paired({{3, 3}, {1, 3}}, {{0, 0}, {1, 3}}, 1).mean, 1.5);
  EXPECT_EQ(paired(a, a, 2).mean, 0);
  EXPECT_EQ(paired(a, a, 2).half_width, 0);
  for (const auto& [x, y] : std::vector<std::pair<Divergence, Divergence>>{
           {{{1}, {1}}, {{2}, {1}}}, {{{1, 2}, {1, 0}}, {{1, 2}, {0, 1}}}, {{}, {}}, {a, {}}}) {
    EXPECT_TRUE(std::isinf(paired(x, y, 2).half_width));
  }
  EXPECT_EQ(paired({{1, 2}, {1, 0}}, {{1, 2}, {0, 1}}, 2).mean, 0);
}

// A common part of two recipes' divergences does not widen the interval of their difference.
TEST(Divergences, PairingTakesTheCommonPartOut) {
  const Divergence a{{1, 100, 10, 1000}, {1, 1, 1, 1}}, b{{0.5, 99.5, 9.5, 999.5}, {1, 1, 1, 1}};
  EXPECT_EQ(paired(a, b, 2).mean, 0.5);
  EXPECT_EQ(paired(a, b, 2).half_width, 0);
  EXPECT_GT(a.half_width(2), 100);
}

// A layer of each kind that the model has; first in the batch that keeps FP32, then in one that is
// measured.
TEST_F(GptProber, AFailedLayerEndsTheMeasurement) {
  std::map<std::string_view, std::size_t> kinds;
  for (std::size_t l = 0; l < engine_->graph().layers.size(); ++l) {
    if (engine_->chosen(l)) kinds[engine_->graph().layers[l].kind->name] = l;
  }
  ASSERT_GE(kinds.size(), 2u);
  Prober good = prober(options(kUneven));
  const Divergence none = measured(good, {}, 0);
  for (const auto& [kind, layer] : kinds) {
    const std::string& name = engine_->graph().layers[layer].name;
    for (const test::Fault fault : {test::Fault::kError, test::Fault::kMemory}) {
      for (const std::size_t from : {0, 1}) {
        const test::Faulty faulty(*engine_, layer, fault, from);
        const auto made = Prober::create(*engine_, *data_, options(kUneven), go_on);
        ASSERT_FALSE(made.ok()) << name;
        EXPECT_EQ(made.error().kind, test::kind_of(fault)) << made.error().message();
        EXPECT_NE(made.error().where.find("'" + name + "'"), std::string::npos)
            << made.error().message();
      }
      for (const std::size_t from : {0, 1}) {
        const test::Faulty faulty(*engine_, layer, fault, from);
        const auto divergence = good.measure({}, engine_->segment_of(layer), go_on);
        ASSERT_FALSE(divergence.ok()) << name;
        EXPECT_EQ(divergence.error().kind, test::kind_of(fault)) << divergence.error().message();
      }
    }
    expect_same(measured(good, {}, 0), none);
  }
}

}  // namespace
}  // namespace posittune::evaluation
