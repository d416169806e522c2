#include "posittune/model/stored_layout.h"

#include <gtest/gtest.h>

#include <openvino/op/constant.hpp>

#include "posittune/model/graph.h"
#include "posittune/model/weights.h"
#include "tests/model/models.h"

namespace posittune::model {
namespace {

using Positions = std::vector<std::size_t>;

TEST(StoredLayout, PositionsOfAMatrixAndOfItsTranspose) {
  EXPECT_EQ(stored_positions({{{2, 3}}, {{3, 1}}}), (Positions{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(stored_positions({{{2, 1}}, {{3, 2}}}), (Positions{0, 2, 4, 1, 3, 5}));
}

TEST(StoredLayout, DigitsOfARowMayLieApart) {
  // Rows (g, o), columns (i, k) of a grouped transposed convolution (g i, o, k), 2 x 2 x 2 x 2.
  const StoredLayout layout{{{2, 8}, {2, 2}}, {{2, 4}, {2, 1}}};
  EXPECT_EQ(stored_positions(layout),
            (Positions{0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15}));
}

// Each weight of real models: the values where the layout says they lie.
TEST(StoredLayout, OfModelsFindsTheValues) {
  for (const char* name : {"gpt2", "albert", "yolo"}) {
    const auto graph = load(test::zoo(name));
    ASSERT_TRUE(graph) << graph.error().message();
    for (std::size_t w = 0; w < graph->weights.size(); ++w) {
      const Weight& weight = graph->weights[w];
      ASSERT_TRUE(weight.layout) << weight.name;
      const Layer& layer = graph->layers[weight.layers.front()];
      const auto source = weight_source(layer.node->input_value(*layer.kind->weight_port));
      const auto* constant = ov::as_type<const ov::op::v0::Constant>(source.get_node());
      if (constant == nullptr) continue;  // computed
      const auto stored = constant->cast_vector<float>();
      const auto values = weight_values(*graph, w);
      ASSERT_TRUE(values);
      const auto positions = stored_positions(*weight.layout);
      ASSERT_EQ(positions.size(), values->size());
      for (std::size_t i = 0; i < values->size(); ++i)
        ASSERT_EQ(stored[positions[i]], (*values)[i]) << weight.name << " " << i;
    }
  }
}

}  // namespace
}  // namespace posittune::model
