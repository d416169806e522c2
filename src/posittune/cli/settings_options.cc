#include "posittune/cli/settings_options.h"

#include <CLI/CLI.hpp>
#include <string>
#include <utility>

namespace posittune::cli {

void declare_settings(CLI::App& app, session::SettingsText& text, const std::string& group) {
  app.add_option("--granularity", text.granularity,
                 "weights that share a scale: tensor, channel, group:K")
      ->default_val(text.granularity)
      ->group(group);
  app.add_option("--activation-scale", text.activation_scale,
                 "scales of inputs. static: calibrated, by the error of the input itself; output: "
                 "calibrated, by the error at the layer's output, where that "
                 "is surely less on calibration data kept apart, else static; token: for each "
                 "token when the model runs")
      ->default_val(text.activation_scale)
      ->group(group);
  app.add_option("--rounding", text.rounding,
                 "of weights. nearest; compensated: GPTQ: columns not yet rounded are changed to "
                 "cancel the output error of those already rounded")
      ->check(CLI::IsMember({"nearest", "compensated"}))
      ->default_val(text.rounding)
      ->group(group);
  app.add_flag("--input-weighted,!--plain-scales", text.input_weighted,
               std::string("choose weight scales by the squared error weighted by how large each "
                           "input is in calibration (E[x_k^2]); --plain-scales: by that of the "
                           "weights alone. Default: ") +
                   (text.input_weighted ? "--input-weighted" : "--plain-scales"))
      ->group(group);
  app.add_flag(
         "--bias-correction", text.bias_correction,
         "correct the mean error that rounding weights makes in each output channel, in its bias")
      ->group(group);
}

Status read_settings(const session::SettingsText& text, const std::vector<std::string>& scales,
                     session::Settings& settings, std::vector<quant::ScaleRule>& rules) {
  if (!scales.empty()) {
    auto parsed = session::parse_rules(scales);
    if (!parsed) return parsed.error();
    rules = std::move(*parsed);
  }
  auto parsed = session::parse_settings(text);
  if (!parsed) return parsed.error();
  settings = std::move(*parsed);
  return success();
}

}  // namespace posittune::cli
