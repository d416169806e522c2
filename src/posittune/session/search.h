#pragma once

// Search: the best format for each layer, or group of channels, within budgets.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/metrics/scorer.h"
#include "posittune/records/plan.h"
#include "posittune/records/search.h"
#include "posittune/sensitivity/request.h"
#include "posittune/session/checked.h"
#include "posittune/session/cost.h"
#include "posittune/session/measuring.h"
#include "posittune/session/settings.h"
#include "posittune/tuning/budgets.h"

namespace posittune::session {

struct SearchOptions {
  // Choices. Formats of weights as in quant/weight_format.h; of inputs: "posit<8,1>", "int8@token"
  // (with how its scale is chosen).
  std::vector<std::string> formats{}, activations{};
  std::vector<std::string> pairs{};   // WEIGHT/ACTIVATION allowed in a layer, or "same"; empty: any
  std::vector<std::string> assign{};  // REGEX=FORMAT: fixed
  std::vector<std::string> ties{};    // REGEX: weights with equal capture groups get one format
  bool tie_inputs = false;            // weights whose layers read the same input get one format
  // Operands that get formats: kWeight, or kBoth (inputs of layers too).
  sensitivity::Operand what = sensitivity::Operand::kWeight;
  Settings settings{};
  quant::ScaleRule scale = quant::ScaleRule::kMsePow2;            // rule for weights
  quant::ScaleRule activation_rule = quant::ScaleRule::kMsePow2;  // rule for inputs
  std::size_t windows = 0;  // output channels that get a format together; 0: whole weights
  // Budgets. Several budgets of one cost are a search each; the other budgets hold in all of them.
  std::vector<tuning::Budget> budgets{};
  std::optional<double> max_drop{};  // part of the metric that may be lost, at the fewest bits
  std::size_t pareto = 0;            // points of the front of loss against bits
  std::size_t refine = 0;            // single changes of each result that are measured
  bool baselines = false, no_report = false;
  double gap = 1e-9, solver_seconds = 60;
  TableChoice table{};  // of MAC units, that budgets of energy and area count with
  // Measurements.
  metrics::ScoreRequest scores{};
  // Items of the search data that gains are measured on; 0: all; none: chosen by the model's size.
  std::optional<std::size_t> gain_items{};
  Measuring measuring{};
};

// Parses a drop: "1%" or "0.01".
Result<double> parse_drop(const std::string& text);

// Errors (kUsage): what can be seen to be wrong before a model is read.
struct SearchParts;
using CheckedSearch = Checked<SearchOptions, SearchParts>;
Result<CheckedSearch> check(const SearchOptions& options);

struct SearchResult {
  records::SearchResult result;
  std::vector<Error> missed;  // budgets that cannot be met: rows hold what comes nearest
  std::string run_folder;
  double seconds = 0;
};

using records::SearchPlan;

}  // namespace posittune::session
