#include "posittune/engine/fixed_batch.h"

#include <gtest/gtest.h>

#include "tests/model/models.h"

namespace posittune::engine {
namespace {

using test::float_tensor;

std::vector<float> values(const Tensor& tensor) {
  return {tensor.as<float>().begin(), tensor.as<float>().end()};
}

const std::vector<TensorInfo> kInputs = {{"x", ElementType::kF32, {5, 2}},
                                         {"open", ElementType::kF32, {-1}},
                                         {"one", ElementType::kF32, {1, 2}},
                                         {"scalar", ElementType::kF32, {}}};

// Items are repeated in turn; what is not by items stays.
TEST(FixedBatch, FewerItemsAreRepeatedInTurn) {
  const FilledBatch filled = fill_batch(kInputs, {{"x", float_tensor({2, 2}, {1, 2, 3, 4})},
                                                  {"open", float_tensor({2}, {7, 8})},
                                                  {"one", float_tensor({1, 2}, {5, 6})},
                                                  {"scalar", float_tensor({}, {9})}});
  EXPECT_EQ(filled.items, 2U);
  EXPECT_EQ(filled.batch, 5U);
  EXPECT_EQ(filled.inputs.at("x").shape, (TensorShape{5, 2}));
  EXPECT_EQ(values(filled.inputs.at("x")), (std::vector<float>{1, 2, 3, 4, 1, 2, 3, 4, 1, 2}));
  EXPECT_EQ(values(filled.inputs.at("open")), (std::vector<float>{7, 8, 7, 8, 7}));
  EXPECT_EQ(values(filled.inputs.at("one")), (std::vector<float>{5, 6}));
  EXPECT_EQ(values(filled.inputs.at("scalar")), (std::vector<float>{9}));
}

TEST(FixedBatch, WholeBatchesAndOthersAreLeftAlone) {
  for (const std::size_t items : {0U, 5U, 6U}) {
    const FilledBatch filled =
        fill_batch(kInputs, {{"x", Tensor::zeros(ElementType::kF32, {items, 2})}});
    EXPECT_EQ(filled.batch, 0U) << items;
    EXPECT_TRUE(filled.inputs.empty()) << items;
  }
  EXPECT_EQ(fill_batch({{"x", ElementType::kF32, {-1, 2}}},
                       {{"x", Tensor::zeros(ElementType::kF32, {3, 2})}})
                .batch,
            0U);
}

TEST(FixedBatch, RowsOfTheFillingAreLeftOut) {
  FilledBatch filled;
  filled.items = 2;
  filled.batch = 3;
  Tensors outputs = {{"y", float_tensor({3, 2}, {1, 2, 3, 4, 5, 6})},
                     {"other", float_tensor({2}, {1, 2})},
                     {"scalar", float_tensor({}, {9})}};
  leave_out_filling(filled, outputs);
  EXPECT_EQ(outputs.at("y").shape, (TensorShape{2, 2}));
  EXPECT_EQ(values(outputs.at("y")), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(values(outputs.at("other")), (std::vector<float>{1, 2}));
  EXPECT_EQ(values(outputs.at("scalar")), (std::vector<float>{9}));
}

}  // namespace
}  // namespace posittune::engine
