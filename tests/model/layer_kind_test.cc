#include "posittune/model/layer_kind.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace posittune::model {
namespace {

TEST(LayerKind, TraitsFitTogether) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(LayerKind::kCount); ++i) {
    const LayerTraits& of = traits(static_cast<LayerKind>(i));
    EXPECT_EQ(static_cast<std::size_t>(of.kind), i);
    EXPECT_TRUE(names.insert(of.name).second) << of.name;
    EXPECT_EQ(name(of.kind), of.name);
    // Two operands and no weight, or a weight beside what is read.
    EXPECT_EQ(of.operands == 2, !of.weight_port) << of.name;
    EXPECT_EQ(of.moments == Moments::kNone, !of.weight_port) << of.name;
    EXPECT_NE(of.weight_port, of.data_port) << of.name;
    EXPECT_EQ(of.operands == 0, of.moments == Moments::kUses) << of.name;
  }
}

}  // namespace
}  // namespace posittune::model
