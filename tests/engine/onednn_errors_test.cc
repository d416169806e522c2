#include "posittune/engine/onednn_errors.h"

#include <gtest/gtest.h>

namespace posittune::engine {
namespace {

TEST(OnednnErrors, MemoryThatEndsIsToldFromAMissingKernel) {
  EXPECT_TRUE(is_memory(dnnl::error(dnnl_out_of_memory, "could not create a primitive")));
  EXPECT_FALSE(is_memory(dnnl::error(dnnl_unimplemented, "could not create a primitive")));
}

TEST(OnednnErrors, AProductThatWasNotMadeIsNone) {
  EXPECT_NO_THROW(require(dnnl_success));
  EXPECT_THROW(require(dnnl_out_of_memory), std::bad_alloc);
  EXPECT_THROW(require(dnnl_invalid_arguments), std::runtime_error);
}

}  // namespace
}  // namespace posittune::engine
