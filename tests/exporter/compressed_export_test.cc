// hf_test.py loads what is written with transformers and compressed-tensors.

#include "posittune/exporter/compressed_export.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "posittune/exporter/hf_folder.h"
#include "tests/exporter/hf_folders.h"

namespace posittune::exporter {
namespace {

class CompressedExport : public testing::Test {
 protected:
  TemporaryFolder source_, place_;
  PortableModel model_ = test::small_model();
  std::string out_ = place_.file("out");
};

TEST_F(CompressedExport, RefusesWeightsWithoutAForm) {
  test::write_small_folder(source_, model_);
  const auto refused = export_compressed_tensors(source_.file(""), model_, {}, out_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(refused.error().found, "model.a.weight (posit<6,1>)");
  EXPECT_TRUE(place_.entries().empty());
}

TEST_F(CompressedExport, WritesCodesAndSnappedNumbers) {
  test::write_small_folder(source_, model_);
  const auto made = export_compressed_tensors(source_.file(""), model_, {.snap = true}, out_);
  ASSERT_TRUE(made.ok()) << made.error().message();
  const auto folder = HfFolder::open(out_);
  ASSERT_TRUE(folder.ok()) << folder.error().message();
  EXPECT_EQ(folder->find("model.b.weight"), std::nullopt);
  EXPECT_EQ(folder->entry("model.b.weight_packed").shape, (std::vector<std::uint64_t>{6, 8}));
  EXPECT_EQ(folder->entry("model.b.weight_scale").shape, (std::vector<std::uint64_t>{6, 2}));
  EXPECT_EQ(folder->floats("model.a.weight").value(),
            decoded(model_.weights["model.a.weight"].codes).value());
  EXPECT_EQ(folder->floats("model.a.bias").value(), (std::vector<float>{11, 22, 33, 44}));
  EXPECT_NE(folder->config().find("\"quant_method\": \"compressed-tensors\""), std::string::npos);
  EXPECT_EQ(made->notes.back(), "snapped to their grids, in FP32: model.a.weight (posit<6,1>)");
}

TEST_F(CompressedExport, RefusesColumnsForOutputs) {
  model_.weights.erase("model.a.weight");
  model_.corrections.clear();
  test::write_small_folder(source_, model_, true);
  const auto refused = export_compressed_tensors(source_.file(""), model_, {}, out_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported) << refused.error().message();
  EXPECT_TRUE(place_.entries().empty());
}

}  // namespace
}  // namespace posittune::exporter
