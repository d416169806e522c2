#pragma once

// Baselines: rules of thumb to allocate a budget, over the same options and costs as the search.
// Each returns an option for every group whose sum of costs[cost] is within the budget, or, where
// even the cheapest options exceed it, those; they have no bound on the optimum.
//
// "More expensive" and "cheaper" are by costs[cost]; among options of one cost the one of least
// loss counts.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

using Choice = std::vector<std::size_t>;

// The cheapest option of each group.
Choice cheapest_choice(const Groups& groups, std::size_t cost);

// Random: starting from the cheapest options, a random group takes its next more expensive one, as
// long as any fits.
Choice random_choice(const Groups& groups, std::size_t cost, double budget, std::uint64_t seed);

// By size: small layers are cheap to keep precise. In ascending order of size, each group takes the
// most expensive option that fits.
Choice choice_by_size(const Groups& groups, std::size_t cost, double budget,
                      std::span<const double> sizes);

// By SQNR: the group with the lowest signal-to-noise ratio takes its next more expensive option
// with a higher one, repeatedly. sqnr[group][option], in dB or any monotonic measure; groups that
// cannot improve are left alone.
Choice choice_by_sqnr(const Groups& groups, std::size_t cost, double budget,
                      const std::vector<std::vector<double>>& sqnr);

// By AIMET's list: starting from the most expensive options, (group, option) pairs in ascending
// order of loss, are taken when they make their group cheaper, until the budget is met. source:
// AIMET's automatic mixed precision, "greedy" phase two: accuracy list sorted by sensitivity,
// https://quic.github.io/aimet-pages, read 2026.
Choice choice_by_pareto_list(const Groups& groups, std::size_t cost, double budget);

// By order: starting from `start`, each change in the given order that fits.
struct Change {
  std::size_t group = 0, option = 0;
};
Choice choice_by_order(const Groups& groups, std::size_t cost, double budget, Choice start,
                       std::span<const Change> order);

// Groups with shuffled losses: each keeps its costs and gets the losses of a random other group
// with as many options. A search on them is a control: it should do no better than random_choice.
Groups with_shuffled_losses(const Groups& groups, std::uint64_t seed);

// RuleInputs: what the rules look at. `budget` limits costs[0]; other costs do not count.
struct RuleInputs {
  const Groups& groups;
  double budget = 0;
  std::span<const double> sizes;                 // size of each group
  const std::vector<std::vector<double>>& sqnr;  // see choice_by_sqnr()
  const Groups& trace;                           // the groups with losses of HAWQ-like order
  std::uint64_t seed = 1;
};
// A rule of thumb, or a control, that a search is compared with. Errors are those of solve().
struct Rule {
  std::string_view name;  // method in rows of results
  Result<Choice> (*choose)(const RuleInputs& inputs);
};
std::span<const Rule> rules();

}  // namespace posittune::search
