#include "posittune/session/machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "posittune/kernels/dispatch.h"

namespace posittune::session {
namespace {

// Set for the time of a test.
struct Variable {
  Variable(const char* variable, const char* value) : name(variable) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name); }
  const char* name;
};

TEST(Machine, AForcedTargetIsUsed) {
  const Variable forced(kernels::kTargetVariable, "scalar");
  const auto found = machine();
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_EQ(found->kernels, "scalar");
  EXPECT_TRUE(found->forced);
  EXPECT_EQ(found->targets.size(), kernels::targets().size());
  EXPECT_GE(found->threads, 1);
  // FP32 is what is always there, and always last resort.
  const auto fp32 = std::ranges::find(found->products, "fp32", &records::MachinePath::name);
  ASSERT_NE(fp32, found->products.end());
  EXPECT_TRUE(fp32->works && fp32->used);
  for (const records::MachinePath& path : found->products) {
    EXPECT_TRUE(path.works || !path.used) << path.name;
  }
}

TEST(Machine, WhatIsNotThereIsRefused) {
  const Variable forced(kernels::kTargetVariable, "nothing");
  const auto refused = machine();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::session
