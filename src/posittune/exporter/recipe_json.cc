#include "posittune/exporter/recipe_json.h"

#include <nlohmann/json.hpp>

#include "posittune/exporter/strict_json.h"
#include "posittune/formats/format.h"

namespace posittune::exporter {
namespace {

using nlohmann::ordered_json;

ordered_json names_of(const std::vector<formats::Format>& formats) {
  ordered_json names = ordered_json::array();
  for (const formats::Format& format : formats) names.push_back(formats::name(format));
  return names;
}

ordered_json window_json(const quant::RowWindow& window) {
  ordered_json object = {
      {"first", window.first}, {"count", window.count}, {"format", formats::name(window.format)}};
  if (!window.alternatives.empty()) object["alternatives"] = names_of(window.alternatives);
  object["scale"] = quant::name(window.rule);
  return object;
}

ordered_json weight_json(const quant::WeightSetting& setting) {
  ordered_json object = {{"format", formats::name(setting.format)}};
  if (!setting.alternatives.empty()) object["alternatives"] = names_of(setting.alternatives);
  object["scale"] = quant::name(setting.rule);
  object["granularity"] = quant::granularity_text(setting);
  if (setting.input_weighted) object["input_weighted"] = true;
  if (setting.rounding != quant::Rounding::kNearest)
    object["rounding"] = quant::name(setting.rounding);
  if (setting.bias_correction) object["bias_correction"] = true;
  for (const quant::RowWindow& window : setting.windows)
    object["windows"].push_back(window_json(window));
  return object;
}

ordered_json activation_json(const quant::ActivationSetting& setting) {
  return {{"format", formats::name(setting.format)},
          {"scale", quant::name(setting.rule)},
          {"chosen", quant::name(setting.scale)}};
}

// YAML of a document: JSON, but for "? " before each key, which may then be of any length.
std::string flow_yaml(const nlohmann::json& value) {
  if (!value.is_structured()) return value.dump();
  std::string text;
  for (const auto& [key, item] : value.items()) {
    if (!text.empty()) text += ", ";
    if (value.is_object()) text += "? " + nlohmann::json(key).dump() + " : ";
    text += flow_yaml(item);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

}  // namespace

Result<std::string> to_json(const quant::Recipe& recipe, const std::string& model_sha256) {
  ordered_json document = {{"version", 1}};
  if (!model_sha256.empty()) document["model_sha256"] = model_sha256;
  document["accumulate"] = recipe.accumulate == quant::Accumulate::kQuire ? "quire" : "fp32";
  document["weights"] = ordered_json::object();
  document["activations"] = ordered_json::object();
  for (const auto& [name, setting] : recipe.weights)
    document["weights"][name] = weight_json(setting);
  for (const auto& [name, setting] : recipe.activations)
    document["activations"][name] = activation_json(setting);
  try {
    return document.dump(2) + "\n";
  } catch (const nlohmann::json::type_error&) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "a recipe cannot be written as JSON",
                 .expected = "names in UTF-8",
                 .found = "other bytes"};
  }
}

Result<quant::Recipe> recipe_from_json(const std::string& text, const std::string& where) {
  const auto document = parse_strict(text, where);
  if (!document) return document.error();
  return quant::recipe_from_yaml(flow_yaml(*document), where);
}

}  // namespace posittune::exporter
