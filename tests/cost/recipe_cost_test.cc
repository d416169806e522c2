// Costs of recipes: beside a plain sum over layers, and as the sum of their sites.

#include "posittune/cost/recipe_cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <openvino/op/ops.hpp>
#include <random>

#include "tests/model/models.h"

namespace posittune::cost {
namespace {

using formats::Format;
using formats::integer;
using formats::posit;
using quant::ActivationSetting;
using quant::Recipe;
using quant::WeightSetting;

// Sums of some hundred positive doubles in another order.
constexpr double kSums = 1e-12;

struct Case {
  model::Graph graph;
  Loads loads;
};

Case open(const std::string& name) {
  auto graph = model::load(test::zoo(name));
  if (!graph) ADD_FAILURE() << graph.error().message();
  std::map<std::string, TensorShape> shapes;
  for (const TensorInfo& input : graph->inputs) {
    TensorShape shape;
    for (const std::int64_t dim : input.dims)
      shape.push_back(dim < 0 ? (shape.empty() ? 2 : 16) : static_cast<std::size_t>(dim));
    shapes[input.name] = shape;
  }
  auto loads = count_loads(*graph, shapes);
  if (!loads) ADD_FAILURE() << loads.error().message();
  return {std::move(*graph), std::move(*loads)};
}

const std::vector<Format>& some_formats() {
  static const std::vector<Format> all = {posit(8, 1),
                                          posit(6, 1),
                                          posit(4, 0),
                                          integer(8),
                                          integer(4),
                                          formats::minifloat(4, 3),
                                          formats::mx(formats::minifloat(2, 1)),
                                          formats::bf16()};
  return all;
}

void expect_near(double a, double b) {
  EXPECT_NEAR(a, b, kSums * std::max(std::abs(a), std::abs(b)));
}

void expect_equal(const RecipeCost& a, const RecipeCost& b) {
  expect_near(a.bits_per_weight, b.bits_per_weight);
  expect_near(a.weight_bits, b.weight_bits);
  expect_near(a.bytes, b.bytes);
  expect_near(a.macs, b.macs);
  expect_near(a.mac_bits, b.mac_bits);
  expect_near(a.activation_bits, b.activation_bits);
  expect_near(a.compute_pj, b.compute_pj);
  expect_near(a.memory_pj, b.memory_pj);
  expect_near(a.energy_pj, b.energy_pj);
  expect_near(a.mean_area_um2, b.mean_area_um2);
  EXPECT_EQ(a.area_um2, b.area_um2);
  EXPECT_EQ(a.delay_ns, b.delay_ns);
}

// The plain twin: no windows, no MX activations.
RecipeCost plain_cost(const Case& of, const Recipe& recipe, const Table& table,
                      const Memory& memory) {
  RecipeCost cost;
  double weights = 0, inputs = 0, input_bits = 0, area = 0;
  std::vector<double> bits_per_element;
  for (const model::Weight& weight : of.graph.weights) {
    const auto found = recipe.weights.find(weight.name);
    const auto size = static_cast<double>(weight.size());
    const double bits = found == recipe.weights.end()
                            ? 32 * size
                            : quant::stored_bits(found->second, weight.rows, weight.cols);
    cost.weight_bits += bits;
    weights += size;
    bits_per_element.push_back(bits / size);
  }
  for (std::size_t l = 0; l < of.graph.layers.size(); ++l) {
    const model::Layer& layer = of.graph.layers[l];
    const LayerLoad& load = of.loads.layers[l];
    Format w = formats::fp32(), a = formats::fp32();
    if (const auto found = recipe.activations.find(layer.name); found != recipe.activations.end())
      a = found->second.format;
    if (layer.weight) {
      const auto found = recipe.weights.find(of.graph.weights[*layer.weight].name);
      if (found != recipe.weights.end()) w = found->second.format;
      cost.memory_pj += static_cast<double>(load.weights) * bits_per_element[*layer.weight] *
                        memory.weight_pj_per_bit;
    } else {
      w = a;
    }
    inputs += static_cast<double>(load.inputs);
    input_bits += static_cast<double>(load.inputs) * a.bits;
    cost.memory_pj += static_cast<double>(load.inputs) * a.bits * memory.activation_pj_per_bit;
    if (load.macs == 0) continue;
    const MacCost unit = *table.mac(w, a);
    const auto macs = static_cast<double>(load.macs);
    cost.macs += macs;
    cost.mac_bits += macs * w.bits * a.bits;
    cost.compute_pj += macs * unit.energy_pj;
    area += macs * unit.area_um2;
    cost.area_um2 = std::max(cost.area_um2, unit.area_um2);
    cost.delay_ns = std::max(cost.delay_ns, unit.delay_ns);
  }
  cost.bits_per_weight = cost.weight_bits / weights;
  cost.bytes = cost.weight_bits / 8 + static_cast<double>(of.graph.other_bytes);
  cost.activation_bits = input_bits / inputs;
  cost.energy_pj = cost.compute_pj + cost.memory_pj;
  cost.mean_area_um2 = area / cost.macs;
  return cost;
}

TEST(RecipeCost, IsThePlainSumAndTheSumOfItsSites) {
  const Table table = Table::placeholder();
  const Memory memory{.weight_pj_per_bit = 7, .activation_pj_per_bit = 0.3};
  std::mt19937 random(5);
  for (const std::string name : {"gpt2", "albert", "yolo"}) {
    const Case of = open(name);
    const CostModel costs(of.graph, of.loads, table, memory);
    for (int round = 0; round < 20; ++round) {
      Recipe recipe;
      SiteCost sum = *costs.fixed_cost();
      for (std::size_t w = 0; w < of.graph.weights.size(); ++w) {
        std::optional<WeightSetting> weight;
        std::optional<ActivationSetting> activation;
        if (random() % 4 > 0) {
          weight = WeightSetting{.format = some_formats()[random() % 8],
                                 .granularity = random() % 2 ? quant::Granularity::kTensor
                                                             : quant::Granularity::kChannel};
          recipe.weights[of.graph.weights[w].name] = *weight;
        }
        if (random() % 2) {
          activation = ActivationSetting{.format = some_formats()[random() % 6]};
          for (const std::size_t l : of.graph.weights[w].layers)
            recipe.activations[of.graph.layers[l].name] = *activation;
        }
        const auto site = costs.site_cost(w, weight, activation);
        ASSERT_TRUE(site.ok());
        sum += *site;
      }
      const auto whole = costs.recipe_cost(recipe);
      ASSERT_TRUE(whole.ok());
      expect_equal(costs.total(sum), *whole);
      expect_equal(plain_cost(of, recipe, table, memory), *whole);
    }
  }
}

TEST(RecipeCost, Fp32IsNoRecipe) {
  const Case of = open("gpt2");
  const Table table = Table::placeholder();
  const RecipeCost cost = *CostModel(of.graph, of.loads, table, {}).recipe_cost({});
  EXPECT_EQ(cost.bits_per_weight, 32);
  EXPECT_EQ(cost.activation_bits, 32);
  EXPECT_EQ(cost.mac_bits, cost.macs * 1024);
  expect_near(cost.compute_pj, cost.macs * 4.6);
}

// x [4, 10] by a constant on its left, which no layer takes, and then by a layer.
TEST(RecipeCost, ProductsThatAreNoLayersCountInFp32) {
  const auto x = test::parameter({10, 4});
  const auto left =
      std::make_shared<ov::op::v0::MatMul>(test::normal_constant({6, 10}, 1, "left"), x);
  const auto layer =
      std::make_shared<ov::op::v0::MatMul>(left, test::normal_constant({4, 2}, 2, "right"));
  Case of;
  of.graph = test::load_ir(test::model_of(layer, {x}));
  of.loads = *count_loads(of.graph, {});
  ASSERT_EQ(of.loads.products.size(), 1U);
  EXPECT_EQ(of.loads.products[0].macs, 6U * 10 * 4);
  EXPECT_EQ(of.loads.products[0].weights, 60U);
  EXPECT_EQ(of.loads.products[0].inputs, 40U);
  const Table table = Table::placeholder();
  const Memory memory{.weight_pj_per_bit = 7, .activation_pj_per_bit = 0.5};
  const CostModel costs(of.graph, of.loads, table, memory);
  const SiteCost other = *costs.product_cost(0);
  expect_near(other.compute_pj, 240 * 4.6);
  expect_near(other.memory_pj, 60 * 32 * 7 + 40 * 32 * 0.5);
  Recipe recipe;
  recipe.weights["right"] = {.format = integer(8)};
  recipe.activations[of.graph.layers[0].name] = {.format = integer(8)};
  const RecipeCost cost = *costs.recipe_cost(recipe);
  expect_near(cost.macs, 240 + 6 * 4 * 2);
  expect_near(cost.mac_bits, 240 * 1024 + 48 * 64);
  expect_near(cost.compute_pj, 240 * 4.6 + 48 * 0.3);
  expect_near(cost.bytes, cost.weight_bits / 8 + 4 * 60);
  SiteCost sum = *costs.fixed_cost();
  sum += *costs.site_cost(0, recipe.weights["right"], recipe.activations[of.graph.layers[0].name]);
  expect_equal(costs.total(sum), cost);
}

// As MatMulInteger is read: both factors are 8-bit codes.
TEST(RecipeCost, ProductsOfCodesCountInInt8) {
  const auto x = test::parameter({4, 10}, "x", ov::element::u8);
  const auto wide = [](const ov::Output<ov::Node>& value) {
    return std::make_shared<ov::op::v0::Convert>(value, ov::element::i32);
  };
  const auto codes =
      ov::op::v0::Constant::create(ov::element::i8, {10, 6}, std::vector<int>(60, 3));
  Case of;
  of.graph = test::load_ir(
      test::model_of(std::make_shared<ov::op::v0::MatMul>(wide(x), wide(codes)), {x}));
  of.loads = *count_loads(of.graph, {});
  const Table table = Table::placeholder();
  const CostModel costs(of.graph, of.loads, table,
                        {.weight_pj_per_bit = 7, .activation_pj_per_bit = 0.5});
  ASSERT_EQ(of.graph.products.size(), 1U);
  const RecipeCost cost = *costs.recipe_cost({});
  expect_near(cost.mac_bits, 240 * 64);
  expect_near(cost.compute_pj, 240 * 0.3);
  expect_near(cost.memory_pj, 60 * 8 * 7 + 40 * 8 * 0.5);
  EXPECT_EQ(cost.bytes, 60);
}

// Stored once, read by six depths.
TEST(RecipeCost, SharedWeightsAreStoredOnce) {
  const Case of = open("albert");
  const Table table = Table::placeholder();
  const Memory weights_only{.weight_pj_per_bit = 1, .activation_pj_per_bit = 0};
  const CostModel costs(of.graph, of.loads, table, weights_only);
  std::size_t shared = 0;
  for (std::size_t w = 0; w < of.graph.weights.size(); ++w) {
    const model::Weight& weight = of.graph.weights[w];
    if (weight.layers.size() != 6) continue;
    ++shared;
    const WeightSetting setting{.format = posit(8, 1)};
    const SiteCost site = *costs.site_cost(w, setting, std::nullopt);
    EXPECT_EQ(site.stored_bits, quant::stored_bits(setting, weight.rows, weight.cols));
    expect_near(site.memory_pj, 6 * site.stored_bits);
  }
  EXPECT_EQ(shared, 6U);
}

TEST(RecipeCost, AttentionTakesItsInputsFormatForBothFactors) {
  const Case of = open("gpt2");
  const Table table = Table::placeholder();
  const CostModel costs(of.graph, of.loads, table, {});
  for (std::size_t l = 0; l < of.graph.layers.size(); ++l) {
    if (of.graph.layers[l].kind->name != "Attention") continue;
    const SiteCost cost =
        *costs.layer_cost(l, std::nullopt, ActivationSetting{.format = integer(8)});
    expect_near(cost.compute_pj, cost.macs * 0.3);
    EXPECT_EQ(cost.mac_bits, cost.macs * 64);
    EXPECT_EQ(cost.input_bits, 8.0 * static_cast<double>(of.loads.layers[l].inputs));
  }
}

class SmallModel : public testing::Test {
 protected:
  void SetUp() override {
    const auto x = test::parameter({4, 10});
    graph_ = test::load_ir(test::model_of(
        std::make_shared<ov::op::v0::MatMul>(x, test::normal_constant({8, 10}, 1), false, true),
        {x}));
    loads_ = *count_loads(graph_, {});
  }
  SiteCost cost(const WeightSetting& weight, const Format& activation) {
    auto site = CostModel(graph_, loads_, table_, {})
                    .site_cost(0, weight, ActivationSetting{.format = activation});
    if (site) return *site;
    ADD_FAILURE() << site.error().message();
    return {};
  }

  model::Graph graph_;
  Loads loads_;
  Table table_ = Table::placeholder();
};

// Windows of another width run their part of the MACs on another unit.
TEST_F(SmallModel, WindowsOfAnotherWidth) {
  const Format a = integer(8);
  WeightSetting weight{.format = posit(8, 1)};
  weight.windows = {{.first = 2, .count = 2, .format = posit(5, 1)}};
  const SiteCost mixed = cost(weight, a), wide = cost({.format = posit(8, 1)}, a),
                 narrow = cost({.format = posit(5, 1)}, a);
  expect_near(mixed.compute_pj, 0.75 * wide.compute_pj + 0.25 * narrow.compute_pj);
  expect_near(mixed.mac_bits, 0.75 * wide.mac_bits + 0.25 * narrow.mac_bits);
  EXPECT_EQ(mixed.area_um2, wide.area_um2);
  expect_near(mixed.macs, 4 * 80);
}

// One unit for all es: the most expensive.
TEST_F(SmallModel, MixesOfEs) {
  const Format a = posit(8, 1);
  WeightSetting windows{.format = posit(8, 0)};
  windows.windows = {{.first = 0, .count = 1, .format = posit(8, 2)}};
  WeightSetting alternatives{.format = posit(8, 0), .granularity = quant::Granularity::kChannel};
  alternatives.alternatives = {posit(8, 2)};
  const SiteCost es0 = cost({.format = posit(8, 0)}, a), es2 = cost({.format = posit(8, 2)}, a);
  for (const WeightSetting& weight : {windows, alternatives}) {
    const SiteCost mixed = cost(weight, a);
    expect_near(mixed.compute_pj, std::max(es0.compute_pj, es2.compute_pj));
    EXPECT_EQ(mixed.area_um2, std::max(es0.area_um2, es2.area_um2));
    EXPECT_EQ(mixed.delay_ns, std::max(es0.delay_ns, es2.delay_ns));
    expect_near(mixed.mac_bits, es0.mac_bits);
  }
}

TEST_F(SmallModel, BlocksCountTheirScale) {
  const Format block = formats::mx(formats::minifloat(4, 3));
  EXPECT_EQ(cost({.format = block}, block).input_bits, 40 * 8.25);
}

TEST_F(SmallModel, WhatCannotBeCosted) {
  const CostModel costs(graph_, loads_, table_, {});
  WeightSetting beyond{.format = posit(8, 1)};
  beyond.windows = {{.first = 7, .count = 2, .format = posit(6, 1)}};
  const auto windows = costs.site_cost(0, beyond, std::nullopt);
  ASSERT_FALSE(windows.ok());
  EXPECT_EQ(windows.error().kind, ErrorKind::kUsage);
  Recipe recipe;
  recipe.weights["no_such_weight"] = {.format = posit(8, 1)};
  const auto named = costs.recipe_cost(recipe);
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error().kind, ErrorKind::kInput);
  EXPECT_NE(named.error().message().find("no_such_weight"), std::string::npos);
  recipe = {};
  recipe.activations["no_such_layer"] = {.format = posit(8, 1)};
  EXPECT_FALSE(costs.recipe_cost(recipe).ok());
  const Table one = *Table::from_csv(
      "unit,weight_format,activation_format,accumulator,pipeline,area_um2,nand2_eq,delay_ns,energy_"
      "pj,leakage_nw\nm,int8,int8,int,1,1,1,1,1,1\n",
      "t.csv");
  const CostModel poor(graph_, loads_, one, {});
  EXPECT_TRUE(poor.site_cost(0, WeightSetting{.format = integer(8)},
                             ActivationSetting{.format = integer(8)})
                  .ok());
  const auto missing = poor.recipe_cost({});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kInput);
  EXPECT_NE(missing.error().message().find("fp32 x fp32"), std::string::npos);
}

// Stillmaker and Baas 2017, table 5: 26.372 at 180 nm and 1.8 V, 0.69885 at 45 nm and 0.9 V.
TEST(MemoryCosts, AreOfTheNodeOfTheTable) {
  const std::string rows =
      "unit,weight_format,activation_format,accumulator,pipeline,area_um2,nand2_eq,delay_ns,energy_"
      "pj,leakage_nw\nm,int8,int8,int,0,1,1,1,1,1\n";
  const Memory plain = memory_of(*Table::from_csv(rows, "t")),
               old = memory_of(*Table::from_csv("# node: 180 nm at 1.8 V\n" + rows, "t"));
  EXPECT_EQ(plain.weight_pj_per_bit, 20);
  EXPECT_NEAR(old.weight_pj_per_bit, 20 * 26.372 / 0.69885, 0.05);
  EXPECT_NEAR(old.activation_pj_per_bit / old.weight_pj_per_bit,
              plain.activation_pj_per_bit / plain.weight_pj_per_bit, 1e-12);
}

}  // namespace
}  // namespace posittune::cost
