#pragma once

// Details of a run (records/details.h) from what a job has open: which format and which cost each
// layer has under each row, and a close look at some of the recipes.

#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "posittune/base/interrupt.h"
#include "posittune/base/result.h"
#include "posittune/cost/recipe_cost.h"
#include "posittune/engine/engine.h"
#include "posittune/model/graph.h"
#include "posittune/quant/recipe.h"
#include "posittune/records/details.h"

namespace posittune::session {

// The layers of a graph, in its order. `loads`: of one item.
std::vector<records::DetailLayer> detail_layers(const model::Graph& graph,
                                                const cost::Loads& loads);

// Adds rows to details, each entry of `settings` once.
class RowDetailer {
 public:
  // All outlive it.
  RowDetailer(const model::Graph& graph, const cost::CostModel& costs, records::Details& details)
      : graph_(graph), costs_(costs), details_(details) {}

  // kInput: the table has no unit for a pair of formats.
  Status add(const quant::Recipe& recipe, std::vector<double> item_losses);

 private:
  using Key = std::tuple<std::uint64_t, std::string, std::string, std::string, bool>;
  Result<std::uint64_t> setting_of(std::size_t layer, const quant::Recipe& recipe, bool stores);

  const model::Graph& graph_;
  const cost::CostModel& costs_;
  records::Details& details_;
  std::map<Key, std::uint64_t> known_;
};

// Losses of items: the mean of each over its parts (tokens, positions).
std::vector<double> item_means(std::span<const double> sums, std::span<const double> counts);

// The layers of recipes, looked at one by one: errors at outputs as the sensitivity analysis
// computes them (NaN where calibration data do not tell), and histograms of the weights. What
// several recipes give a layer is looked at once. The mixes are in the order of the recipes,
// without row and title. `weights`: the same graph with its values. `advance` counts layers.
Result<records::CloseLook> look_closely(engine::Engine& engine, const model::Graph& weights,
                                        std::span<const quant::Recipe> recipes,
                                        const Advance& advance);

}  // namespace posittune::session
