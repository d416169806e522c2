#include "posittune/cli/search_choices.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <utility>

#include <openvino/core/node.hpp>
#include "posittune/cli/job.h"
#include "posittune/model/weights.h"
#include "posittune/quant/weight_format.h"

namespace posittune::cli {
namespace {

using tuning::Budget;
using tuning::Cost;

Result<quant::WeightSetting> base_setting(const SearchOptions& options) {
  quant::WeightSetting setting;
  if (const Status ok = quant::parse_granularity(options.granularity, setting); !ok) return ok.error();
  auto rule = quant::parse_scale_rule(options.scale);
  if (!rule) return rule.error();
  auto rounding = quant::parse_rounding(options.rounding);
  if (!rounding) return rounding.error();
  setting.rule = *rule;
  setting.rounding = *rounding;
  setting.input_weighted = !options.plain_scales;
  setting.bias_correction = options.bias_correction;
  return setting;
}

Status add_weight(const SearchOptions& options, const std::string& text, std::vector<quant::WeightSetting>& to) {
  auto setting = base_setting(options);
  if (!setting) return setting.error();
  if (const Status ok = quant::parse_weight_format(text, *setting); !ok) return ok.error();
  if (setting->format == formats::fp32()) {
    setting->rule = quant::ScaleRule::kNone;
    setting->rounding = quant::Rounding::kNearest;
    setting->input_weighted = setting->bias_correction = false;
  }
  if (std::find(to.begin(), to.end(), *setting) == to.end()) to.push_back(*setting);
  return success();
}

// "posit<8,1>", "int8@token".
Result<quant::ActivationSetting> parse_activation(const SearchOptions& options, const std::string& text) {
  const std::size_t at = text.find('@');
  auto format = formats::parse_format(text.substr(0, at));
  if (!format) return format.error();
  auto scale = quant::parse_activation_scale(at == std::string::npos ? options.activation_scale : text.substr(at + 1));
  if (!scale) return scale.error();
  auto rule = quant::parse_scale_rule(options.activation_rule);
  if (!rule) return rule.error();
  const bool token = *scale == quant::ActivationScale::kToken;
  if (*format == formats::fp32()) return quant::ActivationSetting{.format = *format, .rule = quant::ScaleRule::kNone};
  return quant::ActivationSetting{*format, token ? quant::token_rule(*format, *rule) : *rule, *scale};
}

// Labels as tuning::weight_labels and activation_label write them.
Status add_pairs(const SearchOptions& options, tuning::Choices& choices) {
  for (const std::string& text : split_formats(options.pairs)) {
    if (text == "same") {
      for (const auto& weight : choices.weights) {
        for (const auto& activation : choices.activations) {
          if (weight.format == activation.format && weight.alternatives.empty()) choices.pairs.emplace_back(quant::format_text(weight), tuning::activation_label(activation));
        }
      }
      continue;
    }
    const std::size_t at = text.find('/');
    if (at == std::string::npos) {
      return Error{.kind = ErrorKind::kUsage, .what = "not a pair of formats", .where = "--pairs", .expected = "WEIGHT/ACTIVATION, or same", .found = text};
    }
    quant::WeightSetting weight;
    if (const Status ok = quant::parse_weight_format(text.substr(0, at), weight); !ok) return ok.error();
    auto activation = parse_activation(options, text.substr(at + 1));
    if (!activation) return activation.error();
    choices.pairs.emplace_back(quant::format_text(weight), tuning::activation_label(*activation));
  }
  return success();
}

Result<tuning::Choices> make_choices(const SearchOptions& options, const std::vector<search::Pin>& pins) {
  tuning::Choices choices;
  for (const std::string& text : split_formats(options.formats)) {
    if (const Status ok = add_weight(options, text, choices.weights); !ok) return ok.error();
  }
  const std::size_t free = choices.weights.size();
  for (const search::Pin& pin : pins) {
    if (const Status ok = add_weight(options, pin.label.substr(0, pin.label.find('/')), choices.weights); !ok) return ok.error();
  }
  choices.reserved = choices.weights.size() - free;
  if (options.what != "wa") return choices;
  for (const std::string& text : split_formats(options.activations)) {
    auto activation = parse_activation(options, text);
    if (!activation) return activation.error();
    if (std::find(choices.activations.begin(), choices.activations.end(), *activation) == choices.activations.end()) choices.activations.push_back(*activation);
  }
  if (const Status ok = add_pairs(options, choices); !ok) return ok.error();
  return choices;
}

// A pin's format as labels have it: "p8e1" is posit<8,1>.
Result<std::vector<search::Pin>> make_pins(const SearchOptions& options) {
  std::vector<search::Pin> pins;
  for (const std::string& text : options.assign) {
    auto pin = search::parse_pin(text);
    if (!pin) return pin.error();
    const std::size_t at = pin->label.find('/');
    quant::WeightSetting weight;
    if (const Status ok = quant::parse_weight_format(pin->label.substr(0, at), weight); !ok) return ok.error();
    std::string label = quant::format_text(weight);
    if (at != std::string::npos) {
      auto activation = parse_activation(options, pin->label.substr(at + 1));
      if (!activation) return activation.error();
      label += "/" + tuning::activation_label(*activation);
    }
    pins.push_back({pin->pattern, std::move(label)});
  }
  return pins;
}

Result<std::vector<std::vector<Budget>>> make_budgets(const SearchOptions& options) {
  const std::pair<Cost, const std::vector<std::string>*> all[] = {{Cost::kBits, &options.bits},     {Cost::kSize, &options.size},
                                                                  {Cost::kActivationBits, &options.activation_bits}, {Cost::kMacBits, &options.mac_bits},
                                                                  {Cost::kEnergy, &options.energy}, {Cost::kArea, &options.area}};
  std::vector<Budget> several, common;
  for (const auto& [cost, texts] : all) {
    std::vector<Budget> budgets;
    for (const std::string& text : *texts) {
      auto budget = tuning::parse_budget(cost, text);
      if (!budget) return budget.error();
      budgets.push_back(std::move(*budget));
    }
    if (budgets.empty()) continue;
    const bool many = budgets.size() > 1;
    if (many && several.size() > 1) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "two lists of budgets",
                   .where = "--" + std::string(tuning::name(several.front().cost)) + " and --" + std::string(tuning::name(cost)),
                   .hint = "one option may have several, the others bind in each of those searches"};
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

Result<double> parse_drop(const std::string& text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const bool percent = rest == "%";
  if (status == std::errc() && value >= 0 && (percent ? value <= 100 : rest.empty() && value < 1)) return percent ? value / 100 : value;
  return Error{.kind = ErrorKind::kUsage, .what = "not an allowed drop", .where = "--max-drop", .expected = "1% or 0.01", .found = text};
}

}  // namespace

Result<tuning::Options> tuning_options(const SearchOptions& options) {
  tuning::Options made;
  auto pins = make_pins(options);
  if (!pins) return pins.error();
  auto choices = make_choices(options, *pins);
  if (!choices) return choices.error();
  auto budgets = make_budgets(options);
  if (!budgets) return budgets.error();
  made.choices = std::move(*choices);
  made.space.pins = std::move(*pins);
  made.space.tie_patterns = options.ties;
  made.space.window = options.windows;
  made.budgets = std::move(*budgets);
  made.pareto = options.pareto;
  if (!options.max_drop.empty()) {
    auto drop = parse_drop(options.max_drop);
    if (!drop) return drop.error();
    made.max_drop = *drop;
  }
  if (made.budgets.empty() && made.pareto == 0 && !made.max_drop) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "nothing to search for",
                 .expected = "--bits, --size, --activation-bits, --mac-bits, --energy, --area, --max-drop or --pareto"};
  }
  made.refine = options.refine;
  made.baselines = options.baselines;
  made.report = !options.no_report;
  made.solve.relative_gap = options.gap;
  made.solve.seconds = options.solver_seconds;
  made.seed = options.seed;
  auto reference = base_setting(options);
  if (!reference) return reference.error();
  if (const Status ok = quant::parse_weight_format(options.reference, *reference); !ok) return ok.error();
  made.analysis.reference = {*reference, {.format = reference->format, .rule = quant::ScaleRule::kMsePow2}};
  made.analysis.batch = options.batch;
  made.analysis.seed = options.seed;
  return made;
}

std::vector<std::string> input_ties(const model::Graph& graph, const std::vector<bool>& chosen) {
  std::map<std::pair<const ov::Node*, std::size_t>, std::vector<std::size_t>> readers;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    if (!chosen[l] || !layer.weight || layer.kind == model::LayerKind::kEmbedding || layer.node == nullptr) continue;
    const auto source = layer.node->input_value(0);
    readers[{source.get_node(), source.get_index()}].push_back(*layer.weight);
  }
  std::vector<std::string> ties(graph.weights.size());
  for (auto& [source, weights] : readers) {
    std::sort(weights.begin(), weights.end());
    weights.erase(std::unique(weights.begin(), weights.end()), weights.end());
    if (weights.size() < 2) continue;
    for (const std::size_t w : weights) {
      if (graph.weights[w].layers.size() == 1) ties[w] = "input of " + graph.weights[weights.front()].name;
    }
  }
  return ties;
}

Result<std::vector<double>> weight_squares(const model::Graph& graph, const std::vector<bool>& chosen) {
  std::vector<double> squares(graph.weights.size(), 0);
  for (std::size_t w = 0; w < squares.size(); ++w) {
    const auto& users = graph.weights[w].layers;
    if (std::none_of(users.begin(), users.end(), [&](std::size_t l) { return chosen[l]; })) continue;
    auto values = model::weight_values(graph, w);
    if (!values) return values.error();
    squares[w] = std::transform_reduce(values->begin(), values->end(), 0.0, std::plus<>(), [](float x) { return double{x} * x; });
  }
  return squares;
}

}  // namespace posittune::cli
