// Recipes as YAML.

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "posittune/quant/recipe.h"
#include "posittune/quant/recipe_file.h"

namespace posittune::quant {
namespace {

constexpr int kRecipeVersion = 1;

std::string quoted(const std::string& key) {
  YAML::Emitter out;
  out << key;
  return out.c_str();
}

void write_alternatives(YAML::Emitter& out, const std::vector<formats::Format>& alternatives) {
  if (alternatives.empty()) return;
  out << YAML::Key << "alternatives" << YAML::Value << YAML::BeginSeq;
  for (const formats::Format& format : alternatives) out << formats::name(format);
  out << YAML::EndSeq;
}

std::string weight_text(const WeightSetting& setting) {
  YAML::Emitter out;
  out << YAML::Flow << YAML::BeginMap;
  out << YAML::Key << "format" << YAML::Value << formats::name(setting.format);
  write_alternatives(out, setting.alternatives);
  out << YAML::Key << "scale" << YAML::Value << std::string(name(setting.rule));
  out << YAML::Key << "granularity" << YAML::Value << granularity_text(setting);
  if (setting.input_weighted) out << YAML::Key << "input_weighted" << YAML::Value << true;
  if (setting.rounding != Rounding::kNearest) {
    out << YAML::Key << "rounding" << YAML::Value << std::string(name(setting.rounding));
  }
  if (setting.bias_correction) out << YAML::Key << "bias_correction" << YAML::Value << true;
  if (!setting.windows.empty()) {
    out << YAML::Key << "windows" << YAML::Value << YAML::BeginSeq;
    for (const RowWindow& window : setting.windows) {
      out << YAML::BeginMap << YAML::Key << "first" << YAML::Value << window.first;
      out << YAML::Key << "count" << YAML::Value << window.count;
      out << YAML::Key << "format" << YAML::Value << formats::name(window.format);
      write_alternatives(out, window.alternatives);
      out << YAML::Key << "scale" << YAML::Value << std::string(name(window.rule)) << YAML::EndMap;
    }
    out << YAML::EndSeq;
  }
  out << YAML::EndMap;
  return out.c_str();
}

std::string activation_text(const ActivationSetting& setting) {
  YAML::Emitter out;
  out << YAML::Flow << YAML::BeginMap;
  out << YAML::Key << "format" << YAML::Value << formats::name(setting.format);
  out << YAML::Key << "scale" << YAML::Value << std::string(name(setting.rule));
  out << YAML::Key << "chosen" << YAML::Value << std::string(name(setting.scale));
  out << YAML::EndMap;
  return out.c_str();
}

// One entry of a block map. YAML allows 1024 characters for a key on the line of its value, and
// yaml-cpp's emitter does not look.
std::string entry_text(const std::string& key, const std::string& value) {
  constexpr std::size_t kShort = 1000;
  const std::string text = quoted(key);
  const bool one_line = text.size() <= kShort;
  return (one_line ? "  " : "  ? ") + text + (one_line ? ": " : "\n  : ") + value + "\n";
}

template <class Settings, class Text>
std::string section_text(const char* name, const Settings& settings, Text text) {
  if (settings.empty()) return std::string(name) + ": {}\n";
  std::string section = std::string(name) + ":\n";
  for (const auto& [key, setting] : settings) section += entry_text(key, text(setting));
  return section;
}

Error bad_recipe(const std::string& where, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "not a recipe",
          .where = where,
          .expected = "a map with version, model_sha256, weights, activations, accumulate",
          .found = found};
}

// Only the given keys may be in a map.
Status check_keys(const YAML::Node& node, const std::set<std::string>& known,
                  const std::string& where) {
  if (!node.IsMap()) return bad_recipe(where, "not a map");
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    if (!known.contains(key)) return bad_recipe(where, "unknown key '" + key + "'");
  }
  return success();
}

std::string text_at(const YAML::Node& node, const char* key, const char* otherwise) {
  return node[key] ? node[key].as<std::string>() : otherwise;
}

// `weights` and `activations` may be missing or empty, but not anything else than a map.
Status check_section(const YAML::Node& root, const char* key, const std::string& where) {
  const YAML::Node node = root[key];
  if (!node || node.IsNull() || node.IsMap()) return success();
  return bad_recipe(where + ", " + key, "not a map");
}

Error at(Error error, const std::string& where) {
  error.where = where;
  return error;
}

Result<std::size_t> read_count(const YAML::Node& node, const char* key, const std::string& where) {
  const std::string text = node[key] && node[key].IsScalar() ? node[key].Scalar() : "";
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (!text.empty() && error == std::errc{} && end == text.data() + text.size()) return count;
  return bad_recipe(where, std::string(key) + " is no number of channels" +
                               (text.empty() ? "" : ": '" + text + "'"));
}

// Reads alternatives; parts() checks that rows can choose among them.
Result<std::vector<formats::Format>> read_alternatives(const YAML::Node& node,
                                                       const std::string& where) {
  std::vector<formats::Format> alternatives;
  const YAML::Node list = node["alternatives"];
  if (list && !list.IsSequence()) return bad_recipe(where + ", alternatives", "not a list");
  for (const auto& entry : list) {
    auto format = formats::parse_format(entry.as<std::string>());
    if (!format) return at(format.error(), where + ", alternatives");
    alternatives.push_back(*format);
  }
  return alternatives;
}

Result<RowWindow> read_window(const YAML::Node& node, const std::string& where) {
  if (const Status ok =
          check_keys(node, {"first", "count", "format", "alternatives", "scale"}, where);
      !ok) {
    return ok.error();
  }
  auto format = formats::parse_format(text_at(node, "format", ""));
  if (!format) return at(format.error(), where);
  auto rule = parse_scale_rule(text_at(node, "scale", "rms_pow2"));
  if (!rule) return at(rule.error(), where);
  auto first = read_count(node, "first", where);
  if (!first) return first.error();
  auto count = read_count(node, "count", where);
  if (!count) return count.error();
  auto alternatives = read_alternatives(node, where);
  if (!alternatives) return alternatives.error();
  return RowWindow{*first, *count, *format, *rule, *alternatives};
}

Result<WeightSetting> read_weight(const YAML::Node& node, const std::string& where) {
  if (const Status ok = check_keys(node,
                                   {"format", "alternatives", "scale", "granularity",
                                    "input_weighted", "rounding", "bias_correction", "windows"},
                                   where);
      !ok) {
    return ok.error();
  }
  WeightSetting setting;
  auto format = formats::parse_format(text_at(node, "format", ""));
  if (!format) return at(format.error(), where);
  auto rule = parse_scale_rule(text_at(node, "scale", "rms_pow2"));
  if (!rule) return at(rule.error(), where);
  setting.format = *format;
  setting.rule = *rule;
  if (const Status ok = parse_granularity(text_at(node, "granularity", "tensor"), setting); !ok) {
    return at(ok.error(), where);
  }
  setting.input_weighted = node["input_weighted"] && node["input_weighted"].as<bool>();
  setting.bias_correction = node["bias_correction"] && node["bias_correction"].as<bool>();
  auto alternatives = read_alternatives(node, where);
  if (!alternatives) return alternatives.error();
  setting.alternatives = std::move(*alternatives);
  auto rounding = parse_rounding(text_at(node, "rounding", "nearest"));
  if (!rounding) return at(rounding.error(), where);
  setting.rounding = *rounding;
  const YAML::Node windows = node["windows"];
  if (windows && !windows.IsSequence()) return bad_recipe(where + ", windows", "not a list");
  for (const auto& entry : windows) {
    auto window = read_window(entry, where + ", window " + std::to_string(setting.windows.size()));
    if (!window) return window.error();
    setting.windows.push_back(*window);
  }
  return setting;
}

Result<ActivationSetting> read_activation(const YAML::Node& node, const std::string& where) {
  if (const Status ok = check_keys(node, {"format", "scale", "chosen"}, where); !ok)
    return ok.error();
  auto format = formats::parse_format(text_at(node, "format", ""));
  if (!format) return at(format.error(), where);
  auto rule = parse_scale_rule(text_at(node, "scale", "rms_pow2"));
  if (!rule) return at(rule.error(), where);
  auto scale = parse_activation_scale(text_at(node, "chosen", "static"));
  if (!scale) return at(scale.error(), where);
  return ActivationSetting{*format, *rule, *scale};
}

// Some bytes that are not text would come back as others: yaml-cpp writes U+FFFD for them.
Result<std::string> read_name(const YAML::Node& node, const std::string& where) {
  auto key = node.as<std::string>();
  if (YAML::Load("name: " + quoted(key))["name"].as<std::string>() != key) {
    return bad_recipe(where, "a name that is not text: " + quoted(key));
  }
  return key;
}

Result<std::string> read_hash(const YAML::Node& root, const std::string& where) {
  if (!root["model_sha256"]) return std::string();
  const auto hash = root["model_sha256"].as<std::string>();
  const bool digits = hash.size() == 64 && std::ranges::all_of(hash, [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
  if (digits) return hash;
  return bad_recipe(where, "a model_sha256 that is not 64 digits 0-9, a-f: '" + hash + "'");
}

Result<RecipeFile> read_recipe(const YAML::Node& root, const std::string& where) {
  if (const Status ok = check_keys(
          root, {"version", "model_sha256", "accumulate", "weights", "activations"}, where);
      !ok) {
    return ok.error();
  }
  if (root["version"] && root["version"].as<int>() != kRecipeVersion) {
    return bad_recipe(where, "version " + root["version"].as<std::string>());
  }
  for (const char* part : {"weights", "activations"}) {
    if (root[part] && !root[part].IsMap() && !root[part].IsNull())
      return bad_recipe(where, std::string(part) + " is no map");
  }
  for (const char* section : {"weights", "activations"}) {
    if (const Status ok = check_section(root, section, where); !ok) return ok.error();
  }
  auto hash = read_hash(root, where);
  if (!hash) return hash.error();
  RecipeFile file{.recipe = {}, .model_sha256 = std::move(*hash)};
  Recipe& recipe = file.recipe;
  const std::string accumulate = text_at(root, "accumulate", "fp32");
  if (accumulate != "fp32" && accumulate != "quire") {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "unknown accumulation '" + accumulate + "'",
                 .where = where,
                 .expected = "fp32, quire"};
  }
  recipe.accumulate = accumulate == "quire" ? Accumulate::kQuire : Accumulate::kFp32;
  for (const auto& entry : root["weights"]) {
    const auto key = read_name(entry.first, where);
    if (!key) return key.error();
    auto setting = read_weight(entry.second, where + ", weight '" + *key + "'");
    if (!setting) return setting.error();
    recipe.weights[*key] = *setting;
  }
  for (const auto& entry : root["activations"]) {
    const auto key = read_name(entry.first, where);
    if (!key) return key.error();
    auto setting = read_activation(entry.second, where + ", activation '" + *key + "'");
    if (!setting) return setting.error();
    recipe.activations[*key] = *setting;
  }
  return file;
}

}  // namespace

std::string to_yaml(const Recipe& recipe) { return recipe_file_to_yaml(RecipeFile{recipe, {}}); }

std::string recipe_file_to_yaml(const RecipeFile& file) {
  const Recipe& recipe = file.recipe;
  const std::string hash = file.model_sha256.empty() ? "" : "\nmodel_sha256: " + file.model_sha256;
  return "version: " + std::to_string(kRecipeVersion) + hash +
         "\naccumulate: " + (recipe.accumulate == Accumulate::kQuire ? "quire" : "fp32") + "\n" +
         section_text("weights", recipe.weights, weight_text) +
         section_text("activations", recipe.activations, activation_text);
}

Result<RecipeFile> recipe_file_from_yaml(const std::string& text, const std::string& where) {
  try {
    return read_recipe(YAML::Load(text), where);
  } catch (const YAML::Exception& error) {
    return bad_recipe(where, error.what());
  }
}

Result<Recipe> recipe_from_yaml(const std::string& text, const std::string& where) {
  auto file = recipe_file_from_yaml(text, where);
  if (!file) return file.error();
  return std::move(file->recipe);
}

}  // namespace posittune::quant
