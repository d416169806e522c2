#include "posittune/tuning/mix_space.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include "posittune/base/nearest.h"
#include "posittune/quant/weight_format.h"

namespace posittune::tuning {
namespace {

using sensitivity::Candidate;
using sensitivity::Operand;
using sensitivity::Site;

Candidate candidate_of(const MixSpace::Setting& setting) {
  return {setting.weight,
          setting.activation.value_or(quant::ActivationSetting{.format = setting.weight.format})};
}

std::vector<double> shares(const std::vector<Cost>& costs, const cost::SiteCost& part,
                           double factor = 1) {
  std::vector<double> all;
  for (const Cost each : costs) all.push_back(factor * share(each, part));
  return all;
}

bool reads_inputs(const engine::Engine& engine, std::size_t layer) {
  return engine.graph().layers[layer].kind->operands > 0;
}

// KL of the weight, and of the inputs of all layers that use it.
Result<double> score(sensitivity::Analysis& analysis, const engine::Engine& engine,
                     const Site& site, const MixSpace::Setting& setting) {
  auto sum =
      analysis.predicted({Operand::kWeight, site.weight, site.layers}, candidate_of(setting));
  if (!sum || !setting.activation) return sum;
  for (const std::size_t l : site.layers) {
    if (!reads_inputs(engine, l)) continue;
    auto input =
        analysis.predicted({Operand::kActivation, site.weight, {l}}, candidate_of(setting));
    if (!input) return input;
    *sum += *input;
  }
  return sum;
}

}  // namespace

std::vector<std::string> weight_labels(const Choices& choices) {
  std::vector<std::string> labels;
  const auto& all = choices.weights;
  const bool one_rule =
      std::ranges::all_of(all, [&](const auto& each) { return each.rule == all.front().rule; });
  for (const quant::WeightSetting& each : all) {
    labels.push_back(quant::format_text(each) +
                     (one_rule ? "" : " " + std::string(quant::name(each.rule))));
  }
  return labels;
}

std::string activation_label(const quant::ActivationSetting& setting) {
  std::string label = formats::name(setting.format);
  if (setting.scale != quant::ActivationScale::kStatic)
    label += "@" + std::string(quant::name(setting.scale));
  return label;
}

// Labels of pairs in the order of weights, then activations.
Status MixSpace::list_settings() {
  const std::vector<std::string> weights = weight_labels(choices_);
  std::set<std::pair<std::string, std::string>> wanted(choices_.pairs.begin(),
                                                       choices_.pairs.end());
  const bool all = wanted.empty();
  const auto add = [&](std::string label, Setting setting) {
    if (settings_.emplace(label, std::move(setting)).second) labels_.push_back(std::move(label));
  };
  for (std::size_t w = 0; w < weights.size(); ++w) {
    if (choices_.activations.empty()) add(weights[w], {choices_.weights[w], std::nullopt});
    for (const quant::ActivationSetting& activation : choices_.activations) {
      const std::string label = activation_label(activation);
      if (wanted.erase({weights[w], label}) == 0 && !all) continue;
      add(weights[w] + "/" + label, {choices_.weights[w], activation});
    }
  }
  if (all || wanted.empty()) return success();
  std::vector<std::string> activations;
  for (const auto& each : choices_.activations) activations.push_back(activation_label(each));
  return Error{.kind = ErrorKind::kUsage,
               .what = "a pair of formats that are not both among the choices",
               .where = "`pairs`",
               .expected = "one of " + joined(weights) + " / one of " + joined(activations),
               .found = wanted.begin()->first + "/" + wanted.begin()->second};
}

// Labels of the last choices of weights, with any input.
std::vector<std::string> MixSpace::reserved_labels() const {
  const std::vector<std::string> weights = weight_labels(choices_);
  std::vector<std::string> reserved;
  for (const std::string& label : labels_) {
    const std::string weight = label.substr(0, label.find('/'));
    const auto at = std::ranges::find(weights, weight) - weights.begin();
    if (static_cast<std::size_t>(at) + choices_.reserved >= weights.size())
      reserved.push_back(label);
  }
  return reserved;
}

search::Decision MixSpace::decision(const Site& site, const SpaceOptions& options) const {
  const model::Graph& graph = engine_->graph();
  search::Decision made{
      .names = {graph.weights[*site.weight].name}, .labels = labels_, .options = {}, .tie = {}};
  for (const std::size_t l : site.layers) made.names.push_back(graph.layers[l].name);
  if (*site.weight < options.ties.size()) made.tie = options.ties[*site.weight];
  return made;
}

Status MixSpace::add_weight(sensitivity::Analysis& analysis, const Site& site,
                            const cost::CostModel& model, const SpaceOptions& options) {
  search::Decision made = decision(site, options);
  // Embeddings have no input to round: one option for each format of the weight is all there is.
  const bool reads =
      std::ranges::any_of(site.layers, [&](std::size_t l) { return reads_inputs(*engine_, l); });
  if (!reads && made.tie.empty()) {
    made.labels.clear();
    std::set<std::string> weights;
    std::ranges::copy_if(labels_, std::back_inserter(made.labels), [&](const std::string& label) {
      return weights.insert(label.substr(0, label.find('/'))).second;
    });
  }
  for (const std::string& label : made.labels) {
    const Setting& of = settings_.at(label);
    auto loss = score(analysis, *engine_, site, of);
    if (!loss) return loss.error();
    auto cost = model.site_cost(*site.weight, of.weight, of.activation);
    if (!cost) return cost.error();
    made.options.push_back({*loss, shares(options.costs, *cost)});
  }
  space_.decisions.push_back(std::move(made));
  places_.push_back({*site.weight, 0, engine_->graph().weights[*site.weight].rows, site.layers});
  return success();
}

// A window is stored as a matrix of its own; of what depends on MACs it has its share.
Status MixSpace::add_windows(sensitivity::Analysis& analysis, const Site& site,
                             const cost::CostModel& model, const SpaceOptions& options) {
  const model::Weight& weight = engine_->graph().weights[*site.weight];
  const std::size_t first_decision = space_.decisions.size();
  for (std::size_t first = 0; first < weight.rows; first += options.window) {
    const std::size_t count = std::min(options.window, weight.rows - first);
    search::Decision made = decision(site, options);
    made.names.insert(made.names.begin(), weight.name + "[" + std::to_string(first) + ":" +
                                              std::to_string(first + count) + "]");
    space_.decisions.push_back(std::move(made));
    places_.push_back({*site.weight, first, count, site.layers});
  }
  for (const std::string& label : labels_) {
    const Setting& of = settings_.at(label);
    auto gain = analysis.gain_of({Operand::kWeight, site.weight, site.layers}, candidate_of(of));
    if (!gain) return gain.error();
    auto error =
        analysis.error_of({Operand::kWeight, site.weight, site.layers}, candidate_of(of), true);
    if (!error) return error.error();
    auto cost = model.site_cost(*site.weight, of.weight, std::nullopt);
    if (!cost) return cost.error();
    for (std::size_t d = first_decision; d < space_.decisions.size(); ++d) {
      const Place& at = places_[d];
      const auto begin = error->channels.begin() + static_cast<std::ptrdiff_t>(at.first);
      const double sum = std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(at.count), 0.0);
      cost::SiteCost part = *cost;
      const double factor = static_cast<double>(at.count) / static_cast<double>(weight.rows);
      part.stored_bits = quant::stored_bits(of.weight, at.count, weight.cols) / factor;
      space_.decisions[d].options.push_back({*gain * sum, shares(options.costs, part, factor)});
    }
  }
  return success();
}

// Layers that are not decided are in FP32, and a weight that one of them shares is stored twice.
Status MixSpace::add_fixed(const cost::CostModel& model, const SpaceOptions& options) {
  auto fixed = model.fixed_cost();
  if (!fixed) return fixed.error();
  const model::Graph& graph = engine_->graph();
  for (std::size_t w = 0; w < graph.weights.size(); ++w) {
    const auto& users = graph.weights[w].layers;
    const auto chosen = std::count_if(users.begin(), users.end(),
                                      [&](std::size_t l) { return engine_->chosen(l); });
    if (chosen == static_cast<std::ptrdiff_t>(users.size())) continue;
    if (chosen > 0) {
      *fixed += model.storage_cost(w, std::nullopt);
      continue;
    }
    auto plain = model.site_cost(w, std::nullopt, std::nullopt);
    if (!plain) return plain.error();
    *fixed += *plain;
  }
  fixed_ = shares(options.costs, *fixed);
  // A mean over the inputs that are decided.
  for (std::size_t k = 0; k < fixed_.size(); ++k) {
    if (traits(options.costs[k]).inputs_alone) fixed_[k] = 0;
  }
  return success();
}

Status MixSpace::begin(const engine::Engine& engine, const Choices& choices,
                       const SpaceOptions& options) {
  engine_ = &engine;
  choices_ = choices;
  for (const Cost each : options.costs) space_.costs.emplace_back(name(each));
  if (options.window == 0 || choices.activations.empty()) return list_settings();
  return Error{.kind = ErrorKind::kUsage,
               .what = "windows of channels are decided for weights alone",
               .where = "`windows`",
               .hint = "`what=w`, or no `windows`"};
}

// What ties and pins leave of the decisions.
Status MixSpace::decide(const SpaceOptions& options) {
  for (search::Decision& decision : space_.decisions) {
    const auto finite = [](const search::Option& option) { return std::isfinite(option.loss); };
    if (std::ranges::none_of(decision.options, finite)) continue;  // to be refused
    for (search::Option& option : decision.options)
      option.loss = finite(option) ? option.loss : kRuledOut;
  }
  auto tied = search::tied(std::move(space_), options.tie_patterns);
  if (!tied) return tied.error();
  auto pinned = search::pinned(std::move(*tied), options.pins, reserved_labels());
  if (!pinned) return pinned.error();
  space_ = std::move(*pinned);
  auto grouped = search::grouped(space_);
  if (!grouped) return grouped.error();
  grouped_ = std::move(*grouped);
  return success();
}

Status MixSpace::check(const engine::Engine& engine, const Choices& choices,
                       const SpaceOptions& options) {
  MixSpace made;
  if (const Status begun = made.begin(engine, choices, options); !begun) return begun;
  constexpr Operand kWeights[] = {Operand::kWeight};
  for (const Site& site : sensitivity::list_sites(engine, kWeights)) {
    search::Decision decision = made.decision(site, options);
    decision.options.assign(decision.labels.size(),
                            {0, std::vector<double>(options.costs.size(), 0)});
    made.space_.decisions.push_back(std::move(decision));
  }
  return made.decide(options);
}

Result<MixSpace> MixSpace::build(sensitivity::Analysis& analysis, const engine::Engine& engine,
                                 const cost::CostModel& model, const Choices& choices,
                                 const SpaceOptions& options, const Advance& advance) {
  MixSpace made;
  if (const Status begun = made.begin(engine, choices, options); !begun) return begun.error();
  constexpr Operand kWeights[] = {Operand::kWeight};
  for (const Site& site : sensitivity::list_sites(engine, kWeights)) {
    const Status added = options.window > 0 ? made.add_windows(analysis, site, model, options)
                                            : made.add_weight(analysis, site, model, options);
    if (!added) return added.error();
    if (const Status going = advance(1); !going) return going.error();
  }
  if (const Status fixed = made.add_fixed(model, options); !fixed) return fixed.error();
  if (const Status decided = made.decide(options); !decided) return decided.error();
  return made;
}

quant::Recipe MixSpace::recipe(const search::Choice& choice) const {
  const model::Graph& graph = engine_->graph();
  const std::vector<std::size_t> options = grouped_.expand(choice);
  quant::Recipe recipe;
  for (std::size_t d = 0; d < options.size(); ++d) {
    const Place& at = places_[d];
    const Setting& of = settings_.at(space_.decisions[d].labels[options[d]]);
    const auto [entry, fresh] =
        recipe.weights.try_emplace(graph.weights[at.weight].name, of.weight);
    quant::WeightSetting& weight = entry->second;
    // The first window's format is the weight's; others are windows, neighbours of one format one
    // window.
    const bool same = weight.format == of.weight.format && weight.rule == of.weight.rule &&
                      weight.alternatives == of.weight.alternatives;
    if (!fresh && !same) {
      quant::RowWindow* last = weight.windows.empty() ? nullptr : &weight.windows.back();
      const bool joins = last != nullptr && last->first + last->count == at.first &&
                         last->format == of.weight.format && last->rule == of.weight.rule &&
                         last->alternatives == of.weight.alternatives;
      if (joins) {
        last->count += at.count;
      } else {
        weight.windows.push_back(
            {at.first, at.count, of.weight.format, of.weight.rule, of.weight.alternatives});
      }
    }
    if (!of.activation) continue;
    for (const std::size_t l : at.layers) {
      if (reads_inputs(*engine_, l)) recipe.activations[graph.layers[l].name] = *of.activation;
    }
  }
  return recipe;
}

std::optional<search::Choice> MixSpace::uniform(const std::string& label) const {
  search::Choice choice;
  for (std::size_t g = 0; g < grouped_.groups.size(); ++g) {
    const std::size_t member = grouped_.members[g].front();
    const auto& labels = space_.decisions[member].labels;
    std::size_t option = grouped_.groups[g].size();
    for (std::size_t j = 0; j < grouped_.groups[g].size(); ++j) {
      if (labels[grouped_.option_of[g][j].front()] == label) option = j;
    }
    if (option == grouped_.groups[g].size()) return std::nullopt;
    choice.push_back(option);
  }
  return choice;
}

}  // namespace posittune::tuning
