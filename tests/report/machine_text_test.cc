#include "posittune/report/machine_text.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

records::Machine machine() {
  return {.version = "1.0",
          .threads = 2,
          .kernels = "avx2",
          .targets = {{"avx512", false}, {"avx2", true}},
          .products = {{"int8", true, true, true, 500},
                       {"bf16", true, true, true, 200},
                       {"fp32", true, true, true, 100}},
          .kernel_variable = "K",
          .product_variable = "P"};
}

TEST(MachineText, WhatIsUsed) {
  EXPECT_EQ(machine_text(machine()),
            "posittune 1.0\nthreads  2\nkernels  avx2\n  avx512   not on this processor\n"
            "  avx2     supported\nproducts, the fastest first\n"
            "  int8     used where it is exact (500 GFLOP/s on one thread)\n"
            "  bf16     used where the ones before it are not exact (200 GFLOP/s on one thread)\n"
            "  fp32     used where the ones before it are not exact (100 GFLOP/s on one thread)\n");
}

TEST(MachineText, WhatIsNot) {
  auto other = machine();
  other.forced = other.products_forced = true;
  other.products = {{"fp32", true, true, true, 0},
                    {"bf16", true, false, true, 0},
                    {"int8", true, false, false, 0},
                    {"int4", false, false, false, 0}};
  const std::string text = machine_text(other);
  for (const char* part : {"kernels  avx2 (forced by K)\n", "products (forced by P)\n",
                           "bf16     not used: slower than fp32\n", "int8     held back by P\n",
                           "int4     not on this processor\n"})
    EXPECT_NE(text.find(part), text.npos) << part << text;
}

}  // namespace
}  // namespace posittune::report
