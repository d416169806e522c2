#include "posittune/model/onnx_names.h"

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "tests/model/models.h"

namespace posittune::model {
namespace {

namespace op = ov::op;
using test::model_of;
using test::normal_constant;
using test::parameter;

// What an importer leaves: the last of the nodes that one became has a name, and its tensor too.
TEST(OnnxNames, MadeNodesAreCalledAfterTheLast) {
  const auto x = parameter({-1, 8});
  const auto before = std::make_shared<op::v0::MatMul>(x, normal_constant({8, 8}, 1));
  before->set_friendly_name("MatMul_7");
  before->output(0).set_names({"tensor"});  // the file's own: its name looks like a made one
  const auto first = std::make_shared<op::v1::Multiply>(before, normal_constant({8}, 2));
  first->set_friendly_name("Multiply_683");
  const auto last = std::make_shared<op::v1::Add>(first, normal_constant({8}, 3));
  last->set_friendly_name("norm");
  last->output(0).set_names({"n"});
  const auto after = std::make_shared<op::v0::Relu>(last);
  after->set_friendly_name("relu");
  const auto model = model_of(after, {x});
  restore_names(*model);
  EXPECT_EQ(before->get_friendly_name(), "MatMul_7");
  EXPECT_EQ(first->get_friendly_name(), "norm");
  EXPECT_EQ(last->get_friendly_name(), "norm");
}

TEST(OnnxNames, NodesWithoutANameBehindKeepTheirs) {
  const auto x = parameter({-1, 8});
  const auto only = std::make_shared<op::v1::Multiply>(x, normal_constant({8}, 2));
  only->set_friendly_name("Multiply_5");
  const ov::Model model(ov::OutputVector{only}, {x});
  restore_names(model);
  EXPECT_EQ(only->get_friendly_name(), "Multiply_5");
}

}  // namespace
}  // namespace posittune::model
