#pragma once

// Small models for tests, and plain OpenVINO to compare with.

#include <memory>
#include <openvino/core/model.hpp>
#include <openvino/core/node.hpp>
#include <string>
#include <vector>

#include "posittune/base/tensor.h"
#include "posittune/engine/engine.h"
#include "posittune/model/graph.h"

namespace posittune::testing {

// A constant of normal values.
std::shared_ptr<ov::Node> random_constant(const ov::Shape& shape, std::uint32_t seed);
Tensor random_tensor(const TensorShape& shape, std::uint32_t seed);

// The model as a file (IR), loaded as a user's would be.
model::Graph load_model(const std::shared_ptr<ov::Model>& model);

// Engine with all layers chosen, attention products too.
engine::Engine make_engine(model::Graph graph, int threads = 2);

// Outputs of the model without any of our nodes.
Tensors run_plain(const std::shared_ptr<ov::Model>& model, const Tensors& inputs);

// Largest difference over the largest magnitude.
double relative_difference(const Tensor& a, const Tensor& b);

}  // namespace posittune::testing
