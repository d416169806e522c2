#include "posittune/session/words.h"

#include <algorithm>
#include <utility>

#include "posittune/quant/weight_format.h"

namespace posittune::session {
namespace {

std::vector<std::string> or_default(const std::vector<std::string>& words, const char* otherwise) {
  return quant::split_formats(words.empty() ? std::vector<std::string>{otherwise} : words);
}

Error unknown(const std::string& field, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kUsage,
          .what = "unknown `" + field + "`",
          .expected = expected,
          .found = found};
}

Status read_settings(const SettingsText& text, const std::vector<std::string>& scales,
                     Settings& settings, std::vector<quant::ScaleRule>& rules) {
  if (!scales.empty()) {
    auto parsed = parse_rules(scales);
    if (!parsed) return parsed.error();
    rules = std::move(*parsed);
  }
  auto parsed = parse_settings(text);
  if (!parsed) return parsed.error();
  settings = std::move(*parsed);
  return success();
}

}  // namespace

Status read(const CompareWords& words, CompareOptions& options) {
  const bool recipes_alone = words.formats.empty() && !options.recipes.empty();
  options.formats = or_default(words.formats, recipes_alone ? "fp32" : kCompareFormats);
  if (words.accumulate != "fp32" && words.accumulate != "quire")
    return unknown("accumulate", "fp32 or quire", words.accumulate);
  options.accumulate =
      words.accumulate == "quire" ? quant::Accumulate::kQuire : quant::Accumulate::kFp32;
  if (!words.what.empty()) options.what.clear();
  for (const std::string& what : words.what) {
    if (what != "w" && what != "wa") return unknown("what", "w or wa", what);
    options.what.push_back(what == "wa" ? Operands::kWeightsAndInputs : Operands::kWeights);
  }
  // Per token nothing is searched for.
  std::vector<std::string> scales = words.scales;
  if (scales.empty() && words.settings.activation_scale == "token") scales = {"absmax", "rms_pow2"};
  return read_settings(words.settings, scales, options.settings, options.scales);
}

Status read(const SensitivityWords& words, SensitivityOptions& options) {
  options.formats = or_default(words.formats, kSensitivityFormats);
  if (!words.what.empty()) options.what.clear();
  for (const std::string& text : words.what) {
    auto what = sensitivity::parse_operand(text);
    if (!what) return what.error();
    if (std::ranges::count(options.what, *what) == 0) options.what.push_back(*what);
  }
  auto tier = sensitivity::parse_tier(words.tier);
  if (!tier) return tier.error();
  options.tier = *tier;
  return read_settings(words.settings, words.scales, options.settings, options.scales);
}

Status read(const SearchWords& words, SearchOptions& options) {
  options.formats = or_default(words.formats, kSearchFormats);
  options.activations = or_default(words.activations, kSearchActivations);
  options.pairs = quant::split_formats(words.pairs);
  if (words.what != "w" && words.what != "wa") return unknown("what", "w or wa", words.what);
  options.inputs = words.what == "wa";
  auto settings = parse_settings(words.settings);
  if (!settings) return settings.error();
  options.settings = std::move(*settings);
  auto rule = quant::parse_scale_rule(words.scale);
  if (!rule) return rule.error();
  options.scale = *rule;
  auto activation_rule = quant::parse_scale_rule(words.activation_rule);
  if (!activation_rule) return activation_rule.error();
  options.activation_rule = *activation_rule;
  for (const auto& [cost, texts] : words.budgets) {
    for (const std::string& text : texts) {
      auto budget = tuning::parse_budget(cost, text);
      if (!budget) return budget.error();
      options.budgets.push_back(std::move(*budget));
    }
  }
  if (words.max_drop.empty()) return success();
  auto drop = parse_drop(words.max_drop);
  if (!drop) return drop.error();
  options.max_drop = *drop;
  return success();
}

}  // namespace posittune::session
