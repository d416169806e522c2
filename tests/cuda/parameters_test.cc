// Parameters of formats: which algorithm each has, and that the numbers are the format's.

#include "posittune/cuda/parameters.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "posittune/formats/codec.h"
#include "posittune/formats/format.h"
#include "tests/kernels/inputs.h"

namespace posittune::cuda {
namespace {

Parameters of(const char* name) { return parameters_of(formats::parse_format(name).value()); }

TEST(CudaParameters, AreBytesThatCanBeCopied) {
  EXPECT_TRUE(std::is_trivially_copyable_v<Parameters>);
  EXPECT_TRUE(std::is_standard_layout_v<Parameters>);
  EXPECT_EQ(Parameters{}.abi, kAbi);
}

TEST(CudaParameters, AlgorithmOfEachKindOfFormat) {
  EXPECT_EQ(of("posit<8,1>").algorithm, Algorithm::kPosit);
  EXPECT_EQ(of("posit<2,0>").algorithm, Algorithm::kPosit);
  EXPECT_EQ(of("posit<8,1>ftz").algorithm, Algorithm::kPosit);
  EXPECT_EQ(of("posit<16,2>").algorithm, Algorithm::kPosit);
  EXPECT_EQ(of("posit<16,4>").algorithm, Algorithm::kPositWide);
  EXPECT_EQ(of("posit<16,4>ftz").algorithm, Algorithm::kPositWide);
  EXPECT_EQ(of("posit<32,2>").algorithm, Algorithm::kPositWide);
  EXPECT_EQ(of("fp8_e4m3").algorithm, Algorithm::kFloat);
  EXPECT_EQ(of("fp16").algorithm, Algorithm::kFloat);
  EXPECT_EQ(of("e5m23").algorithm, Algorithm::kFloatFull);
  EXPECT_EQ(of("bf16").algorithm, Algorithm::kFloatShift);
  EXPECT_EQ(of("fp32").algorithm, Algorithm::kFloatShift);
  EXPECT_EQ(of("int8").algorithm, Algorithm::kInt);
}

TEST(CudaParameters, NumbersAreThoseOfTheFormat) {
  for (const formats::Format& format : kernels::plain_formats()) {
    const Parameters p = parameters_of(format);
    const formats::Traits traits = formats::traits(format);
    EXPECT_EQ(p.bits, format.bits);
    EXPECT_EQ(p.max_code, formats::encode(format, traits.max)) << formats::name(format);
    EXPECT_EQ(p.nan_code, traits.nan_code.value_or(p.max_code)) << formats::name(format);
    EXPECT_EQ(p.code_mask, formats::code_count(format) - 1);
  }
}

}  // namespace
}  // namespace posittune::cuda
