// What model::load says to files that are no models.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <openvino/core/graph_util.hpp>
#include <openvino/op/ops.hpp>

#include "posittune/model/graph.h"
#include "tests/model/models.h"
#include "tests/model/onnx_writer.h"

namespace posittune::model {
namespace {

namespace onnx = test::onnx;

void expect_error(const std::string& path, ErrorKind kind) {
  const auto graph = load(path);
  ASSERT_FALSE(graph.ok()) << path;
  EXPECT_EQ(graph.error().kind, kind) << graph.error().message();
  EXPECT_NE(graph.error().message().find(std::filesystem::path(path).filename().string()),
            std::string::npos)
      << graph.error().message();
  EXPECT_LT(graph.error().message().size(), 2000u);
}

std::string small_model(const std::vector<onnx::Message>& nodes,
                        const std::vector<onnx::Message>& initializers) {
  return onnx::model(nodes, initializers, {onnx::value("x", {0, 2})}, {onnx::value("y", {0, 2})});
}

TEST(LoadErrors, MissingEmptyAndForeignFiles) {
  const TemporaryFolder folder;
  expect_error(folder.file("missing.onnx"), ErrorKind::kInput);
  std::filesystem::create_directory(folder.file("folder.onnx"));
  expect_error(folder.file("folder.onnx"), ErrorKind::kInput);
  for (const char* name : {"file.onnx", "file.xml", "file.txt", "file"}) {
    write_bytes(folder.file(name), "");
    expect_error(folder.file(name), ErrorKind::kInput);
    write_bytes(folder.file(name), "This is a text and no model.\n");
    expect_error(folder.file(name), ErrorKind::kInput);
    write_bytes(folder.file(name), std::string(100'000, '\xff'));
    expect_error(folder.file(name), ErrorKind::kInput);
  }
}

// The start of a real file is no model, wherever it ends.
TEST(LoadErrors, TruncatedOnnx) {
  const TemporaryFolder folder;
  const std::string whole = read_bytes(test::zoo("albert"));
  ASSERT_GT(whole.size(), 1'000'000u);
  for (const double part : {0.00001, 0.001, 0.1, 0.5, 0.9, 0.999}) {
    const auto size = static_cast<std::size_t>(part * static_cast<double>(whole.size()));
    write_bytes(folder.file("cut.onnx"), whole.substr(0, size));
    expect_error(folder.file("cut.onnx"), ErrorKind::kInput);
  }
  write_bytes(folder.file("cut.onnx"), whole.substr(0, whole.size() - 1));
  expect_error(folder.file("cut.onnx"), ErrorKind::kInput);
}

// Bytes overwritten at many places: an error or a model, never a crash.
TEST(LoadErrors, DamagedOnnx) {
  const TemporaryFolder folder;
  const std::vector<onnx::Message> nodes = {onnx::node("first", "MatMul", {"x", "w"}, "h"),
                                            onnx::node("second", "Relu", {"h"}, "y")};
  const std::string whole = small_model(nodes, {onnx::floats("w", {2, 2}, {1, 2, 3, 4})});
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char byte : {'\x00', '\xff'}) {
      std::string damaged = whole;
      damaged[at] = byte;
      write_bytes(folder.file("damaged.onnx"), damaged);
      const auto graph = load(folder.file("damaged.onnx"));
      refused += graph.ok() ? 0 : 1;
      if (!graph.ok()) {
        EXPECT_TRUE(graph.error().kind == ErrorKind::kInput ||
                    graph.error().kind == ErrorKind::kUnsupported);
      }
    }
  }
  EXPECT_GT(refused, whole.size());  // most of the 2 * size
}

TEST(LoadErrors, TruncatedIr) {
  const TemporaryFolder folder;
  const auto x = test::parameter({-1, 64});
  const auto matmul = std::make_shared<ov::op::v0::MatMul>(x, test::normal_constant({64, 64}, 1));
  ov::serialize(test::model_of(matmul, {x}), folder.file("m.xml"), folder.file("m.bin"));
  const std::string xml = read_bytes(folder.file("m.xml")), bin = read_bytes(folder.file("m.bin"));
  write_bytes(folder.file("m.bin"), bin.substr(0, bin.size() / 2));
  expect_error(folder.file("m.xml"), ErrorKind::kInput);
  std::filesystem::remove(folder.file("m.bin"));
  expect_error(folder.file("m.xml"), ErrorKind::kInput);
  write_bytes(folder.file("m.bin"), bin);
  write_bytes(folder.file("m.xml"), xml.substr(0, xml.size() / 2));
  expect_error(folder.file("m.xml"), ErrorKind::kInput);
}

TEST(LoadErrors, ExternalDataMissingOrShort) {
  const TemporaryFolder folder;
  const std::string bytes = small_model({onnx::node("product", "MatMul", {"x", "w"}, "y")},
                                        {onnx::external("w", {2, 2}, "far.bin")});
  write_bytes(folder.file("m.onnx"), bytes);
  expect_error(folder.file("m.onnx"), ErrorKind::kInput);
  write_bytes(folder.file("far.bin"), "short");
  expect_error(folder.file("m.onnx"), ErrorKind::kInput);
}

TEST(LoadErrors, UnknownOperatorsAreUnsupportedAndNamed) {
  const TemporaryFolder folder;
  write_bytes(folder.file("m.onnx"),
              small_model({onnx::node("strange", "Frobnicate", {"x"}, "y")}, {}));
  expect_error(folder.file("m.onnx"), ErrorKind::kUnsupported);
  EXPECT_NE(load(folder.file("m.onnx")).error().message().find("Frobnicate"), std::string::npos);
}

// Messages quote the file: names of any length must not matter.
TEST(LoadErrors, EndlessNames) {
  const TemporaryFolder folder;
  const std::string name(1 << 20, 'a');
  write_bytes(folder.file("m.onnx"), small_model({onnx::node(name, name, {"x"}, "y")}, {}));
  expect_error(folder.file("m.onnx"), ErrorKind::kUnsupported);
}

TEST(LoadErrors, UnknownRankNamesTheInput) {
  const TemporaryFolder folder;
  write_bytes(folder.file("m.onnx"), onnx::model({onnx::node("relu", "Relu", {"loose"}, "y")}, {},
                                                 {onnx::value_of_unknown_rank("loose")},
                                                 {onnx::value_of_unknown_rank("y")}));
  const auto graph = load(folder.file("m.onnx"));
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(graph.error().where.find("loose"), std::string::npos) << graph.error().message();
}

TEST(LoadErrors, WeightsThatAreNotFiniteNameTheTensor) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    const auto x = test::parameter({-1, 2});
    const auto matmul = std::make_shared<ov::op::v0::MatMul>(
        x, test::constant({2, 2}, {1, 2, bad, 4}, "broken"), false, true);
    const Graph graph = test::load_ir(test::model_of(matmul, {x}));
    ASSERT_EQ(graph.weights.size(), 1u);
    const auto values = weight_values(graph, 0);
    ASSERT_FALSE(values.ok());
    EXPECT_EQ(values.error().kind, ErrorKind::kInput);
    EXPECT_NE(values.error().where.find("'broken', element 2"), std::string::npos)
        << values.error().where;
  }
}

}  // namespace
}  // namespace posittune::model
