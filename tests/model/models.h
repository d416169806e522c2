#pragma once

// Small models for tests: built in code, written as OpenVINO IR, and run by
// OpenVINO itself.

#include <cstdint>
#include <map>
#include <memory>
#include <openvino/core/model.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/if.hpp>
#include <openvino/op/parameter.hpp>
#include <string>
#include <vector>

#include "posittune/base/tensor.h"
#include "posittune/model/graph.h"
#include "tests/base/temporary_folder.h"

namespace posittune::test {

std::string zoo(const std::string& model);  // zoo/MODEL/model.onnx

std::vector<float> normal(std::size_t count, float sigma, unsigned seed);
Tensor normal_tensor(const TensorShape& shape, unsigned seed, float sigma = 1);
Tensor float_tensor(const TensorShape& shape, const std::vector<float>& values);
Tensor index_tensor(const TensorShape& shape, const std::vector<std::int64_t>& values);

std::shared_ptr<ov::op::v0::Parameter> parameter(const ov::PartialShape& shape,
                                                 const std::string& name = "x",
                                                 ov::element::Type type = ov::element::f32);
std::shared_ptr<ov::op::v0::Constant> constant(const ov::Shape& shape,
                                               const std::vector<float>& values,
                                               const std::string& name = "w");
std::shared_ptr<ov::op::v0::Constant> normal_constant(const ov::Shape& shape, unsigned seed,
                                                      const std::string& name = "w",
                                                      float sigma = 1);
std::shared_ptr<ov::op::v0::Constant> integers(const ov::Shape& shape,
                                               const std::vector<std::int64_t>& values);

// A branch of an If: `output` follows from its one input.
struct Branch {
  Branch(std::shared_ptr<ov::op::v0::Parameter> in, const ov::Output<ov::Node>& output);
  std::shared_ptr<ov::op::v0::Parameter> input;
  std::shared_ptr<ov::Model> body;
};
// An If whose branches read `x`.
std::shared_ptr<ov::op::v8::If> if_of(const ov::Output<ov::Node>& condition,
                                      const ov::Output<ov::Node>& x, const Branch& then_branch,
                                      const Branch& else_branch);

// A model of named parameters and one output "y".
std::shared_ptr<ov::Model> model_of(const ov::Output<ov::Node>& output,
                                    const ov::ParameterVector& parameters);

// Writes the model as IR and reads it by model::load; the test fails when that
// fails.
model::Graph load_ir(const std::shared_ptr<ov::Model>& model);

// What OpenVINO gives for a model without our nodes, on two threads.
Tensors run_plain(const std::shared_ptr<ov::Model>& model, const Tensors& inputs);

// Inputs of a zoo model: `batch` items (of `length` tokens).
Tensors zoo_inputs(const model::Graph& graph, std::size_t batch, std::size_t length, unsigned seed);

// The largest |a - b| over the largest |b|; infinite when shapes or NaNs
// differ.
double relative_difference(const Tensor& a, const Tensor& b);
bool same_bits(const Tensors& a, const Tensors& b);

}  // namespace posittune::test
