// hf_test.py loads what is written with transformers.

#include "posittune/exporter/transformers_export.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "posittune/exporter/hf_folder.h"
#include "tests/exporter/hf_folders.h"

namespace posittune::exporter {
namespace {

class TransformersExport : public testing::TestWithParam<bool> {
 protected:
  TemporaryFolder source_, place_;
  PortableModel model_ = test::small_model();
  std::string out_ = place_.file("out");
};

// Also where the tensors have a column for each output.
TEST_P(TransformersExport, WritesSnappedNumbers) {
  test::write_small_folder(source_, model_, GetParam());
  const auto made = export_transformers(source_.file(""), model_, {}, out_);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_TRUE(made->notes.empty());
  const auto folder = HfFolder::open(out_);
  ASSERT_TRUE(folder.ok()) << folder.error().message();
  for (const auto& [name, weight] : model_.weights) {
    const std::vector<float> values = decoded(weight.codes).value();
    EXPECT_EQ(folder->floats(name).value(),
              GetParam() ? test::transposed(values, weight.codes.rows, weight.codes.cols) : values)
        << name;
  }
  EXPECT_EQ(folder->floats("model.a.bias").value(), (std::vector<float>{11, 22, 33, 44}));
  EXPECT_EQ(folder->entry("model.norm.weight").dtype, "F32");
  EXPECT_EQ(folder->bytes("model.ids").value(), std::string(8, '\1'));
  EXPECT_NE(folder->config().find("\"torch_dtype\": \"float32\""), std::string::npos);
  EXPECT_EQ(read_bytes(out_ + "/tokenizer.json"), "{}");
  EXPECT_EQ(place_.entries(), std::vector<std::string>{"out"});
}
INSTANTIATE_TEST_SUITE_P(Orientations, TransformersExport, testing::Bool());

TEST_F(TransformersExport, HalfSaysWhatItRounds) {
  test::write_small_folder(source_, model_);
  model_.inputs["a"] = {};
  const auto made = export_transformers(source_.file(""), model_, {.half = true}, out_);
  ASSERT_TRUE(made.ok()) << made.error().message();
  const auto folder = HfFolder::open(out_);
  EXPECT_EQ(folder->entry("model.b.weight").dtype, "F16");
  EXPECT_NE(folder->config().find("float16"), std::string::npos);
  ASSERT_EQ(made->notes.size(), 2U);
  EXPECT_NE(made->notes[0].find("not rounded there"), std::string::npos);
  // The real scales of int4 are no halves; powers of two of the others are.
  EXPECT_NE(made->notes[1].find(" of 472 quantized numbers, and 0 of 6 others"), std::string::npos)
      << made->notes[1];
}

TEST_F(TransformersExport, WritesOneFile) {
  test::write_small_folder(source_, model_);
  const auto made = export_safetensors(source_.file(""), model_, {}, place_.file("a.safetensors"));
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(made->bytes, read_bytes(place_.file("a.safetensors")).size());
  EXPECT_EQ(SafetensorsFile::open(place_.file("a.safetensors"))->header().metadata.at("format"),
            "pt");
}

TEST_F(TransformersExport, LeavesNothingOfAFailure) {
  test::write_small_folder(source_, model_);
  model_.weights["model.b.weight"].codes = model_.weights["model.a.weight"].codes;
  EXPECT_EQ(export_transformers(source_.file(""), model_, {}, out_).error().kind,
            ErrorKind::kInput);
  EXPECT_TRUE(place_.entries().empty());
  EXPECT_EQ(
      export_transformers(source_.file(""), test::small_model(), {}, place_.file("")).error().kind,
      ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::exporter
