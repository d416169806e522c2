#pragma once

// Ways to allocate a budget that others use, over the same options and costs. Each returns an
// option for every group whose sum of costs[cost] is within the budget, or, where even the cheapest
// options exceed it, those; they are rules of thumb and know no bound.
//
// "Dearer" and "cheaper" are by costs[cost]; of options of one cost the one of least loss counts.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "posittune/search/knapsack.h"

namespace posittune::search {

using Choice = std::vector<std::size_t>;

// The cheapest option of each group.
Choice cheapest_choice(const Groups& groups, std::size_t cost);

// From the cheapest options a random group goes to its next dearer one, again and again, while any
// fits.
Choice random_choice(const Groups& groups, std::size_t cost, double budget, std::uint64_t seed);

// Small layers are cheap to keep precise: in ascending order of size, each group takes the dearest
// option that fits.
Choice choice_by_size(const Groups& groups, std::size_t cost, double budget,
                      std::span<const double> sizes);

// The group whose signal-to-noise ratio is lowest takes its next dearer option with a higher one,
// again and again. sqnr[group][option], in dB or any monotonic measure; groups that cannot improve
// are left alone.
Choice choice_by_sqnr(const Groups& groups, std::size_t cost, double budget,
                      const std::vector<std::vector<double>>& sqnr);

// From the dearest options down: (group, option) pairs in ascending order of loss, each taken when
// it makes its group cheaper, until the budget is met. source: AIMET's automatic mixed precision,
// "greedy" phase two: accuracy list sorted by sensitivity, https://quic.github.io/aimet-pages, read
// 2026.
Choice choice_by_pareto_list(const Groups& groups, std::size_t cost, double budget);

// From `start`, changes in the given order, each that fits.
struct Change {
  std::size_t group = 0, option = 0;
};
Choice choice_by_order(const Groups& groups, std::size_t cost, double budget, Choice start,
                       std::span<const Change> order);

// Losses dealt out anew: each group keeps its costs and gets the losses of a random other group of
// as many options. A search on them is a control: it should do no better than random_choice.
Groups with_shuffled_losses(const Groups& groups, std::uint64_t seed);

}  // namespace posittune::search
