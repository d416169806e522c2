#pragma once

// Small ONNX models in memory, and their outputs by OpenVINO.

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "posittune/exporter/onnx_graph.h"

namespace posittune::exporter::test {

// A model with a float input "x" of these dims (-1: open) and no nodes.
onnx::ModelProto model_of(std::int64_t opset, const std::vector<std::int64_t>& dims);
onnx::NodeProto& add_node(onnx::ModelProto& model, const std::string& op, const std::string& name,
                          const std::vector<std::string>& inputs, const std::string& output);
void add_floats(onnx::ModelProto& model, const std::string& name,
                const std::vector<std::int64_t>& dims, const std::vector<float>& values);
void add_output(onnx::ModelProto& model, const std::string& name);
// The first output for this input, by OpenVINO with float32 products.
std::vector<float> run(const onnx::ModelProto& model, const std::vector<std::size_t>& shape,
                       std::vector<float> x);

}  // namespace posittune::exporter::test
