#include "posittune/model/sites.h"

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "tests/model/models.h"

namespace posittune::model {
namespace {

namespace op = ov::op;

// Twice: x = x w, in a body.
std::shared_ptr<ov::Node> loop(const ov::Output<ov::Node>& x, std::size_t times) {
  const auto inner = test::parameter({2, 4}, "inner");
  const auto body_product =
      std::make_shared<op::v0::MatMul>(inner, test::normal_constant({4, 4}, 2, "in_body"));
  body_product->set_friendly_name("body product");
  const auto going = op::v0::Constant::create(ov::element::boolean, {}, {true});
  const auto body = std::make_shared<ov::Model>(ov::OutputVector{going, body_product},
                                                ov::ParameterVector{inner});
  auto made =
      std::make_shared<op::v5::Loop>(op::v0::Constant::create(ov::element::i64, {}, {times}),
                                     op::v0::Constant::create(ov::element::boolean, {}, {true}));
  made->set_function(body);
  made->set_special_body_ports({-1, 0});
  made->set_merged_input(inner, x, body_product);
  made->get_iter_value(body_product, -1);
  made->set_friendly_name("loop");
  made->validate_and_infer_types();
  return made;
}

TEST(Sites, OfTheGraphAndOfBodies) {
  const auto x = test::parameter({2, 4});
  const auto first = std::make_shared<op::v0::MatMul>(x, test::normal_constant({4, 4}, 1, "w"));
  first->set_friendly_name("first");
  const auto model = test::model_of(loop(first, 3), {x});
  const std::vector<Site> sites = find_sites(*model);
  ASSERT_EQ(sites.size(), 2U);
  EXPECT_EQ(sites[0].name, "first");
  EXPECT_TRUE(sites[0].bodies.empty());
  EXPECT_EQ(sites[1].name, "loop");
  ASSERT_EQ(sites[1].bodies.size(), 1U);
  ASSERT_EQ(sites[1].bodies[0].size(), 1U);
  EXPECT_EQ(sites[1].bodies[0][0].name, "loop/body product");
  const auto sizes = sizes_of_sites(*model);
  EXPECT_EQ(sizes.at("first").macs, 2U * 4 * 4);
  EXPECT_EQ(sizes.at("loop/body product").macs, 3U * 2 * 4 * 4);  // each iteration
}

// What is made of constants alone is no site.
TEST(Sites, TheMakingOfAWeightIsNone) {
  const auto x = test::parameter({2, 4});
  const auto made = std::make_shared<op::v0::MatMul>(test::normal_constant({4, 4}, 1, "a"),
                                                     test::normal_constant({4, 4}, 2, "b"));
  const auto product = std::make_shared<op::v0::MatMul>(x, made);
  product->set_friendly_name("product");
  const auto model = test::model_of(product, {x});
  const auto sites = find_sites(*model);
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites[0].name, "product");
}

}  // namespace
}  // namespace posittune::model
