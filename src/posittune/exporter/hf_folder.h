#pragma once

// A folder as transformers saves models: config.json, tensors in safetensors files, a tokenizer.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/exporter/safetensors.h"

namespace posittune::exporter {

class HfFolder {
 public:
  // Reads config.json and the headers of model.safetensors, or of the files that
  // model.safetensors.index.json names. kInput where there are none, or they do not fit.
  static Result<HfFolder> open(const std::string& folder);

  const std::string& path() const { return path_; }
  const std::string& config() const { return config_; }
  std::vector<std::string> names() const;  // of all tensors, sorted

  // The tensor of a parameter as a model in ONNX names it. Folders of a model without a head leave
  // out the first word ("transformer."), and have tied weights once, as the table of embeddings.
  std::optional<std::string> find(const std::string& parameter) const;

  // Of a name that find() gave.
  const TensorEntry& entry(const std::string& name) const;
  Result<std::string> bytes(const std::string& name) const;
  // Its numbers as float32. kUnsupported for other types than F32, F16, BF16.
  Result<std::vector<float>> floats(const std::string& name) const;

  // Files of the tokenizer and other settings, without config.json: names in the folder.
  std::vector<std::string> other_files() const;

 private:
  struct Place {
    std::shared_ptr<const SafetensorsFile> file;
    const TensorEntry* entry = nullptr;
  };

  std::string path_, config_;
  std::map<std::string, Place> tensors_;
};

// Whether a type of tensors holds floats that floats() reads.
bool is_float(const std::string& dtype);

}  // namespace posittune::exporter
