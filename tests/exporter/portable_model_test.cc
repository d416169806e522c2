#include "posittune/exporter/portable_model.h"

#include <gtest/gtest.h>

namespace posittune::exporter {
namespace {

TEST(PortableModel, ModelsAreEqualWhereAllPartsAre) {
  PortableModel a;
  a.model_sha256 = "00ff";
  a.inputs["layer"] = {.operands = 1, .scales = {2}};
  a.weights["w"].readers = {"layer"};
  PortableModel b = a;
  EXPECT_EQ(a, b);
  b.inputs["layer"].scales = {4};
  EXPECT_NE(a, b);
  b = a;
  b.weights["w"].layout.rows = {{2, 3}};
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace posittune::exporter
