// What an export leaves of the user's graph, and what it refuses; numbers are in operators_test.py.

#include "posittune/exporter/onnx_export.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/exporter/graphs.h"

namespace posittune::exporter {
namespace {

namespace fs = std::filesystem;

class OnnxExportTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "onnx_export_test";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    file_ = test::model_of(17, {1, 3});
    test::add_floats(file_, "w", {3, 2}, {1, 2, 3, 4, 5, 6});
    test::add_node(file_, "MatMul", "product", {"x", "w"}, "y");
    test::add_output(file_, "y");
    auto& property = *file_.add_metadata_props();
    property.set_key("owner");
    property.set_value("me");
    model_.model_sha256 = "abc";
    model_.recipe.weights["w"] = {.format = formats::integer(5)};
    // Rows are columns of the stored tensor.
    model_.weights["w"] = {.codes = *coded({.rows = 2,
                                            .cols = 3,
                                            .group = 0,
                                            .compensated = false,
                                            .runs = {{0, 2, formats::integer(5), {1}}},
                                            .codes = {1, 3, 5, 2, 4, 6},
                                            .exponents = {}}),
                           .shape = {3, 2},
                           .layout = {{{2, 1}}, {{3, 2}}},
                           .readers = {"product"}};
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<ExportedOnnx> exported(const OnnxOptions& options = {}) {
    const std::string source = (folder_ / "source.onnx").string();
    std::ofstream(source, std::ios::binary) << file_.SerializeAsString();
    auto made = export_onnx(source, model_, options, (folder_ / "out.onnx").string());
    if (made) read_ = *read_onnx(made->files.model);
    return made;
  }
  std::string property(const std::string& key) const {
    for (const auto& each : read_.metadata_props()) {
      if (each.key() == key) return each.value();
    }
    return "none";
  }

  fs::path folder_;
  onnx::ModelProto file_, read_;
  PortableModel model_;
};

TEST_F(OnnxExportTest, TheGraphStaysTheUsersOwn) {
  const auto made = exported();
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(read_.opset_import(0).version(), 17);
  EXPECT_EQ(read_.graph().input_size(), 1);
  EXPECT_EQ(read_.graph().output(0).name(), "y");
  EXPECT_EQ(property("owner"), "me");
  EXPECT_EQ(property("posittune.model_sha256"), "abc");
  EXPECT_NE(property("posittune.recipe").find("int5"), std::string::npos);
  const auto& last = read_.graph().node(read_.graph().node_size() - 1);
  EXPECT_EQ(last.name(), "product");
  EXPECT_NE(last.doc_string().find("int5"), std::string::npos);
  EXPECT_EQ(test::run(read_, {1, 3}, {1, 1, 1}), (std::vector<float>{9, 12}));
}

TEST_F(OnnxExportTest, SnappedNumbersAreAlsoExact) {
  ASSERT_TRUE(exported({.style = LutStyle::kFoldable, .weights = WeightForm::kFp32}));
  EXPECT_EQ(read_.graph().node_size(), 1);
  EXPECT_EQ(test::run(read_, {1, 3}, {1, 1, 1}), (std::vector<float>{9, 12}));
  ASSERT_TRUE(exported({.style = LutStyle::kFoldable, .weights = WeightForm::kFp16}));
  EXPECT_EQ(test::run(read_, {1, 3}, {1, 1, 1}), (std::vector<float>{9, 12}));
}

TEST_F(OnnxExportTest, ReadersThatAreNotQuantizedKeepTheWeight) {
  test::add_node(file_, "MatMul", "plain", {"x", "w"}, "z");
  test::add_output(file_, "z");
  model_.weights["w"].codes = *coded({.rows = 2,
                                      .cols = 3,
                                      .group = 0,
                                      .compensated = false,
                                      .runs = {{0, 2, formats::integer(5), {1}}},
                                      .codes = {0, 0, 0, 0, 0, 1},
                                      .exponents = {}});
  ASSERT_TRUE(exported());
  EXPECT_EQ(test::run(read_, {1, 3}, {1, 1, 1}), (std::vector<float>{0, 1}));
  read_.mutable_graph()->mutable_output()->DeleteSubrange(0, 1);
  EXPECT_EQ(test::run(read_, {1, 3}, {1, 1, 1}), (std::vector<float>{9, 12}));
}

TEST_F(OnnxExportTest, CorrectionsAreAdded) {
  model_.corrections["product"] = {10, 20};
  ASSERT_TRUE(exported());
  EXPECT_EQ(test::run(read_, {1, 3}, {1, 1, 1}), (std::vector<float>{19, 32}));
}

TEST_F(OnnxExportTest, AnotherModelIsRefused) {
  const auto refused = [&](ErrorKind kind) {
    const auto made = exported();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, kind);
    EXPECT_FALSE(made.error().where.empty());
    EXPECT_FALSE(fs::exists(folder_ / "out.onnx"));
  };
  const onnx::ModelProto good = file_;
  file_.mutable_graph()->mutable_node(0)->set_name("other");
  refused(ErrorKind::kUnsupported);
  file_ = good;
  file_.mutable_graph()->mutable_initializer(0)->set_dims(0, 2);
  refused(ErrorKind::kInput);
  file_ = good;
  file_.mutable_opset_import(0)->set_version(9);
  refused(ErrorKind::kUnsupported);
  file_ = good;
  model_.weights["none"] = model_.weights["w"];
  refused(ErrorKind::kUnsupported);
}

TEST_F(OnnxExportTest, ScalesOfInputsMustBeThere) {
  model_.recipe.activations["product"] = {.format = formats::integer(8)};
  EXPECT_EQ(exported().error().kind, ErrorKind::kInput);
  model_.inputs["product"] = {.operands = 1, .scales = {0.25F}};
  ASSERT_TRUE(exported());
  // x is rounded to multiples of 4.
  EXPECT_EQ(test::run(read_, {1, 3}, {4.5F, 8, 7}), (std::vector<float>{4 + 24 + 40, 8 + 32 + 48}));
}

TEST(OnnxExport, DescribesSettingsInWords) {
  quant::WeightSetting setting{.format = formats::posit(6, 1)};
  setting.alternatives = {formats::posit(6, 0)};
  setting.granularity = quant::Granularity::kChannel;
  EXPECT_EQ(describe(setting), "posit<6,1> or posit<6,0>, scale rms_pow2 by channel");
  const quant::ActivationSetting input{.format = formats::integer(8),
                                       .rule = quant::ScaleRule::kAbsmax,
                                       .scale = quant::ActivationScale::kToken};
  EXPECT_EQ(describe(input), "int8, scale absmax, chosen token");
}

}  // namespace
}  // namespace posittune::exporter
