#include "tests/exporter/graphs.h"

#include <algorithm>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>

namespace posittune::exporter::test {

onnx::ModelProto model_of(std::int64_t opset, const std::vector<std::int64_t>& dims) {
  onnx::ModelProto model;
  model.set_ir_version(opset > 20 ? 10 : 8);
  model.add_opset_import()->set_version(opset);
  model.mutable_graph()->set_name("g");
  auto& input = *model.mutable_graph()->add_input();
  input.set_name("x");
  auto& type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) {
    auto& to = *type.mutable_shape()->add_dim();
    if (dim < 0) {
      to.set_dim_param("n");
    } else {
      to.set_dim_value(dim);
    }
  }
  return model;
}

onnx::NodeProto& add_node(onnx::ModelProto& model, const std::string& op, const std::string& name,
                          const std::vector<std::string>& inputs, const std::string& output) {
  onnx::NodeProto& node = *model.mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

void add_floats(onnx::ModelProto& model, const std::string& name,
                const std::vector<std::int64_t>& dims, const std::vector<float>& values) {
  auto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
}

void add_output(onnx::ModelProto& model, const std::string& name) {
  auto& output = *model.mutable_graph()->add_output();
  output.set_name(name);
  output.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
}

std::vector<float> run(const onnx::ModelProto& model, const std::vector<std::size_t>& shape,
                       std::vector<float> x) {
  ov::Core core;
  const auto read = core.read_model(model.SerializeAsString(), ov::Tensor());
  auto compiled = core.compile_model(read, "CPU", ov::hint::inference_precision(ov::element::f32),
                                     ov::hint::dynamic_quantization_group_size(std::uint64_t{0}));
  auto request = compiled.create_infer_request();
  if (!read->inputs().empty())
    request.set_input_tensor(0, ov::Tensor(ov::element::f32, ov::Shape(shape), x.data()));
  request.infer();
  const ov::Tensor y = request.get_output_tensor(0);
  return {y.data<float>(), y.data<float>() + y.get_size()};
}

}  // namespace posittune::exporter::test
