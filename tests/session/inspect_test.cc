// Which dimensions are open; Session::inspect is tested in session_test.cc.

#include "posittune/session/inspect.h"

#include <gtest/gtest.h>

namespace posittune::session {
namespace {

TEST(Inspect, OpenDimensionsThatNoShapeNames) {
  model::Graph graph;
  graph.inputs = {{"x", ElementType::kF32, {1, 3}}, {"y", ElementType::kF32, {-1, 3}}};
  EXPECT_TRUE(has_open_dimension(graph, {}));
  EXPECT_TRUE(has_open_dimension(graph, {{"x", {1, 3}}}));
  EXPECT_FALSE(has_open_dimension(graph, {{"y", {2, 3}}}));
  graph.inputs.pop_back();
  EXPECT_FALSE(has_open_dimension(graph, {}));
}

}  // namespace
}  // namespace posittune::session
