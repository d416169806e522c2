#pragma once

// Trials of a comparison: one for each row.

#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/quant/recipe.h"
#include "posittune/session/compare.h"

namespace posittune::session {

// A trial: a recipe for all layers, and its name.
struct Trial {
  formats::Format format;
  bool activations = false;
  quant::ScaleRule rule = quant::ScaleRule::kNone;
  std::optional<quant::WeightSetting> weight{};  // absent: FP32
  std::optional<quant::ActivationSetting> activation{};
  std::optional<quant::Recipe> recipe{};  // recipe of a file, instead of the members above
  std::string label{};                    // its file's name
  std::string file{}, model_sha256{};     // the file, and the model that it says it is for

  std::string format_name() const;  // "posit<8,1>", "posit<6,*>"
  std::string name() const;         // "posit<8,1> wa rms_pow2"
};

// Makes the trials: formats x operands x scales, each once (FP32 needs no scale), then the recipes
// of files. kUsage for combinations that are not possible.
Result<std::vector<Trial>> make_trials(const CompareOptions& options);

bool is_compensated(const Trial& trial);
bool needs_calibration(const Trial& trial);
bool takes_output_scales(const Trial& trial);
// The file name of a recipe, different for all trials of one folder.
std::string recipe_name(const Trial& trial);

}  // namespace posittune::session
