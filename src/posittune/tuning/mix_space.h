#pragma once

// Space of mixes: a search chooses for each weight (or window of its output channels) a format, and
// with it the format of the inputs of the layers that use it.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/cost/recipe_cost.h"
#include "posittune/quant/recipe.h"
#include "posittune/search/baselines.h"
#include "posittune/search/space.h"
#include "posittune/sensitivity/analysis.h"
#include "posittune/tuning/budgets.h"

namespace posittune::tuning {

struct Choices {
  std::vector<quant::WeightSetting> weights;          // all of one granularity, group and rounding
  std::size_t reserved = 0;                           // number of last weights, for pins only
  std::vector<quant::ActivationSetting> activations;  // empty: inputs stay FP32
  // Pairs of labels, weight and activation, that are allowed; empty: all.
  std::vector<std::pair<std::string, std::string>> pairs;
};

// Labels of weights: "posit<6,*>"; with the rule where the choices have several: "posit<6,*> mse".
std::vector<std::string> weight_labels(const Choices& choices);
// The label of an activation: "posit<8,1>", "int8@token", "posit<8,1>@output".
std::string activation_label(const quant::ActivationSetting& setting);

struct SpaceOptions {
  std::vector<Cost> costs;
  std::size_t window = 0;         // output channels that are decided together; 0: whole weights
  std::vector<std::string> ties;  // one per weight: equal nonempty texts agree
  std::vector<std::string> tie_patterns;  // see search::tied
  std::vector<search::Pin> pins;
};

// A plan: a recipe that a search or a baseline proposes, before it is measured.
struct Plan {
  std::string method;  // "search", "front", "uniform posit<8,1>", "random" ...
  std::string budget;
  quant::Recipe recipe;
  double predicted = 0;        // sum of scores
  double gap = 0;              // optimality; NaN for rules of thumb
  search::Choice choice = {};  // choice in the search space; empty: made elsewhere
};

class MixSpace {
 public:
  // The loss of an option whose score is not finite (its outputs were NaN or infinite), where other
  // options have finite ones: more than any sum of scores, so that it is taken only where a budget
  // leaves no other.
  static constexpr double kRuledOut = 1e9;

  // Builds the space: scores by the gain tier, costs by `model`. kUsage as in search/space.h, for
  // windows with activations, and for pairs that no choice has.
  static Result<MixSpace> build(sensitivity::Analysis& analysis, const engine::Engine& engine,
                                const cost::CostModel& model, const Choices& choices,
                                const SpaceOptions& options, const Advance& advance);

  // Checks choices, pins and ties as build() does, before anything is scored.
  static Status check(const engine::Engine& engine, const Choices& choices,
                      const SpaceOptions& options);

  const search::Space& space() const { return space_; }
  const search::Grouped& grouped() const { return grouped_; }
  // Shares of the parts that are not decided, in the order of the costs.
  const std::vector<double>& fixed_shares() const { return fixed_; }
  // The recipe of one option for each group of grouped().
  quant::Recipe recipe(const search::Choice& choice) const;
  // The choice of the option with this label in each group; none where a group has no such option.
  std::optional<search::Choice> uniform(const std::string& label) const;
  const std::vector<std::string>& labels() const { return labels_; }  // all that occur, in order

  // The place of a decision: rows of a weight.
  struct Place {
    std::size_t weight = 0, first = 0, count = 0;  // rows
    std::vector<std::size_t> layers;               // users of the weight
  };
  const std::vector<Place>& places() const { return places_; }  // one per decision
  // The settings of a label: the weight's and, with inputs, the activation's.
  struct Setting {
    quant::WeightSetting weight;
    std::optional<quant::ActivationSetting> activation;
  };
  const Setting& setting(const std::string& label) const { return settings_.at(label); }

 private:
  Status begin(const engine::Engine& engine, const Choices& choices, const SpaceOptions& options);
  Status decide(const SpaceOptions& options);
  Status list_settings();
  std::vector<std::string> reserved_labels() const;
  Status add_weight(sensitivity::Analysis& analysis, const sensitivity::Site& site,
                    const cost::CostModel& model, const SpaceOptions& options);
  Status add_windows(sensitivity::Analysis& analysis, const sensitivity::Site& site,
                     const cost::CostModel& model, const SpaceOptions& options);
  Status add_fixed(const cost::CostModel& model, const SpaceOptions& options);
  search::Decision decision(const sensitivity::Site& site, const SpaceOptions& options) const;

  const engine::Engine* engine_ = nullptr;
  Choices choices_;
  std::vector<std::string> labels_;
  std::map<std::string, Setting> settings_;
  search::Space space_;
  search::Grouped grouped_;
  std::vector<Place> places_;
  std::vector<double> fixed_;
};

}  // namespace posittune::tuning
