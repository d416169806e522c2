#include "posittune/engine/operation.h"

#include <gtest/gtest.h>

namespace posittune::engine {
namespace {

// A kind of layer that has no line in operation.cc fails here.
TEST(Operation, EachKindOfLayerHasOne) {
  for (const model::LayerKind& kind : model::layer_kinds())
    EXPECT_TRUE(has_operation(kind)) << kind.name;
  EXPECT_FALSE(has_operation({.name = "LSTM",
                              .operands = 1,
                              .data_port = 0,
                              .weight_port = {},
                              .moments = model::Moments::kNone,
                              .is = nullptr,
                              .refusal = nullptr,
                              .macs = nullptr,
                              .arrangement = nullptr}));
}

}  // namespace
}  // namespace posittune::engine
