#include "posittune/model/tensors.h"

#include <gtest/gtest.h>

#include "tests/model/models.h"

namespace posittune::model {
namespace {

TEST(Tensors, TypesBothWays) {
  for (int i = 0; i <= static_cast<int>(ElementType::kBool); ++i) {
    const auto type = static_cast<ElementType>(i);
    EXPECT_EQ(element_type(ov_type(type)).value(), type);
    EXPECT_EQ(ov_type(type).size(), element_bytes(type)) << name(type);
  }
  for (const auto& type : {ov::element::u64, ov::element::bf16, ov::element::string}) {
    const auto refused = element_type(type);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  }
}

TEST(Tensors, PortsOfAModel) {
  const auto x = test::parameter({-1, 3}, "x", ov::element::i64);
  const auto info = tensor_info(x->output(0));
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->name, "x");
  EXPECT_EQ(info->type, ElementType::kI64);
  EXPECT_EQ(info->dims, (std::vector<std::int64_t>{-1, 3}));
  const auto unknown = test::parameter(ov::PartialShape::dynamic(), "u");
  EXPECT_EQ(tensor_info(unknown->output(0)).error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(tensor_info(unknown->output(0)).error().where.find("'u'"), std::string::npos);
  const auto text = test::parameter({1}, "t", ov::element::string);
  EXPECT_EQ(tensor_info(text->output(0)).error().kind, ErrorKind::kUnsupported);
}

TEST(Tensors, CopiesAndViews) {
  Tensor tensor = test::float_tensor({2, 2}, {1, 2, 3, 4});
  const ov::Tensor seen = view(tensor);
  EXPECT_EQ(seen.get_shape(), (ov::Shape{2, 2}));
  EXPECT_EQ(seen.data<const float>()[3], 4);
  tensor.as<float>()[3] = 5;
  EXPECT_EQ(seen.data<const float>()[3], 5);
  const auto copy = to_tensor(seen);
  ASSERT_TRUE(copy.ok());
  tensor.as<float>()[3] = 6;
  EXPECT_EQ(copy->as<float>()[3], 5);
  EXPECT_EQ(copy->shape, (TensorShape{2, 2}));
  EXPECT_FALSE(to_tensor(ov::Tensor(ov::element::u64, {1})).ok());
}

}  // namespace
}  // namespace posittune::model
