#pragma once

// How formats are applied to weights and to the inputs of layers: one vocabulary, and one set of
// defaults, for all jobs, so that what one of them finds holds in the others. Why these
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

#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/quant/recipe.h"

namespace posittune::session {

struct Settings {
  // Of weights: all members but the formats and the rule, which a job varies.
  quant::WeightSetting weight{.format = {}, .granularity = quant::Granularity::kChannel};
  quant::ActivationScale activation_scale = quant::ActivationScale::kStatic;
};

// As command lines and scripts write them; the defaults are those of Settings.
struct SettingsText {
  std::string granularity = "channel";      // tensor, channel, group:K
  std::string rounding = "nearest";         // nearest, compensated
  std::string activation_scale = "static";  // static, output, token
  bool input_weighted = false, bias_correction = false;
};
// kUsage for words that are not known.
Result<Settings> parse_settings(const SettingsText& text);

// The setting with the formats of a word ("posit<6,*>") and a rule.
Result<quant::WeightSetting> weight_setting(const Settings& settings, const std::string& formats,
                                            quant::ScaleRule rule);

// Each once, in their order.
Result<std::vector<quant::ScaleRule>> parse_rules(const std::vector<std::string>& texts);

}  // namespace posittune::session
