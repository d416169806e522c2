#include "posittune/exporter/onnx_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "posittune/base/files.h"
#include "tests/exporter/graphs.h"

namespace posittune::exporter {
namespace {

namespace fs = std::filesystem;

class OnnxFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "onnx_file_test";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
  static onnx::ModelProto model() {
    onnx::ModelProto made = test::model_of(17, {1});
    test::add_floats(made, "w", {1000}, std::vector<float>(1000, 2));
    test::add_node(made, "Mul", "m", {"x", "w"}, "y");
    test::add_output(made, "y");
    return made;
  }
  // The model's tensor in a file beside it.
  void save_external(const std::string& location, std::int64_t offset, std::int64_t length) {
    onnx::ModelProto made = model();
    auto& tensor = *made.mutable_graph()->mutable_initializer(0);
    std::ofstream(path("data.bin"), std::ios::binary) << std::string(64, 'x') << tensor.raw_data();
    tensor.clear_raw_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto set = [&](const char* key, const std::string& value) {
      auto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    set("location", location);
    set("offset", std::to_string(offset));
    set("length", std::to_string(length));
    std::ofstream(path("m.onnx"), std::ios::binary) << made.SerializeAsString();
  }

  fs::path folder_;
};

TEST_F(OnnxFileTest, WhatIsWrittenReadsBack) {
  onnx::ModelProto made = model();
  const auto written = write_onnx(made, path("source.onnx"), path("m.onnx"));
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(written->data, "");
  EXPECT_EQ(written->bytes, fs::file_size(path("m.onnx")));
  const auto read = read_onnx(path("m.onnx"));
  ASSERT_TRUE(read);
  const auto bytes = tensor_bytes(read->graph().initializer(0), path("m.onnx"));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 4000U);
  EXPECT_EQ(files(), (std::vector<std::string>{"m.onnx"}));
}

TEST_F(OnnxFileTest, ExternalDataStayExternal) {
  save_external("data.bin", 64, 4000);
  auto read = read_onnx(path("m.onnx"));
  ASSERT_TRUE(read) << read.error().message();
  const auto bytes = tensor_bytes(read->graph().initializer(0), path("m.onnx"));
  ASSERT_TRUE(bytes);
  const auto written = write_onnx(*read, path("m.onnx"), path("out.onnx"));
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(written->data, path("out.onnx.data"));
  const auto again = read_onnx(path("out.onnx"));
  ASSERT_TRUE(again);
  EXPECT_EQ(*tensor_bytes(again->graph().initializer(0), path("out.onnx")), *bytes);
}

TEST_F(OnnxFileTest, ExternalDataMustBeThereAndInside) {
  save_external("data.bin", 64, 4000);
  save_external("../data.bin", 0, 4000);
  EXPECT_EQ(read_onnx(path("m.onnx")).error().kind, ErrorKind::kInput);
  save_external("/etc/passwd", 0, 4000);
  EXPECT_EQ(read_onnx(path("m.onnx")).error().kind, ErrorKind::kInput);
  save_external("data.bin", 5000, 4000);  // beyond the end
  auto read = read_onnx(path("m.onnx"));
  if (read) {
    EXPECT_FALSE(tensor_bytes(read->graph().initializer(0), path("m.onnx")));
    EXPECT_FALSE(write_onnx(*read, path("m.onnx"), path("out.onnx")));
    EXPECT_EQ(files(), (std::vector<std::string>{"data.bin", "m.onnx"}));
  }
}

TEST_F(OnnxFileTest, OtherFilesAreRefused) {
  std::ofstream(path("bad.onnx")) << "no model at all";
  EXPECT_EQ(read_onnx(path("bad.onnx")).error().kind, ErrorKind::kInput);
  EXPECT_EQ(read_onnx(path("none.onnx")).error().kind, ErrorKind::kInput);
  EXPECT_EQ(read_onnx(path("m.xml")).error().kind, ErrorKind::kUnsupported);
}

TEST_F(OnnxFileTest, ATargetThatCannotBeWrittenLeavesNothing) {
  onnx::ModelProto made = model();
  EXPECT_FALSE(write_onnx(made, path("m.onnx"), path("no/such/folder.onnx")));
  onnx::ModelProto full = model();
  EXPECT_FALSE(write_onnx(full, path("m.onnx"), "/dev/full/m.onnx"));
  EXPECT_TRUE(files().empty());
}

TEST_F(OnnxFileTest, TypedFieldsAreBytesToo) {
  onnx::TensorProto tensor;
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(2);
  tensor.add_float_data(1);
  EXPECT_FALSE(tensor_bytes(tensor, "m.onnx"));  // one is missing
  tensor.add_float_data(2);
  const auto bytes = tensor_bytes(tensor, "m.onnx");
  ASSERT_TRUE(bytes);
  float second = 0;
  std::memcpy(&second, bytes->data() + 4, 4);
  EXPECT_EQ(second, 2);
}

TEST_F(OnnxFileTest, ElementsHaveTheSizesOfTheStandard) {
  EXPECT_EQ(element_bytes(onnx::TensorProto::FLOAT), 4);
  EXPECT_EQ(element_bytes(onnx::TensorProto::BFLOAT16), 2);
  EXPECT_EQ(element_bytes(kUint4), 0.5);
  EXPECT_EQ(element_bytes(kFloat8E4M3), 1);
  EXPECT_EQ(element_bytes(onnx::TensorProto::STRING), 0);
}

}  // namespace
}  // namespace posittune::exporter
