#pragma once

// Relaxation by the Lagrangian dual: the largest lower bound that prices on the costs can give.
//
//   L(p) = sum_i min_j (loss_ij + p . cost_ij) - p . budget,  p >= 0
//
// L(p) is a lower bound for every p, and its maximum is that of the linear relaxation. It is found
// by column generation: complete assignments are the columns, and the next one is that of least
// priced loss. reference: G. B. Dantzig, P. Wolfe, "Decomposition principle for linear programs",
// Operations Research 8, 1960.

#include <optional>
#include <vector>

#include "posittune/search/items.h"

namespace posittune::search {

struct Relaxation {
  std::vector<double> price;           // p of the best bound
  double bound = 0;                    // L(p)
  Assignment base;                     // minimiser; rarely within the budgets
  std::optional<Assignment> feasible;  // the best one met that is
  std::vector<Assignment> basis;       // the linear relaxation's optimum is a mean of these
};

// Relaxes a reduced problem with at least one group and one constraint.
Relaxation relax(const Items& items);

}  // namespace posittune::search
