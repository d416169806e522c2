#include "posittune/cli/settings_options.h"

#include <CLI/CLI.hpp>
#include <string>

namespace posittune::cli {

void declare_settings(CLI::App& app, session::SettingsText& text, const std::string& group) {
  app.add_option("--granularity", text.granularity, "weights that share a scale: tensor, channel, group:K")->default_val(text.granularity)->group(group);
  app.add_option("--activation-scale", text.activation_scale,
                 "scales of inputs. static: calibrated, by the error of the input itself; output: calibrated, by the error at the layer's output, where that "
                 "is surely less on calibration data kept apart, else static; token: for each token when the model runs")
      ->default_val(text.activation_scale)
      ->group(group);
  app.add_option("--rounding", text.rounding, "of weights. nearest; compensated: GPTQ: columns not yet rounded are changed to cancel the output error of those already rounded")
      ->check(CLI::IsMember({"nearest", "compensated"}))
      ->default_val(text.rounding)
      ->group(group);
  app.add_flag("--input-weighted,!--plain-scales", text.input_weighted,
               std::string("choose weight scales by the squared error weighted by how large each input is in calibration (E[x_k^2]); --plain-scales: by that of the "
                           "weights alone. Default: ") +
                   (text.input_weighted ? "--input-weighted" : "--plain-scales"))
      ->group(group);
  app.add_flag("--bias-correction", text.bias_correction, "correct the mean error that rounding weights makes in each output channel, in its bias")->group(group);
}

}  // namespace posittune::cli
