#include "posittune/session/trials.h"

#include <algorithm>
#include <filesystem>

#include "posittune/quant/recipe_file.h"
#include "posittune/quant/weight_format.h"

namespace posittune::session {
namespace {

bool is_fp32(const formats::Format& format) { return format == formats::fp32(); }

template <class Test>
bool any_weight(const Trial& trial, Test test) {
  if (!trial.recipe) return trial.weight && test(*trial.weight);
  return std::ranges::any_of(trial.recipe->weights,
                             [&](const auto& each) { return test(each.second); });
}

template <class Test>
bool any_activation(const Trial& trial, Test test) {
  if (!trial.recipe) return trial.activation && test(*trial.activation);
  return std::ranges::any_of(trial.recipe->activations,
                             [&](const auto& each) { return test(each.second); });
}

// Whether two equal recipes can be of one model; then what either says of it is kept.
bool merged(const Trial& one, Trial& into) {
  if (into.model_sha256.empty()) {
    into.file = one.file;
    into.model_sha256 = one.model_sha256;
  }
  return one.model_sha256.empty() || one.model_sha256 == into.model_sha256;
}

// The trials of recipes in files.
Status add_recipes(const CompareOptions& options, std::vector<Trial>& trials) {
  for (const std::string& file : options.recipes) {
    auto read = quant::read_recipe_file(file);
    if (!read) return of_field(read.error(), "recipes");
    Trial trial{.format = formats::fp32(),
                .activations = !read->recipe.activations.empty(),
                .recipe = std::move(read->recipe),
                .label = std::filesystem::path(file).stem().string(),
                .file = file,
                .model_sha256 = std::move(read->model_sha256)};
    const auto same = std::ranges::find_if(
        trials, [&](const Trial& other) { return other.recipe && other.label == trial.label; });
    if (same != trials.end() && same->recipe == trial.recipe && merged(trial, *same)) continue;
    if (same != trials.end()) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "two recipes of one name",
                   .where = "`recipes=" + file + "`",
                   .found = trial.label,
                   .hint = "rows are told apart by the files' names"};
    }
    trials.push_back(std::move(trial));
  }
  return success();
}

}  // namespace

bool is_compensated(const Trial& trial) {
  return any_weight(
      trial, [](const auto& weight) { return weight.rounding == quant::Rounding::kCompensated; });
}

bool needs_calibration(const Trial& trial) {
  const auto needs = [](const auto& setting) { return quant::needs_calibration(setting); };
  return any_activation(trial, needs) || any_weight(trial, needs);
}

bool takes_output_scales(const Trial& trial) {
  return any_activation(trial, [](const quant::ActivationSetting& of) {
    return of.scale == quant::ActivationScale::kOutput && quant::entry(of.rule).of_data();
  });
}

std::string recipe_name(const Trial& trial) {
  std::string text = trial.name();
  if (trial.recipe) return "recipe " + text;
  if (!trial.weight) return text;
  if (trial.weight->granularity != quant::Granularity::kTensor)
    text += " " + std::string(quant::name(trial.weight->granularity));
  if (trial.weight->granularity == quant::Granularity::kGroup)
    text += std::to_string(trial.weight->group);
  if (trial.weight->input_weighted) text += " input-weighted";
  if (trial.activation && trial.activation->scale != quant::ActivationScale::kStatic)
    text += " " + std::string(quant::name(trial.activation->scale));
  return text;
}

std::string Trial::format_name() const {
  if (recipe) return label;
  return weight ? quant::format_text(*weight) : formats::name(format);
}

std::string Trial::name() const {
  std::string text = format_name() + (activations ? " wa" : " w");
  if (weight) text += " " + std::string(quant::name(rule));
  const std::string rounding = weight ? quant::rounding_text(*weight) : "";
  return text + (rounding.empty() ? "" : " " + rounding);
}

Result<std::vector<Trial>> make_trials(const CompareOptions& options) {
  const std::vector<quant::ScaleRule>& rules = options.scales;
  const quant::ActivationScale activation_scale = options.settings.activation_scale;
  std::vector<Trial> trials;
  const auto add = [&trials](const Trial& trial) {
    const auto same = [&](const Trial& other) { return other.name() == trial.name(); };
    if (std::none_of(trials.begin(), trials.end(), same)) trials.push_back(trial);
  };
  if (std::ranges::count(options.what, Operand::kActivation) > 0) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "inputs alone are not compared",
                 .where = "`what`",
                 .expected = "w or wa",
                 .found = "a"};
  }
  const bool activations = std::ranges::count(options.what, Operand::kBoth) > 0;
  const auto searched = std::find_if(rules.begin(), rules.end(), [](quant::ScaleRule rule) {
    return quant::entry(rule).searches();
  });
  if (activations && activation_scale == quant::ActivationScale::kToken &&
      searched != rules.end()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a scale per token cannot be searched for",
                 .where = "`activation_scale=token`",
                 .expected = "`scales` of " + quant::direct_rule_names(),
                 .found = std::string(quant::name(*searched))};
  }
  for (const std::string& text : options.formats) {
    auto shared = weight_setting(options.settings, text, quant::ScaleRule::kNone);
    if (!shared) return of_field(shared.error(), "formats");
    const formats::Format* format = &shared->format;
    if (shared->granularity == quant::Granularity::kGroup && format->block > 0 &&
        shared->group % format->block != 0) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "a group of columns that does not fit the format",
                   .where = "`granularity`, " + formats::name(*format),
                   .expected = "a multiple of " + std::to_string(format->block),
                   .found = std::to_string(shared->group)};
    }
    for (const Operand what : options.what) {
      const bool both = what == Operand::kBoth;
      if (is_fp32(*format) && shared->alternatives.empty()) {
        add({.format = *format, .activations = both});
        continue;
      }
      for (const quant::ScaleRule rule : rules) {
        Trial trial{.format = *format, .activations = both, .rule = rule};
        trial.weight = *shared;
        trial.weight->rule = rule;
        if (both) trial.activation = quant::ActivationSetting{*format, rule, activation_scale};
        add(trial);
      }
    }
  }
  if (const Status added = add_recipes(options, trials); !added) return added.error();
  return trials;
}

}  // namespace posittune::session
