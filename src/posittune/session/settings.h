#pragma once

// How formats are applied to weights and to the inputs of layers: one vocabulary for all jobs.

#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/quant/recipe.h"

namespace posittune::session {

struct Settings {
  // Of weights: all members but the formats and the rule, which a job varies.
  quant::WeightSetting weight{};
  quant::ActivationScale activation_scale = quant::ActivationScale::kStatic;
};

// As command lines and scripts write them.
struct SettingsText {
  std::string granularity = "tensor";       // tensor, channel, group:K
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
