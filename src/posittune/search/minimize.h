#pragma once

// Minimisation on flat items: relaxation, then dynamic programs over a growing core with growing
// lists, until the gap closes or a limit is reached; problems of several constraints then branch
// (branch.h).

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "posittune/search/items.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

struct Limits {
  double relative_gap = kLeastGap;
  std::size_t max_states = 0;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  double good_enough = -std::numeric_limits<double>::infinity();  // a loss at which to stop
  double cutoff = std::numeric_limits<double>::infinity();  // only smaller losses are of interest
  bool branch = true;
};
Limits limits_of(const SolveOptions& options);

struct Minimum {
  std::optional<Assignment> assignment;
  double loss = std::numeric_limits<double>::infinity();
  double bound = -std::numeric_limits<double>::infinity();
  bool proven = false;  // optimal, or, without an assignment: there is none below the cutoff
  std::vector<Assignment> basis;  // basis of the relaxation (relaxation.h)
};
Minimum minimize(const Items& items, const Limits& limits);

// Items whose loss is their cost k, within the other budgets.
Items cost_as_loss(const Items& items, std::size_t k);

}  // namespace posittune::search
