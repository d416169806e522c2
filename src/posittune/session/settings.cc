#include "posittune/session/settings.h"

#include <algorithm>

#include "posittune/quant/weight_format.h"

namespace posittune::session {

Result<Settings> parse_settings(const SettingsText& text) {
  Settings settings;
  auto activation_scale = quant::parse_activation_scale(text.activation_scale);
  if (!activation_scale) return activation_scale.error();
  if (const Status ok = quant::parse_granularity(text.granularity, settings.weight); !ok)
    return ok.error();
  auto rounding = quant::parse_rounding(text.rounding);
  if (!rounding) return rounding.error();
  settings.activation_scale = *activation_scale;
  settings.weight.rounding = *rounding;
  settings.weight.input_weighted = text.input_weighted;
  settings.weight.bias_correction = text.bias_correction;
  return settings;
}

Result<quant::WeightSetting> weight_setting(const Settings& settings, const std::string& formats,
                                            quant::ScaleRule rule) {
  quant::WeightSetting setting = settings.weight;
  if (const Status known = quant::parse_weight_format(formats, setting); !known)
    return known.error();
  if (const auto fits = quant::parts(setting, 1); !fits) return fits.error();
  setting.rule = rule;
  return setting;
}

Result<std::vector<quant::ScaleRule>> parse_rules(const std::vector<std::string>& texts) {
  std::vector<quant::ScaleRule> rules;
  for (const std::string& text : texts) {
    auto rule = quant::parse_scale_rule(text);
    if (!rule) return rule.error();
    if (std::find(rules.begin(), rules.end(), *rule) == rules.end()) rules.push_back(*rule);
  }
  return rules;
}

}  // namespace posittune::session
