#include "posittune/base/tensor.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace posittune {
namespace {

TEST(Tensor, TypesHaveTheirSizesAndNames) {
  EXPECT_EQ(element_bytes(ElementType::kF32), sizeof(float));
  EXPECT_EQ(element_bytes(ElementType::kF64), sizeof(double));
  EXPECT_EQ(element_bytes(ElementType::kF16), 2U);
  EXPECT_EQ(element_bytes(ElementType::kI8), 1U);
  EXPECT_EQ(element_bytes(ElementType::kI16), 2U);
  EXPECT_EQ(element_bytes(ElementType::kI32), 4U);
  EXPECT_EQ(element_bytes(ElementType::kI64), 8U);
  EXPECT_EQ(element_bytes(ElementType::kU8), 1U);
  EXPECT_EQ(element_bytes(ElementType::kBool), 1U);
  EXPECT_EQ(name(ElementType::kF32), "float32");
  EXPECT_EQ(name(ElementType::kF16), "float16");
  EXPECT_EQ(name(ElementType::kI64), "int64");
  EXPECT_EQ(name(ElementType::kU8), "uint8");
  EXPECT_EQ(name(ElementType::kBool), "bool");
}

TEST(Tensor, Shapes) {
  EXPECT_EQ(element_count({}), 1U);
  EXPECT_EQ(element_count({2, 3, 4}), 24U);
  EXPECT_EQ(element_count({2, 0, 4}), 0U);
  EXPECT_EQ(to_string(TensorShape{}), "()");
  EXPECT_EQ(to_string(TensorShape{5}), "(5,)");
  EXPECT_EQ(to_string(TensorShape{2, 3}), "(2, 3)");
}

TEST(Tensor, ElementsAreRowMajorBytes) {
  Tensor tensor = Tensor::zeros(ElementType::kI32, {2, 2});
  EXPECT_EQ(tensor.bytes.size(), 16U);
  EXPECT_TRUE(std::ranges::all_of(tensor.as<std::int32_t>(), [](int x) { return x == 0; }));
  tensor.as<std::int32_t>()[1] = 7;
  const Tensor& same = tensor;
  EXPECT_EQ(same.as<std::int32_t>()[1], 7);
  EXPECT_EQ(same.bytes[4], std::byte{7});
  EXPECT_EQ(Tensor::uncleared(ElementType::kF64, {3}).bytes.size(), 24U);
  EXPECT_EQ(Tensor::zeros(ElementType::kF32, {0}).size(), 0U);
}

TEST(Tensor, ShapesByName) {
  const Tensors tensors = {{"x", Tensor::zeros(ElementType::kF32, {2, 3})},
                           {"y", Tensor::zeros(ElementType::kU8, {})}};
  EXPECT_EQ(shapes_of(tensors), (std::map<std::string, TensorShape>{{"x", {2, 3}}, {"y", {}}}));
}

}  // namespace
}  // namespace posittune
