#pragma once

// The JSON of a folder of transformers.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::exporter {

// The files that model.safetensors.index.json names.
Result<std::set<std::string>> files_of_index(const std::string& text, const std::string& where);

// How the weights of some modules are stored: a group of compressed-tensors' config.
struct CompressedScheme {
  std::string format;  // "pack-quantized"
  std::string type;    // "int", "float"
  int bits = 0;
  std::string strategy;  // "tensor", "channel", "group"
  std::size_t group = 0;
  bool blocks = false;       // MX: scales are E8M0
  bool int8_tokens = false;  // inputs are rounded to int8, with a scale for each token

  friend auto operator<=>(const CompressedScheme&, const CompressedScheme&) = default;
};
struct CompressedConfig {
  std::map<CompressedScheme, std::vector<std::string>> modules;  // by how they are stored
  std::vector<std::string> ignored;                              // modules that stay whole
};

// config.json with another type of numbers ("float32"), and with quantization_config. kInput where
// it is no object, or is quantized already.
Result<std::string> changed_config(const std::string& text, const std::string& dtype,
                                   const std::optional<CompressedConfig>& compressed,
                                   const std::string& where);

}  // namespace posittune::exporter
