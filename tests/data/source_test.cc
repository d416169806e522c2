#include "posittune/data/source.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace posittune::data {
namespace {

TEST(Source, UnitsAreNumberedAsTheyAppear) {
  EXPECT_EQ(renumbered({7, -3, 7, 100, -3}), (std::vector<std::size_t>{0, 1, 0, 2, 1}));
  EXPECT_TRUE(renumbered({}).empty());
  EXPECT_EQ(numbered(3), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(Source, InputsAsText) {
  const ModelInputs inputs = {{"input_ids", ElementType::kI64, {-1, 256}},
                              {"x", ElementType::kF32, {1}}};
  EXPECT_EQ(dims_text(inputs[0].dims), "(?, 256)");
  EXPECT_NE(names_of(inputs).find("'input_ids' int64 (?, 256)"), std::string::npos)
      << names_of(inputs);
  EXPECT_NE(names_of(inputs).find("'x' float32 "), std::string::npos);
}

Tensor counting(ElementType type, TensorShape shape) {
  Tensor tensor = Tensor::zeros(type, std::move(shape));
  for (std::size_t i = 0; i < tensor.bytes.size(); ++i) tensor.bytes[i] = static_cast<std::byte>(i);
  return tensor;
}

TEST(TensorSource, ABatchIsRowsOfEveryTensor) {
  const auto source = make_tensor_source(
      {{"a", counting(ElementType::kU8, {4, 3})}, {"b", counting(ElementType::kI16, {4})}});
  const auto batch = source->batch(1, 2);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->at("a").shape, (TensorShape{2, 3}));
  EXPECT_EQ(batch->at("a").as<std::uint8_t>()[0], 3);
  EXPECT_EQ(batch->at("a").as<std::uint8_t>()[5], 8);
  EXPECT_EQ(batch->at("b").shape, (TensorShape{2}));
  EXPECT_EQ(batch->at("b").bytes[0], std::byte{2});
}

TEST(TensorSource, EqualItemsHaveEqualHashes) {
  Tensor rows = counting(ElementType::kU8, {3, 2});
  std::copy_n(rows.bytes.begin(), 2, rows.bytes.begin() + 4);  // item 2 is item 0
  const auto hashes = make_tensor_source({{"a", rows}})->hashes();
  ASSERT_TRUE(hashes.ok());
  ASSERT_EQ(hashes->size(), 3U);
  EXPECT_EQ((*hashes)[0], (*hashes)[2]);
  EXPECT_NE((*hashes)[0], (*hashes)[1]);
}

}  // namespace
}  // namespace posittune::data
