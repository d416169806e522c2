// Calibration of a real model, embeddings measured too.

#include <gtest/gtest.h>

#include <utility>

#include "posittune/evaluation/evaluator.h"
#include "tests/engine/engines.h"
#include "tests/evaluation/zoo_data.h"

namespace posittune::evaluation {
namespace {

// KL of zoo ALBERT with its three tables in int4, the rest in FP32.
double kl_of_embeddings(engine::Engine& engine, Evaluator& report, quant::Rounding rounding) {
  quant::Recipe recipe;
  for (const model::Layer& layer : engine.graph().layers) {
    if (layer.kind->name != "Embedding") continue;
    auto& setting = recipe.weights[engine.graph().weights[*layer.weight].name];
    setting = test::weight_setting("int4", quant::ScaleRule::kMse, quant::Granularity::kChannel);
    setting.rounding = rounding;
  }
  EXPECT_EQ(recipe.weights.size(), 3u);
  const auto measured = report.measure(recipe, [](std::size_t) { return success(); });
  EXPECT_TRUE(measured.ok()) << measured.error().message();
  return measured.ok() ? report.compare(*measured)->at("kl").value.value : 0;
}

TEST(Calibrate, EmbeddingsAreCompensatedByWhatTheyDoToTheOutput) {
  model::Graph graph = model::load(test::zoo("albert")).value();
  const data::Dataset calibration = test::zoo_data("albert", "calibrate", 16, graph),
                      search = test::zoo_data("albert", "search", 48, graph);
  const std::vector<bool> all(graph.layers.size(), true);
  auto engine = engine::Engine::create(std::move(graph), {.chosen = all,
                                                          .threads = 2,
                                                          .covariance_bytes = 1U << 26,
                                                          .held_out = true,
                                                          .embedding_columns = 64});
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  std::size_t advanced = 0;
  const Status calibrated = calibrate(*engine, calibration, 16, "", [&](std::size_t items) {
    advanced += items;
    return success();
  });
  ASSERT_TRUE(calibrated.ok()) << calibrated.error().message();
  EXPECT_EQ(advanced, 16u);
  auto report = Evaluator::create(*engine, search, {.task = metrics::Task::kClassify},
                                  [](std::size_t) { return success(); });
  ASSERT_TRUE(report.ok()) << report.error().message();
  // A tenth to a fifth was seen with 32 items.
  EXPECT_LT(kl_of_embeddings(*engine, *report, quant::Rounding::kCompensated),
            0.5 * kl_of_embeddings(*engine, *report, quant::Rounding::kNearest));
}

}  // namespace
}  // namespace posittune::evaluation
