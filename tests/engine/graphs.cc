#include "tests/engine/graphs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <openvino/core/graph_util.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/runtime/core.hpp>
#include <random>

#include "posittune/model/tensors.h"

namespace posittune::testing {

std::shared_ptr<ov::Node> random_constant(const ov::Shape& shape, std::uint32_t seed) {
  const Tensor values = random_tensor(TensorShape(shape), seed);
  return std::make_shared<ov::op::v0::Constant>(ov::element::f32, shape, values.bytes.data());
}

Tensor random_tensor(const TensorShape& shape, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor tensor = Tensor::zeros(ElementType::kF32, shape);
  for (float& value : tensor.as<float>()) value = normal(random);
  return tensor;
}

model::Graph load_model(const std::shared_ptr<ov::Model>& model) {
  std::string folder = (std::filesystem::temp_directory_path() / "posittune-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
  const std::string path = folder + "/model.xml";
  ov::save_model(model, path, false);
  auto graph = model::load(path);
  if (!graph) throw std::runtime_error(graph.error().message());
  // The weights may be mapped: the file goes, its pages stay.
  std::filesystem::remove_all(folder);
  return std::move(*graph);
}

engine::Engine make_engine(model::Graph graph, int threads) {
  auto chosen = model::select(graph, {.include = {}, .exclude = {}, .attention = true});
  auto engine = engine::Engine::create(std::move(graph), {*chosen, threads});
  if (!engine) throw std::runtime_error(engine.error().message());
  return std::move(*engine);
}

Tensors run_plain(const std::shared_ptr<ov::Model>& model, const Tensors& inputs) {
  ov::Core core;
  auto request = core.compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32)).create_infer_request();
  for (const auto& [name, tensor] : inputs) request.set_tensor(name, model::view(tensor));
  request.infer();
  Tensors outputs;
  for (const auto& port : model->outputs()) {
    outputs[port.get_any_name()] = model::to_tensor(request.get_tensor(port)).value();
  }
  return outputs;
}

double relative_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape, b.shape);
  const auto x = a.as<float>(), y = b.as<float>();
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(y[i])));
    const double one = std::abs(static_cast<double>(x[i]) - y[i]);
    difference = one <= difference ? difference : one;  // a NaN stays
  }
  return largest > 0 ? difference / largest : difference;
}

}  // namespace posittune::testing
