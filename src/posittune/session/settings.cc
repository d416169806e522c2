#include "posittune/session/settings.h"

#include <algorithm>

#include "posittune/quant/weight_format.h"

namespace posittune::session {

namespace {

constexpr SettingEntry kEntries[] = {
    {"granularity", &SettingsText::granularity, nullptr,
     "weights that share a scale. tensor: all of a layer; channel: those of an output channel; "
     "group:K: K inputs of a channel"},
    {"activation_scale", &SettingsText::activation_scale, nullptr,
     "when the scale of a layer's input is chosen. static: before the model runs, so that the "
     "error of the input is small on calibration data; output: so that the error at the layer's "
     "output is small, if that holds on held-out calibration data, else static; token: for each "
     "token when the model runs"},
    {"rounding", &SettingsText::rounding, nullptr,
     "how weights are rounded. nearest: each to the nearest value; compensated: GPTQ, weights not "
     "yet rounded are changed to cancel the output error of those already rounded: loses far less "
     "at few bits, needs calibration data, takes longer"},
    {"input_weighted", nullptr, &SettingsText::input_weighted,
     "where scales of weights are chosen by their squared error: weigh it by how large each input "
     "is in calibration data (E[x_k^2])"},
    {"bias_correction", nullptr, &SettingsText::bias_correction,
     "correct the mean error that rounding weights makes in each output channel, in its bias"},
};

}  // namespace

std::span<const SettingEntry> setting_entries() { return kEntries; }

Result<Settings> parse_settings(const SettingsText& text) {
  Settings settings;
  auto activation_scale = quant::parse_activation_scale(text.activation_scale);
  if (!activation_scale) return of_field(activation_scale.error(), "activation_scale");
  if (const Status ok = quant::parse_granularity(text.granularity, settings.weight); !ok)
    return of_field(ok.error(), "granularity");
  auto rounding = quant::parse_rounding(text.rounding);
  if (!rounding) return of_field(rounding.error(), "rounding");
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
    if (!rule) return of_field(rule.error(), "scales");
    if (std::find(rules.begin(), rules.end(), *rule) == rules.end()) rules.push_back(*rule);
  }
  return rules;
}

}  // namespace posittune::session
