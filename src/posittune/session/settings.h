#pragma once

// Settings: how formats are applied to weights and to the inputs of layers. All jobs have one
// vocabulary and one set of defaults, so that results of one hold in the others. Why these defaults
// (docs/settings.md has the numbers):
//   channel   int8 weights lose a tenth of what they lose with one scale for a tensor, for 0.03
//             bits a weight; depthwise convolutions lose too much without it in every format.
//   nearest   what tables of the field compare, and it needs no calibration data. Compensated
//             rounding loses 3 to 10 times less at 4.5 bits, and takes 1.3 to 4 times as long: a
//             search says so.
//   static    output differs from it by 3 % at most on the zoo's models, and takes up to 3.4 times
//             as long.
//   no weighting by inputs: it needs calibration data, and gains less than it varies between
//             models.

#include <span>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/quant/recipe.h"

namespace posittune::session {

struct Settings {
  // The setting of weights: all members but the formats and the rule, which a job varies.
  quant::WeightSetting weight{.format = {}, .granularity = quant::Granularity::kChannel};
  quant::ActivationScale activation_scale = quant::ActivationScale::kStatic;
};

// Texts of settings, as command lines and scripts write them; the defaults are those of Settings.
struct SettingsText {
  std::string granularity = "channel";      // tensor, channel, group:K
  std::string rounding = "nearest";         // nearest, compensated
  std::string activation_scale = "static";  // static, output, token
  bool input_weighted = false, bias_correction = false;
};
// A setting as users know it: `name` is Python's argument and, with - for _, the flag. Recipes have
// a key of this name too, but their key for activation_scale is `chosen`.
struct SettingEntry {
  const char* name;
  std::string SettingsText::* text;  // null: it is a flag
  bool SettingsText::* flag;         // null: it is a text
  const char* help;
};
// All settings, in the order in which help shows them. A setting that is new is a field of both
// structs, an entry, and a line of parse_settings().
std::span<const SettingEntry> setting_entries();

// Parses settings: kUsage for unknown words.
Result<Settings> parse_settings(const SettingsText& text);

// The setting of weights with the formats of a text ("posit<6,*>") and a rule.
Result<quant::WeightSetting> weight_setting(const Settings& settings, const std::string& formats,
                                            quant::ScaleRule rule);

// Parses rules: each once, in the order given.
Result<std::vector<quant::ScaleRule>> parse_rules(const std::vector<std::string>& texts);

}  // namespace posittune::session
