#include "posittune/model/graph.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <openvino/core/graph_util.hpp>
#include <openvino/core/model.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/transpose.hpp>

namespace posittune::model {
namespace {

const std::string kZoo = std::string(POSITTUNE_SOURCE_DIR) + "/zoo/";

class Folder {
 public:
  Folder() { mkdtemp(path_.data()); }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "posittune-XXXXXX").string();
};

std::size_t count(const Graph& graph, LayerKind kind) {
  return static_cast<std::size_t>(std::count_if(graph.layers.begin(), graph.layers.end(), [&](const Layer& l) { return l.kind == kind; }));
}

TEST(Graph, ZooModels) {
  const Graph gpt2 = load(kZoo + "gpt2/model.onnx").value();
  EXPECT_EQ(count(gpt2, LayerKind::kMatMul), 25U);  // 6 depths of 4, and the output
  EXPECT_EQ(count(gpt2, LayerKind::kEmbedding), 2U);
  EXPECT_EQ(count(gpt2, LayerKind::kAttention), 12U);
  EXPECT_EQ(gpt2.weights.size(), 26U);
  const Graph yolo = load(kZoo + "yolo/model.onnx").value();
  EXPECT_EQ(count(yolo, LayerKind::kConvolution), 63U);
  EXPECT_TRUE(yolo.notes.empty());
  const auto macs = count_macs(gpt2, {{"input_ids", {2, 10}}}).value();
  const auto first = std::find_if(gpt2.layers.begin(), gpt2.layers.end(), [](const Layer& l) { return l.kind == LayerKind::kMatMul; });
  EXPECT_EQ(macs[static_cast<std::size_t>(first - gpt2.layers.begin())], 2U * 10 * 224 * 672);
  EXPECT_FALSE(count_macs(gpt2, {{"ids", {2, 10}}}));
  EXPECT_FALSE(count_macs(gpt2, {{"input_ids", {2, 10, 1}}}));
}

// Weights of 3 inputs x 2 outputs, values 0..5, in several dresses.
std::shared_ptr<ov::Model> dressed(int dress) {
  auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, dress == 3 ? 2 : 3});
  std::shared_ptr<ov::Node> y;
  const std::vector<float> values = {0, 1, 2, 3, 4, 5};
  if (dress == 0) {
    y = std::make_shared<ov::op::v0::MatMul>(x, ov::op::v0::Constant::create(ov::element::f32, {3, 2}, values));
  } else if (dress == 1) {  // fp16, converted and transposed
    auto half = ov::op::v0::Constant::create(ov::element::f16, {2, 3}, values);
    auto full = std::make_shared<ov::op::v0::Convert>(half, ov::element::f32);
    auto turned = std::make_shared<ov::op::v1::Transpose>(full, ov::op::v0::Constant::create(ov::element::i64, {2}, {1, 0}));
    y = std::make_shared<ov::op::v0::MatMul>(x, turned);
  } else if (dress == 2) {
    y = std::make_shared<ov::op::v0::MatMul>(x, ov::op::v0::Constant::create(ov::element::f32, {2, 3}, values), false, true);
  } else {  // on the left
    y = std::make_shared<ov::op::v0::MatMul>(ov::op::v0::Constant::create(ov::element::f32, {2, 3}, values), x, false, true);
  }
  return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
}

TEST(Graph, WeightsInAllDresses) {
  const std::vector<std::vector<float>> wanted = {{0, 2, 4, 1, 3, 5}, {0, 1, 2, 3, 4, 5}, {0, 1, 2, 3, 4, 5}};
  for (int dress = 0; dress < 3; ++dress) {
    const Folder folder;
    ov::save_model(dressed(dress), folder.file("m.xml"), false);
    const Graph graph = load(folder.file("m.xml")).value();
    ASSERT_EQ(graph.weights.size(), 1U) << dress;
    EXPECT_EQ(graph.weights[0].rows, 2U);
    EXPECT_EQ(graph.weights[0].cols, 3U);
    EXPECT_EQ(weight_values(graph, 0).value(), wanted[static_cast<std::size_t>(dress)]) << dress;
  }
}

TEST(Graph, Damaged) {
  const Folder folder;
  EXPECT_EQ(load(folder.file("none.onnx")).error().kind, ErrorKind::kInput);
  std::ofstream(folder.file("empty.onnx")).flush();
  EXPECT_EQ(load(folder.file("empty.onnx")).error().kind, ErrorKind::kInput);
  std::ofstream(folder.file("text.onnx")) << "hello, this is no model";
  EXPECT_EQ(load(folder.file("text.onnx")).error().kind, ErrorKind::kInput);
  std::ifstream file(kZoo + "albert/model.onnx", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (const std::size_t part : {1, 10, 50, 90, 99}) {
    std::ofstream(folder.file("cut.onnx"), std::ios::binary).write(whole.data(), static_cast<std::streamsize>(whole.size() * part / 100));
    const auto cut = load(folder.file("cut.onnx"));
    ASSERT_FALSE(cut) << part;
    EXPECT_NE(cut.error().message().find("cut.onnx"), std::string::npos);
  }
}

TEST(Graph, Selection) {
  const Graph gpt2 = load(kZoo + "gpt2/model.onnx").value();
  const auto chosen = [&](const Selection& selection) {
    const auto flags = select(gpt2, selection).value();
    return std::count(flags.begin(), flags.end(), true);
  };
  EXPECT_EQ(chosen({}), 27);
  EXPECT_EQ(chosen({.include = {}, .exclude = {}, .attention = true}), 39);
  EXPECT_EQ(chosen({.include = {"mlp"}, .exclude = {}, .attention = false}), 12);
  EXPECT_EQ(chosen({.include = {"mlp"}, .exclude = {"h\\.0\\."}, .attention = false}), 10);
  EXPECT_EQ(select(gpt2, {.include = {"("}, .exclude = {}, .attention = false}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(select(gpt2, {.include = {"absent"}, .exclude = {}, .attention = false}).error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace posittune::model
