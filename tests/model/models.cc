#include "tests/model/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <openvino/core/graph_util.hpp>
#include <openvino/op/result.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>
#include <random>
#include <utility>

#include "posittune/model/tensors.h"

namespace posittune::test {
namespace {

// Never destroyed: OpenVINO's plugins may outlive the statics of a program.
ov::Core& core() {
  static auto* core = new ov::Core;
  return *core;
}

}  // namespace

std::string zoo(const std::string& model) {
  return std::string(POSITTUNE_SOURCE_DIR) + "/zoo/" + model + "/model.onnx";
}

std::vector<float> normal(std::size_t count, float sigma, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, sigma);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(random);
  return values;
}

Tensor float_tensor(const TensorShape& shape, const std::vector<float>& values) {
  Tensor tensor = Tensor::zeros(ElementType::kF32, shape);
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return tensor;
}

Tensor normal_tensor(const TensorShape& shape, unsigned seed, float sigma) {
  return float_tensor(shape, normal(element_count(shape), sigma, seed));
}

Tensor index_tensor(const TensorShape& shape, const std::vector<std::int64_t>& values) {
  Tensor tensor = Tensor::zeros(ElementType::kI64, shape);
  std::copy(values.begin(), values.end(), tensor.as<std::int64_t>().begin());
  return tensor;
}

std::shared_ptr<ov::op::v0::Parameter> parameter(const ov::PartialShape& shape,
                                                 const std::string& name, ov::element::Type type) {
  auto node = std::make_shared<ov::op::v0::Parameter>(type, shape);
  node->set_friendly_name(name);
  node->output(0).set_names({name});
  return node;
}

std::shared_ptr<ov::op::v0::Constant> constant(const ov::Shape& shape,
                                               const std::vector<float>& values,
                                               const std::string& name) {
  auto node = std::make_shared<ov::op::v0::Constant>(ov::element::f32, shape, values);
  node->set_friendly_name(name);
  return node;
}

std::shared_ptr<ov::op::v0::Constant> normal_constant(const ov::Shape& shape, unsigned seed,
                                                      const std::string& name, float sigma) {
  return constant(shape, normal(ov::shape_size(shape), sigma, seed), name);
}

std::shared_ptr<ov::op::v0::Constant> integers(const ov::Shape& shape,
                                               const std::vector<std::int64_t>& values) {
  return ov::op::v0::Constant::create(ov::element::i64, shape, values);
}

Branch::Branch(std::shared_ptr<ov::op::v0::Parameter> in, const ov::Output<ov::Node>& output)
    : input(std::move(in)),
      body(std::make_shared<ov::Model>(ov::OutputVector{output}, ov::ParameterVector{input})) {}

std::shared_ptr<ov::op::v8::If> if_of(const ov::Output<ov::Node>& condition,
                                      const ov::Output<ov::Node>& x, const Branch& then_branch,
                                      const Branch& else_branch) {
  auto node = std::make_shared<ov::op::v8::If>(condition);
  node->set_then_body(then_branch.body);
  node->set_else_body(else_branch.body);
  node->set_input(x, then_branch.input, else_branch.input);
  node->set_output(then_branch.body->get_results()[0], else_branch.body->get_results()[0]);
  return node;
}

std::shared_ptr<ov::Model> model_of(const ov::Output<ov::Node>& output,
                                    const ov::ParameterVector& parameters) {
  ov::Output<ov::Node> named = output;
  named.set_names({"y"});
  return std::make_shared<ov::Model>(ov::ResultVector{std::make_shared<ov::op::v0::Result>(named)},
                                     parameters);
}

model::Graph load_ir(const std::shared_ptr<ov::Model>& model) {
  const TemporaryFolder folder;
  // The weights are copied out of the file: it goes before the model does.
  ov::serialize(model, folder.file("model.xml"), folder.file("model.bin"));
  auto graph = model::load(folder.file("model.xml"));
  if (!graph) {
    ADD_FAILURE() << graph.error().message();
    return {};
  }
  return std::move(*graph);
}

Tensors run_plain(const std::shared_ptr<ov::Model>& model, const Tensors& inputs) {
  auto compiled =
      core().compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32),
                           ov::num_streams(1), ov::inference_num_threads(2));
  auto request = compiled.create_infer_request();
  for (const auto& [name, tensor] : inputs) request.set_tensor(name, model::view(tensor));
  request.infer();
  Tensors outputs;
  for (const auto& port : compiled.outputs()) {
    outputs[port.get_any_name()] = std::move(*model::to_tensor(request.get_tensor(port)));
  }
  return outputs;
}

Tensors zoo_inputs(const model::Graph& graph, std::size_t batch, std::size_t length,
                   unsigned seed) {
  std::mt19937 random(seed);
  Tensors inputs;
  for (const TensorInfo& info : graph.inputs) {
    TensorShape shape;
    for (const std::int64_t dim : info.dims) {
      const std::size_t open = shape.empty() ? batch : length;
      shape.push_back(dim < 0 ? open : static_cast<std::size_t>(dim));
    }
    Tensor tensor = Tensor::zeros(info.type, shape);
    if (info.type == ElementType::kI64) {
      const bool mask = info.name.find("mask") != std::string::npos;
      const bool types = info.name.find("type") != std::string::npos;
      for (auto& value : tensor.as<std::int64_t>())
        value = mask ? 1 : types ? 0 : static_cast<std::int64_t>(random() % 4000);
    } else {
      for (auto& value : tensor.as<float>()) value = static_cast<float>(random() % 256) / 255.0F;
    }
    inputs[info.name] = std::move(tensor);
  }
  return inputs;
}

double relative_difference(const Tensor& a, const Tensor& b) {
  if (a.shape != b.shape || a.type != b.type) return std::numeric_limits<double>::infinity();
  const auto x = a.as<float>(), y = b.as<float>();
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(y[i])) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::fabs(double{y[i]}));
    difference = std::max(difference, std::fabs(double{x[i]} - double{y[i]}));
  }
  return difference == 0 ? 0 : difference / largest;
}

bool same_bits(const Tensors& a, const Tensors& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    const auto other = b.find(name);
    if (other == b.end() || other->second.shape != tensor.shape ||
        other->second.bytes != tensor.bytes)
      return false;
  }
  return true;
}

}  // namespace posittune::test
