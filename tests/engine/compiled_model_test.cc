#include "posittune/engine/compiled_model.h"

#include <gtest/gtest.h>

#include <openvino/core/model.hpp>

#include "tests/engine/parts.h"

namespace posittune::engine {
namespace {

TEST(CompiledModel, RunsItsNodesAndFreesTheGraph) {
  test::Parts parts(test::kAllCovariances);
  EXPECT_EQ(parts.model.segment_count(), 1U);
  for (const auto& node : parts.layers.nodes) EXPECT_NE(node, nullptr);
  EXPECT_EQ(parts.layers.graph.ov_model, nullptr);
  EXPECT_EQ(parts.run(3).at("y").shape.at(0), 3U);
}

TEST(CompiledModel, IndicesBelowZeroAreRefused) {
  test::Parts parts(test::kAllCovariances);
  Tensor ids = Tensor::zeros(ElementType::kI64, {1, 4});
  ids.as<std::int64_t>()[2] = -1;
  const auto wrong = parts.model.run(0, {{"ids", ids}}, {}, {});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, ErrorKind::kInput);
  EXPECT_NE(wrong.error().found.find("position 2"), std::string::npos);
}

TEST(CompiledModel, TheLastLineThatSaysSomething) {
  EXPECT_EQ(last_line("a\nb \n\n"), "b");
  EXPECT_EQ(last_line(" \n"), "");
  EXPECT_EQ(last_line("one"), "one");
}

}  // namespace
}  // namespace posittune::engine
