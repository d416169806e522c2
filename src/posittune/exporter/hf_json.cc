#include "posittune/exporter/hf_json.h"

#include <nlohmann/json.hpp>

#include "posittune/exporter/strict_json.h"

namespace posittune::exporter {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Error bad_json(const std::string& where, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "a file of the model is not as it should be",
          .where = where,
          .expected = expected,
          .found = found};
}

ordered_json weights_json(const CompressedScheme& scheme) {
  ordered_json weights = {{"num_bits", scheme.bits}, {"type", scheme.type},
                          {"symmetric", true},       {"strategy", scheme.strategy},
                          {"group_size", nullptr},   {"dynamic", false}};
  if (scheme.group > 0) weights["group_size"] = scheme.group;
  if (scheme.blocks) {
    weights["scale_dtype"] = "torch.uint8";
    weights["zp_dtype"] = "torch.uint8";
  }
  return weights;
}

ordered_json group_json(const CompressedScheme& scheme, const std::vector<std::string>& modules) {
  ordered_json group = {{"targets", modules},
                        {"weights", weights_json(scheme)},
                        {"input_activations", nullptr},
                        {"output_activations", nullptr},
                        {"format", scheme.format}};
  if (scheme.int8_tokens) {
    group["input_activations"] = {{"num_bits", 8},         {"type", "int"},
                                  {"symmetric", true},     {"strategy", "token"},
                                  {"group_size", nullptr}, {"dynamic", true}};
  }
  return group;
}

ordered_json quantization_json(const CompressedConfig& config) {
  std::set<std::string> formats;
  ordered_json groups = ordered_json::object();
  for (const auto& [scheme, modules] : config.modules) {
    formats.insert(scheme.format);
    groups["group_" + std::to_string(groups.size())] = group_json(scheme, modules);
  }
  return {{"quant_method", "compressed-tensors"},
          {"format", formats.size() == 1 ? *formats.begin() : "mixed-precision"},
          {"quantization_status", "compressed"},
          {"config_groups", groups},
          {"ignore", config.ignored}};
}

}  // namespace

Result<std::set<std::string>> files_of_index(const std::string& text, const std::string& where) {
  const auto document = parse_strict(text, where);
  if (!document) return document.error();
  const auto map = document->is_object() ? document->find("weight_map") : document->end();
  if (map == document->end() || !map->is_object())
    return bad_json(where, "weight_map", "no such object");
  std::set<std::string> files;
  for (const json& file : *map) {
    if (!file.is_string()) return bad_json(where, "names of files", file.type_name());
    files.insert(file.get<std::string>());
  }
  return files;
}

Result<std::string> changed_config(const std::string& text, const std::string& dtype,
                                   const std::optional<CompressedConfig>& compressed,
                                   const std::string& where) {
  if (const auto valid = parse_strict(text, where); !valid) return valid.error();
  ordered_json config = ordered_json::parse(text);
  if (!config.is_object()) return bad_json(where, "an object", config.type_name());
  if (config.contains("quantization_config"))
    return bad_json(where, "a model that is not quantized", "quantization_config");
  // Older files have torch_dtype; both are read.
  config[config.contains("torch_dtype") ? "torch_dtype" : "dtype"] = dtype;
  if (compressed) config["quantization_config"] = quantization_json(*compressed);
  return config.dump(2) + "\n";
}

}  // namespace posittune::exporter
