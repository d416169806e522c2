#pragma once

// Model files as OpenVINO's graph.

#include <map>
#include <memory>
#include <openvino/core/model.hpp>
#include <openvino/core/partial_shape.hpp>
#include <string>

#include "posittune/base/result.h"

namespace posittune::model {

// OpenVINO's message without its source positions.
std::string first_lines(const std::string& message);

struct ModelFile {
  std::shared_ptr<ov::Model> model;
  // Shapes that an ONNX file declares, by the names of outputs and of tensors inside the graph.
  std::map<std::string, ov::PartialShape> declared;
};

// Reads a model file. ConvTranspose is read as ONNX defines it, see transposed_convolution.h.
// Errors: as model::load().
Result<ModelFile> read_file(const std::string& path);

}  // namespace posittune::model
