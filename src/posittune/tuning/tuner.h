#pragma once

// Tuner, the whole job of a search: scores, allocations within budgets, refinement on measured KL,
// and results of the chosen recipes on data that were not used for choosing.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/cost/recipe_cost.h"
#include "posittune/data/dataset.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/records/entries.h"
#include "posittune/records/journal.h"
#include "posittune/records/search.h"
#include "posittune/search/knapsack.h"
#include "posittune/sensitivity/analysis.h"
#include "posittune/tuning/budgets.h"
#include "posittune/tuning/mix_space.h"

namespace posittune::tuning {

struct Options {
  Choices choices;
  SpaceOptions space;  // `costs` follow from the budgets
  // Each list is one search for the least KL within all of its budgets.
  std::vector<std::vector<Budget>> budgets;
  std::size_t pareto = 0;          // points from the cheapest to the most expensive assignment
  std::optional<double> max_drop;  // part of FP32's metric that may be lost, at the least cost
  Cost cost = Cost::kBits;         // cost of the front and of max_drop
  std::size_t refine = 0;          // trials for each budget
  bool baselines = false;
  bool report = true;  // read the report split
  search::SolveOptions solve;
  sensitivity::Options analysis;
  evaluation::Options evaluation;
  std::uint64_t seed = 1;
};

// Inputs of a search; all outlive it.
struct Inputs {
  engine::Engine* engine = nullptr;  // with covariance_bytes
  const data::Dataset* calibrate = nullptr;
  const data::Dataset* search = nullptr;
  const data::Dataset* report = nullptr;  // may be null without Options::report
  const cost::CostModel* model = nullptr;
  ModelSize size;
  std::vector<double> squares;  // sum of squares of each weight
  records::Journal* journal = nullptr;
  std::map<std::string, std::string> identity;  // parts of every key: model, task ...
  sensitivity::Reporter progress;
  sensitivity::Figures* figures = nullptr;  // null: the engine's, on these data
};

struct Outcome {
  records::SearchResult result;
  std::vector<quant::Recipe> recipes;  // recipe of each row
  // Losses of the report split's items, for each row; empty lists where it was not read.
  std::vector<records::ItemsEntry> item_losses;
  // What the search expected of each choice for each weight, windows of a weight together.
  struct Score {
    std::size_t weight = 0;  // of the graph
    std::string label;
    double loss = 0;
  };
  std::vector<Score> scores;
  // Budgets that cannot be met, with the least that can: the rows then hold the nearest recipes.
  std::vector<Error> missed;
};

// Runs a search. kUsage, kInput: invalid choices, pins, ties and budgets (a budget that is too
// small does not end the search, see Outcome). Every measurement goes through the journal.
Result<Outcome> tune(const Inputs& inputs, const Options& options);

// The drop: the part of FP32's value that was lost; negative when it is better.
double drop_of(const records::MetricResult& result);

}  // namespace posittune::tuning
