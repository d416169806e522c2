#include "posittune/model/einsum.h"

#include <gtest/gtest.h>

#include "tests/model/models.h"

namespace posittune::model {
namespace {

std::uint64_t macs(const std::string& equation, const std::vector<ov::Shape>& shapes) {
  ov::OutputVector operands;
  for (const ov::Shape& shape : shapes) operands.push_back(test::parameter(shape));
  return macs_of_einsum(ov::op::v7::Einsum(operands, equation));
}

TEST(Einsum, ProductsByHand) {
  EXPECT_EQ(macs("ij,jk->ik", {{2, 3}, {3, 5}}), 2U * 3 * 5);
  EXPECT_EQ(macs("bij,bjk->bik", {{7, 2, 3}, {7, 3, 5}}), 7U * 2 * 3 * 5);
  EXPECT_EQ(macs("i,j->ij", {{4}, {6}}), 24U);
  EXPECT_EQ(macs("ij,ij->", {{2, 3}, {2, 3}}), 6U);
  EXPECT_EQ(macs("...ij,jk->...ik", {{7, 8, 2, 3}, {3, 5}}), 7U * 8 * 2 * 3 * 5);
}

// From left to right: (ij,jk->ik), then (ik,kl->il): j is gone when the third comes.
TEST(Einsum, LabelsGoWhenNobodyNeedsThem) {
  EXPECT_EQ(macs("ij,jk,kl->il", {{2, 3}, {3, 5}, {5, 7}}), 2U * 3 * 5 + 2U * 5 * 7);
  // j is in the output: the second product runs over it too.
  EXPECT_EQ(macs("ij,jk,kl->ijl", {{2, 3}, {3, 5}, {5, 7}}), 2U * 3 * 5 + 2U * 3 * 5 * 7);
}

}  // namespace
}  // namespace posittune::model
