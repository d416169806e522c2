// Details of runs, on the zoo's smallest model.

#include "posittune/session/run_details.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "posittune/cost/table.h"
#include "tests/model/models.h"

namespace posittune::session {
namespace {

class RunDetailsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto graph = model::load(test::zoo("albert"));
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    graph_ = std::move(*graph);
    auto loads = cost::count_loads(graph_, {});
    ASSERT_TRUE(loads.ok()) << loads.error().message();
    loads_ = std::move(*loads);
  }
  quant::Recipe uniform(const std::string& format) const {
    quant::Recipe recipe;
    for (const model::Weight& weight : graph_.weights) {
      recipe.weights[weight.name] = {.format = *formats::parse_format(format),
                                     .rule = quant::ScaleRule::kMsePow2,
                                     .granularity = quant::Granularity::kChannel};
    }
    return recipe;
  }

  model::Graph graph_;
  cost::Loads loads_;
  cost::Table table_ = cost::Table::placeholder();
};

TEST_F(RunDetailsTest, CostsOfLayersAddUpToThoseOfTheRecipe) {
  const cost::CostModel costs(graph_, loads_, table_, cost::memory_of(table_));
  records::Details details;
  details.layers = detail_layers(graph_, loads_);
  EXPECT_EQ(details.layers.size(), graph_.layers.size());
  RowDetailer rows(graph_, costs, details);
  const quant::Recipe recipe = uniform("int8");
  ASSERT_TRUE(rows.add(recipe, {0.5}).ok());
  ASSERT_TRUE(rows.add({}, {}).ok());
  ASSERT_TRUE(rows.add(recipe, {}).ok());
  EXPECT_EQ(details.rows[0].settings, details.rows[2].settings);
  EXPECT_EQ(details.settings.size(),
            2 * graph_.layers.size() -
                static_cast<std::size_t>(std::ranges::count_if(
                    graph_.layers, [](const auto& layer) { return !layer.weight; })));
  double bits = 0, energy = 0;
  for (const std::uint64_t at : details.rows[0].settings) {
    bits += details.settings[at].bits;
    energy += details.settings[at].compute_pj + details.settings[at].memory_pj;
  }
  auto products = costs.products_cost();
  ASSERT_TRUE(products.ok());
  auto whole = costs.recipe_cost(recipe);
  ASSERT_TRUE(whole.ok());
  EXPECT_NEAR(energy + products->compute_pj + products->memory_pj, whole->energy_pj,
              1e-9 * whole->energy_pj);
  EXPECT_LE(bits, 8 * whole->bytes * (1 + 1e-12));
  EXPECT_GT(bits, 0);
}

TEST_F(RunDetailsTest, ACloseLookCountsEachWeightOnce) {
  auto copy = model::load(test::zoo("albert"));
  ASSERT_TRUE(copy.ok());
  auto engine = engine::Engine::create(
      std::move(*copy), {.chosen = std::vector<bool>(graph_.layers.size(), true), .threads = 2});
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  std::size_t steps = 0;
  const std::vector<quant::Recipe> recipes = {uniform("int4"), {}, uniform("int4")};
  const auto found = look_closely(*engine, graph_, recipes, [&](std::size_t) {
    ++steps;
    return success();
  });
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_EQ(steps, graph_.layers.size());
  EXPECT_EQ(found->looks.size(), graph_.weights.size());
  ASSERT_EQ(found->mixes.size(), 3U);
  EXPECT_EQ(found->mixes[0].looks.size(), graph_.weights.size());
  EXPECT_TRUE(found->mixes[1].looks.empty()) << "FP32";
  EXPECT_EQ(found->mixes[2].looks, found->mixes[0].looks);
  for (const records::LayerLook& layer : found->looks) {
    const model::Weight& weight = graph_.weights[*graph_.layers[layer.layer].weight];
    ASSERT_EQ(layer.histograms.size(), 1U);
    const records::WeightHistogram& histogram = layer.histograms[0];
    EXPECT_EQ(histogram.format, "int4");
    EXPECT_EQ(histogram.rows, weight.rows);
    const auto inside =
        std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
    EXPECT_LE(inside, weight.size());
    EXPECT_GT(static_cast<double>(inside), 0.99 * static_cast<double>(weight.size()));
    EXPECT_LE(histogram.scale_low, histogram.scale_median);
    EXPECT_LE(histogram.scale_median, histogram.scale_high);
    EXPECT_GT(layer.weight_error, 0);
    EXPECT_LT(layer.weight_error, 0.1);
    EXPECT_TRUE(std::isnan(layer.output_error)) << "not calibrated";
    EXPECT_TRUE(std::isnan(layer.input_error));
  }
}

TEST_F(RunDetailsTest, MeansOfItems) {
  const std::vector<double> sums = {1, 3, 0}, counts = {2, 1, 0};
  const auto means = item_means(sums, counts);
  EXPECT_EQ(means[0], 0.5);
  EXPECT_EQ(means[1], 3);
  EXPECT_TRUE(std::isnan(means[2]));
}

}  // namespace
}  // namespace posittune::session
