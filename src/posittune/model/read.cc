#include "posittune/model/read.h"

#include <algorithm>
#include <filesystem>
#include <openvino/frontend/extension/conversion.hpp>
#include <openvino/frontend/manager.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <openvino/runtime/core.hpp>
#include <regex>

#include "posittune/base/memory.h"
#include "posittune/model/onnx_names.h"
#include "posittune/model/transposed_convolution.h"

namespace posittune::model {
namespace {

// Tensors inside the graph have shapes there only where an exporter wrote them.
std::map<std::string, ov::PartialShape> declared_shapes(const ov::frontend::InputModel& file,
                                                        const ov::Model& model) {
  std::map<std::string, ov::PartialShape> declared;
  for (const auto& node : model.get_ordered_ops()) {
    if (ov::is_type<ov::op::v0::Constant>(node) || ov::is_type<ov::op::v0::Parameter>(node))
      continue;
    for (const auto& output : node->outputs()) {
      for (const std::string& name : output.get_names()) {
        const auto place = file.get_place_by_tensor_name(name);
        if (place != nullptr) declared.emplace(name, file.get_partial_shape(place));
      }
    }
  }
  return declared;
}

ov::frontend::FrontEnd::Ptr onnx_front_end() {
  // The ONNX front end alone: a core would try all it has, and some print what they think of it.
  static ov::frontend::FrontEndManager* manager = new ov::frontend::FrontEndManager;
  const auto onnx = manager->load_by_framework("onnx");
  const ov::frontend::CreatorFunction converter = convert_transposed_convolution;
  onnx->add_extension(
      std::make_shared<ov::frontend::ConversionExtension>("ConvTranspose", converter));
  return onnx;
}

Error damaged(const std::string& path) {
  return {.kind = ErrorKind::kInput,
          .what = "cannot read the model: damaged, or not an ONNX or IR file",
          .where = path};
}

}  // namespace

std::string first_lines(const std::string& message) {
  static const std::regex noise(R"(((Exception|Check) .*(failed|from) .*:\d+:?\n?)|(\n\s*$))");
  // The file's own names are in there, and std::regex recurses over them: long ones are cut first.
  std::string text = std::regex_replace(message.substr(0, 4000), noise, "");
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.size() > 400 ? text.substr(0, 400) + " ..." : text;
}

Result<ModelFile> read_file(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return Error{
        .kind = ErrorKind::kInput,
        .what = "cannot open the model",
        .where = path,
        .expected = "an ONNX file (.onnx) or OpenVINO IR (.xml with .bin)",
        .found = std::filesystem::exists(path, ignored) ? "not a regular file" : "no such file"};
  }
  try {
    // Converters and front ends live as long as the process: models share them.
    static ov::Core* core = new ov::Core;
    if (std::filesystem::path(path).extension() == ".xml")
      return ModelFile{core->read_model(path), {}};
    const auto onnx = onnx_front_end();
    const auto loaded = onnx->load(path);
    if (loaded == nullptr) return damaged(path);
    loaded->get_outputs();  // reads the file's places, which are not to be had after the conversion
    ModelFile file{onnx->convert(loaded), {}};
    restore_names(*file.model);
    file.declared = declared_shapes(*loaded, *file.model);
    return file;
  } catch (const std::exception& error) {
    if (memory_ended(error.what())) return out_of_memory(path);
    const std::string text = error.what();
    const bool unsupported = text.find("onversion") != std::string::npos ||
                             text.find("not supported") != std::string::npos ||
                             text.find("unsupported") != std::string::npos;
    Error failed = damaged(path);
    if (unsupported) failed.kind = ErrorKind::kUnsupported;
    if (unsupported) failed.what = "the model has an operator that cannot be read";
    failed.found = first_lines(text);
    return failed;
  }
}

}  // namespace posittune::model
