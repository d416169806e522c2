#include "posittune/quant/recipe.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace posittune::quant {
namespace {

constexpr std::array<std::string_view, 3> kGranularities = {"tensor", "channel", "group"};
constexpr std::array<std::string_view, 3> kActivationScales = {"static", "output", "token"};
constexpr int kRecipeVersion = 1;

template <class Names>
int index_of(const Names& names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<int>(i);
  }
  return -1;
}

Error unknown(const std::string& what, std::string_view text, const std::string& expected) {
  return {.kind = ErrorKind::kUsage,
          .what = "unknown " + what + " '" + std::string(text) + "'",
          .expected = expected};
}

bool power_of_two(ScaleRule rule) {
  return rule == ScaleRule::kRmsPow2 || rule == ScaleRule::kMeanPow2 || rule == ScaleRule::kMsePow2;
}

std::string granularity_text(const WeightSetting& setting) {
  std::string text(name(setting.granularity));
  if (setting.granularity == Granularity::kGroup) text += ":" + std::to_string(setting.group);
  return text;
}

std::string quoted(const std::string& key) {
  YAML::Emitter out;
  out << key;
  return out.c_str();
}

std::string weight_text(const WeightSetting& setting) {
  YAML::Emitter out;
  out << YAML::Flow << YAML::BeginMap;
  out << YAML::Key << "format" << YAML::Value << formats::name(setting.format);
  out << YAML::Key << "scale" << YAML::Value << std::string(name(setting.rule));
  out << YAML::Key << "granularity" << YAML::Value << granularity_text(setting);
  if (setting.input_weighted) out << YAML::Key << "input_weighted" << YAML::Value << true;
  if (!setting.windows.empty()) {
    out << YAML::Key << "windows" << YAML::Value << YAML::BeginSeq;
    for (const RowWindow& window : setting.windows) {
      out << YAML::BeginMap << YAML::Key << "first" << YAML::Value << window.first << YAML::Key << "count" << YAML::Value
          << window.count << YAML::Key << "format" << YAML::Value << formats::name(window.format) << YAML::Key << "scale"
          << YAML::Value << std::string(name(window.rule)) << YAML::EndMap;
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
          .expected = "a map with version, weights, activations, accumulate",
          .found = found};
}

// Only the given keys may be in a map.
Status check_keys(const YAML::Node& node, const std::set<std::string>& known, const std::string& where) {
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
  return bad_recipe(where, std::string(key) + " is no number of channels" + (text.empty() ? "" : ": '" + text + "'"));
}

Result<RowWindow> read_window(const YAML::Node& node, const std::string& where) {
  if (const Status ok = check_keys(node, {"first", "count", "format", "scale"}, where); !ok) return ok.error();
  auto format = formats::parse_format(text_at(node, "format", ""));
  if (!format) return at(format.error(), where);
  auto rule = parse_scale_rule(text_at(node, "scale", "rms_pow2"));
  if (!rule) return at(rule.error(), where);
  auto first = read_count(node, "first", where);
  if (!first) return first.error();
  auto count = read_count(node, "count", where);
  if (!count) return count.error();
  return RowWindow{*first, *count, *format, *rule};
}

Result<WeightSetting> read_weight(const YAML::Node& node, const std::string& where) {
  if (const Status ok = check_keys(node, {"format", "scale", "granularity", "input_weighted", "windows"}, where); !ok) {
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
  if (const Status ok = check_keys(node, {"format", "scale", "chosen"}, where); !ok) return ok.error();
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

Result<Recipe> read_recipe(const YAML::Node& root, const std::string& where) {
  if (const Status ok = check_keys(root, {"version", "accumulate", "weights", "activations"}, where); !ok) {
    return ok.error();
  }
  if (root["version"] && root["version"].as<int>() != kRecipeVersion) {
    return bad_recipe(where, "version " + root["version"].as<std::string>());
  }
  for (const char* part : {"weights", "activations"}) {
    if (root[part] && !root[part].IsMap() && !root[part].IsNull()) return bad_recipe(where, std::string(part) + " is no map");
  }
  for (const char* section : {"weights", "activations"}) {
    if (const Status ok = check_section(root, section, where); !ok) return ok.error();
  }
  Recipe recipe;
  const std::string accumulate = text_at(root, "accumulate", "fp32");
  if (accumulate != "fp32" && accumulate != "quire") {
    return at(unknown("accumulation", accumulate, "fp32, quire"), where);
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
  return recipe;
}

}  // namespace

std::string_view name(Granularity granularity) {
  return kGranularities[static_cast<std::size_t>(granularity)];
}

std::string_view name(ActivationScale scale) {
  return kActivationScales[static_cast<std::size_t>(scale)];
}

Status parse_granularity(std::string_view text, WeightSetting& setting) {
  const std::size_t colon = text.find(':');
  const int index = index_of(kGranularities, text.substr(0, colon));
  const bool grouped = index == static_cast<int>(Granularity::kGroup);
  std::size_t group = 0;
  if (grouped && colon != std::string_view::npos) {
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, group);
    if (error != std::errc{} || at != end) group = 0;
  }
  if (index < 0 || grouped != (colon != std::string_view::npos) || (grouped && group == 0)) {
    return unknown("granularity", text, "tensor, channel, or group:K with K columns to a scale");
  }
  setting.granularity = static_cast<Granularity>(index);
  setting.group = group;
  return success();
}

Result<ActivationScale> parse_activation_scale(std::string_view text) {
  const int index = index_of(kActivationScales, text);
  if (index < 0) return unknown("way to choose activation scales", text, "static, output, token");
  return static_cast<ActivationScale>(index);
}

double stored_bits(const WeightSetting& setting, std::size_t rows, std::size_t cols) {
  const auto c = static_cast<double>(cols);
  const auto bits_of = [&](const formats::Format& format, ScaleRule rule, std::size_t some) {
    if (some == 0) return 0.0;
    const auto r = static_cast<double>(some);
    double scales = 1;
    if (setting.granularity == Granularity::kChannel) scales = r;
    if (setting.granularity == Granularity::kGroup) {
      const std::size_t group = std::max<std::size_t>(1, setting.group);
      scales = r * static_cast<double>((cols + group - 1) / group);
    }
    if (rule == ScaleRule::kNone) scales = 0;
    double bits = r * c * format.bits + scales * (power_of_two(rule) ? 8 : 32);
    if (format.block > 0) bits += r * static_cast<double>((cols + format.block - 1) / format.block) * 8;
    return bits + 8;
  };
  const auto all = parts(setting, rows);
  if (!all) return bits_of(setting.format, setting.rule, rows);
  double bits = 0;
  for (const RowWindow& part : *all) bits += bits_of(part.format, part.rule, part.count);
  return bits;
}

Result<std::vector<RowWindow>> parts(const WeightSetting& setting, std::size_t rows) {
  std::vector<RowWindow> parts;
  std::size_t next = 0;
  for (const RowWindow& window : setting.windows) {
    if (window.first < next || window.count == 0 || window.count > rows || window.first > rows - window.count) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "windows of channels must be ascending, apart and inside the weight",
                   .expected = "channels " + std::to_string(next) + " to " + std::to_string(rows),
                   .found = std::to_string(window.count) + " from " + std::to_string(window.first)};
    }
    if (window.first > next) parts.push_back({next, window.first - next, setting.format, setting.rule});
    parts.push_back(window);
    next = window.first + window.count;
  }
  if (next < rows) parts.push_back({next, rows - next, setting.format, setting.rule});
  return parts;
}

std::string to_yaml(const Recipe& recipe) {
  return "version: " + std::to_string(kRecipeVersion) + "\naccumulate: " +
         (recipe.accumulate == Accumulate::kQuire ? "quire" : "fp32") + "\n" +
         section_text("weights", recipe.weights, weight_text) +
         section_text("activations", recipe.activations, activation_text);
}

Result<Recipe> recipe_from_yaml(const std::string& text, const std::string& where) {
  try {
    return read_recipe(YAML::Load(text), where);
  } catch (const YAML::Exception& error) {
    return bad_recipe(where, error.what());
  }
}

}  // namespace posittune::quant
