#include "posittune/model/input_ties.h"

#include <gtest/gtest.h>

#include <openvino/op/add.hpp>
#include <openvino/op/matmul.hpp>

#include "tests/model/models.h"

namespace posittune::model {
namespace {

using test::normal_constant;

std::shared_ptr<ov::Node> product(const ov::Output<ov::Node>& x, const std::string& weight,
                                  unsigned seed) {
  return std::make_shared<ov::op::v0::MatMul>(x, normal_constant({4, 4}, seed, weight));
}
std::shared_ptr<ov::Node> sum(const std::shared_ptr<ov::Node>& a,
                              const std::shared_ptr<ov::Node>& b) {
  return std::make_shared<ov::op::v1::Add>(a, b);
}

// q, k and v read x, o reads their sum, and a weight that two layers use is tied by nobody.
TEST(InputTies, LayersThatReadOneInput) {
  const auto x = test::parameter({-1, 4});
  const auto heads = sum(sum(product(x, "q", 1), product(x, "k", 2)), product(x, "v", 3));
  const auto shared = normal_constant({4, 4}, 4, "shared");
  const auto first = std::make_shared<ov::op::v0::MatMul>(product(heads, "o", 5), shared);
  const auto second = std::make_shared<ov::op::v0::MatMul>(first, shared);
  const auto beside = product(first, "beside", 6);
  const Graph graph = test::load_ir(test::model_of(sum(second, beside), {x}));
  const std::vector<std::string> ties =
      input_ties(graph, std::vector<bool>(graph.layers.size(), true));
  std::map<std::string, std::string> by_weight;
  for (std::size_t w = 0; w < ties.size(); ++w) by_weight[graph.weights[w].name] = ties[w];
  EXPECT_FALSE(by_weight.at("q").empty());
  EXPECT_EQ(by_weight.at("q"), by_weight.at("k"));
  EXPECT_EQ(by_weight.at("q"), by_weight.at("v"));
  EXPECT_EQ(by_weight.at("o"), "");
  EXPECT_EQ(by_weight.at("shared"), "");
}

TEST(InputTies, OnlyOfChosenLayers) {
  const auto x = test::parameter({-1, 4});
  const Graph graph =
      test::load_ir(test::model_of(sum(product(x, "q", 1), product(x, "k", 2)), {x}));
  EXPECT_EQ(input_ties(graph, {true, false}), (std::vector<std::string>{"", ""}));
  EXPECT_NE(input_ties(graph, {true, true})[0], "");
}

}  // namespace
}  // namespace posittune::model
