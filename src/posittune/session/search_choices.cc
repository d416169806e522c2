#include "posittune/session/search_choices.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "posittune/quant/weight_format.h"

namespace posittune::session {
namespace {

using tuning::Budget;
using tuning::Cost;

Status add_weight(const SearchOptions& options, const std::string& text,
                  std::vector<quant::WeightSetting>& to) {
  quant::WeightSetting setting = options.settings.weight;
  setting.rule = options.scale;
  if (const Status ok = quant::parse_weight_format(text, setting); !ok) return ok.error();
  if (setting.format == formats::fp32()) {
    setting.rule = quant::ScaleRule::kNone;
    setting.rounding = quant::Rounding::kNearest;
    setting.input_weighted = setting.bias_correction = false;
  }
  if (std::find(to.begin(), to.end(), setting) == to.end()) to.push_back(setting);
  return success();
}

// "posit<8,1>", "int8@token".
Result<quant::ActivationSetting> parse_activation(const SearchOptions& options,
                                                  const std::string& text) {
  const std::size_t at = text.find('@');
  auto format = formats::parse_format(text.substr(0, at));
  if (!format) return format.error();
  quant::ActivationScale scale = options.settings.activation_scale;
  if (at != std::string::npos) {
    auto own = quant::parse_activation_scale(text.substr(at + 1));
    if (!own) return own.error();
    scale = *own;
  }
  const quant::ScaleRule rule = options.activation_rule;
  const bool token = scale == quant::ActivationScale::kToken;
  if (*format == formats::fp32())
    return quant::ActivationSetting{.format = *format, .rule = quant::ScaleRule::kNone};
  return quant::ActivationSetting{*format, token ? quant::token_rule(*format, rule) : rule, scale};
}

// Labels as tuning::weight_labels and activation_label write them.
Status add_pairs(const SearchOptions& options, tuning::Choices& choices) {
  for (const std::string& text : options.pairs) {
    if (text == "same") {
      for (const auto& weight : choices.weights) {
        for (const auto& activation : choices.activations) {
          if (weight.format == activation.format && weight.alternatives.empty())
            choices.pairs.emplace_back(quant::format_text(weight),
                                       tuning::activation_label(activation));
        }
      }
      continue;
    }
    const std::size_t at = text.find('/');
    if (at == std::string::npos) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "not a pair of formats",
                   .where = "`pairs`",
                   .expected = "WEIGHT/ACTIVATION, or same",
                   .found = text};
    }
    quant::WeightSetting weight;
    if (const Status ok = quant::parse_weight_format(text.substr(0, at), weight); !ok)
      return of_field(ok.error(), "pairs");
    auto activation = parse_activation(options, text.substr(at + 1));
    if (!activation) return of_field(activation.error(), "pairs");
    choices.pairs.emplace_back(quant::format_text(weight), tuning::activation_label(*activation));
  }
  return success();
}

Result<tuning::Choices> make_choices(const SearchOptions& options,
                                     const std::vector<search::Pin>& pins) {
  tuning::Choices choices;
  for (const std::string& text : options.formats) {
    if (const Status ok = add_weight(options, text, choices.weights); !ok)
      return of_field(ok.error(), "formats");
  }
  const std::size_t free = choices.weights.size();
  for (const search::Pin& pin : pins) {
    if (const Status ok =
            add_weight(options, pin.label.substr(0, pin.label.find('/')), choices.weights);
        !ok)
      return of_field(ok.error(), "assign");
  }
  choices.reserved = choices.weights.size() - free;
  if (options.what != sensitivity::Operand::kBoth) return choices;
  for (const std::string& text : options.activations) {
    auto activation = parse_activation(options, text);
    if (!activation) return of_field(activation.error(), "activations");
    if (std::find(choices.activations.begin(), choices.activations.end(), *activation) ==
        choices.activations.end())
      choices.activations.push_back(*activation);
  }
  if (const Status ok = add_pairs(options, choices); !ok) return ok.error();
  return choices;
}

// A pin's format as labels have it: "p8e1" is posit<8,1>.
Result<std::vector<search::Pin>> make_pins(const SearchOptions& options) {
  std::vector<search::Pin> pins;
  for (const std::string& text : options.assign) {
    auto pin = search::parse_pin(text);
    if (!pin) return of_field(pin.error(), "assign");
    const std::size_t at = pin->label.find('/');
    quant::WeightSetting weight;
    if (const Status ok = quant::parse_weight_format(pin->label.substr(0, at), weight); !ok)
      return of_field(ok.error(), "assign");
    std::string label = quant::format_text(weight);
    if (at != std::string::npos) {
      auto activation = parse_activation(options, pin->label.substr(at + 1));
      if (!activation) return of_field(activation.error(), "assign");
      label += "/" + tuning::activation_label(*activation);
    }
    pins.push_back({pin->pattern, std::move(label)});
  }
  return pins;
}

std::string field_of(Cost cost) { return "`" + tuning::field(cost) + "`"; }

// Several budgets of one cost are searches of their own; the others bind in each.
Result<std::vector<std::vector<Budget>>> make_budgets(const std::vector<Budget>& all) {
  std::vector<Budget> several, common;
  for (const Budget& first : all) {
    const auto same = [&first](const Budget& other) { return other.cost == first.cost; };
    if (std::ranges::any_of(several, same) || std::ranges::any_of(common, same)) continue;
    std::vector<Budget> budgets;
    std::ranges::copy_if(all, std::back_inserter(budgets), same);
    const bool many = budgets.size() > 1;
    if (many && several.size() > 1) {
      return Error{
          .kind = ErrorKind::kUsage,
          .what = "two lists of budgets",
          .where = field_of(several.front().cost) + " and " + field_of(first.cost),
          .hint = "one of them may have several, the others bind in each of those searches"};
    }
    if (several.empty() || many) std::swap(several, budgets);
    common.insert(common.end(), budgets.begin(), budgets.end());
  }
  std::vector<std::vector<Budget>> searches;
  for (const Budget& first : several) {
    searches.push_back({first});
    searches.back().insert(searches.back().end(), common.begin(), common.end());
  }
  return searches;
}

}  // namespace

Result<double> parse_drop(const std::string& text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const bool percent = rest == "%";
  if (status == std::errc() && value >= 0 && (percent ? value <= 100 : rest.empty() && value < 1))
    return percent ? value / 100 : value;
  return Error{.kind = ErrorKind::kUsage,
               .what = "not an allowed drop",
               .where = "`max_drop`",
               .expected = "1% or 0.01",
               .found = text};
}

Result<tuning::Options> tuning_options(const SearchOptions& options) {
  tuning::Options made;
  if (options.what == sensitivity::Operand::kActivation) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "formats of inputs alone are not searched for",
                 .where = "`what`",
                 .expected = "w or wa",
                 .found = "a"};
  }
  auto pins = make_pins(options);
  if (!pins) return pins.error();
  auto choices = make_choices(options, *pins);
  if (!choices) return choices.error();
  auto budgets = make_budgets(options.budgets);
  if (!budgets) return budgets.error();
  made.choices = std::move(*choices);
  made.space.pins = std::move(*pins);
  made.space.tie_patterns = options.ties;
  made.space.window = options.windows;
  made.budgets = std::move(*budgets);
  made.pareto = options.pareto;
  made.max_drop = options.max_drop;
  if (made.budgets.empty() && made.pareto == 0 && !made.max_drop) {
    std::string budgets_text;
    for (const tuning::Cost each : tuning::all_costs()) budgets_text += field_of(each) + ", ";
    return Error{.kind = ErrorKind::kUsage,
                 .what = "nothing to search for",
                 .expected = budgets_text + "`max_drop` or `pareto`"};
  }
  made.refine = options.refine;
  made.baselines = options.baselines;
  made.report = !options.no_report;
  made.solve.relative_gap = options.gap;
  made.solve.seconds = options.solver_seconds;
  made.seed = options.measuring.seed;
  quant::WeightSetting reference = options.settings.weight;
  reference.rule = options.scale;
  if (const Status ok = quant::parse_weight_format(options.measuring.reference, reference); !ok)
    return of_field(ok.error(), "reference");
  made.analysis.reference = {reference,
                             {.format = reference.format, .rule = quant::ScaleRule::kMsePow2}};
  made.analysis.batch = options.measuring.batch;
  made.analysis.seed = options.measuring.seed;
  return made;
}

}  // namespace posittune::session
