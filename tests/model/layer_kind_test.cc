#include "posittune/model/layer_kind.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace posittune::model {
namespace {

TEST(LayerKind, PropertiesFitTogether) {
  std::set<std::string_view> names;
  for (const LayerKind& of : layer_kinds()) {
    EXPECT_TRUE(names.insert(of.name).second) << of.name;
    EXPECT_EQ(layer_kind(of.name), &of);
    // Two operands and no weight, or a weight beside what is read.
    EXPECT_EQ(of.operands == 2, !of.weight_port) << of.name;
    EXPECT_EQ(of.moments == Moments::kNone, !of.weight_port) << of.name;
    EXPECT_NE(of.other_port(), of.data_port) << of.name;
    EXPECT_EQ(of.arrangement != nullptr, of.weight_port.has_value()) << of.name;
    EXPECT_EQ(of.macs != nullptr, of.operands > 0) << of.name;
    EXPECT_TRUE(of.is != nullptr && of.refusal != nullptr) << of.name;
    EXPECT_EQ(of.operands == 0, of.moments == Moments::kUses) << of.name;
  }
  EXPECT_EQ(names.size(), 5U);
  EXPECT_EQ(layer_kind("LSTM"), nullptr);
}

}  // namespace
}  // namespace posittune::model
