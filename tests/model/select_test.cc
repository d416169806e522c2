#include "posittune/model/select.h"

#include <gtest/gtest.h>

#include "posittune/model/graph.h"

namespace posittune::model {
namespace {

Graph three_layers() {
  Graph graph;
  graph.layers.resize(3);
  for (Layer& layer : graph.layers) layer.kind = layer_kind("MatMul");
  graph.layers[0].name = "h.0.mlp/Gemm";
  graph.layers[0].weight = 0;
  graph.layers[1].name = "h.0.attn/MatMul";
  graph.layers[1].kind = layer_kind("Attention");
  graph.layers[2].name = "head";
  graph.layers[2].weight = 1;
  graph.weights = {{.name = "mlp.weight", .shape = {}, .layers = {0}},
                   {.name = "tied", .shape = {}, .layers = {2}}};
  return graph;
}

std::vector<bool> chosen(const Selection& selection) {
  return select(three_layers(), selection).value();
}

TEST(Select, IncludeExcludeAttention) {
  EXPECT_EQ(chosen({}), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(chosen({.include = {}, .exclude = {}, .attention = true}),
            (std::vector<bool>{true, true, true}));
  EXPECT_EQ(chosen({.include = {"^h\\.0"}, .exclude = {}}),
            (std::vector<bool>{true, false, false}));
  EXPECT_EQ(chosen({.include = {"^h\\.0"}, .exclude = {}, .attention = true}),
            (std::vector<bool>{true, true, false}));
  EXPECT_EQ(chosen({.include = {}, .exclude = {"tied"}}), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(chosen({.include = {"head", "mlp\\.weight"}, .exclude = {}}),
            (std::vector<bool>{true, false, true}));
  EXPECT_EQ(chosen({.include = {"head", "h\\.0"}, .exclude = {"Gemm"}}),
            (std::vector<bool>{false, false, true}));
}

TEST(Select, BadOrIdleExpressionsAreUsageErrors) {
  for (const char* expression : {"(", "nothing", "[", "head$x"}) {
    for (const bool include : {true, false}) {
      Selection selection;
      (include ? selection.include : selection.exclude) = {expression};
      const auto flags = select(three_layers(), selection);
      ASSERT_FALSE(flags.ok()) << expression;
      EXPECT_EQ(flags.error().kind, ErrorKind::kUsage);
      EXPECT_NE(flags.error().message().find(expression), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace posittune::model
