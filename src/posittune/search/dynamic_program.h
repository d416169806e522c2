#pragma once

// Dynamic programming over the open groups of a core with lists of partial assignments.
//
// A state is a choice for the groups decided so far, all others at their base: an excess and a
// slack for each constraint. A state is dropped when its bound is no better than the best
// assignment, when another one has no more excess and no less slack, or when the list is longer
// than allowed; the last makes the search a beam search whose bound is that of the best state
// dropped. reference: G. L. Nemhauser, Z. Ullmann, "Discrete dynamic programming and capital
// allocation", Management Science 15, 1969.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "posittune/search/core.h"

namespace posittune::search {

struct ProgramLimits {
  std::size_t states = 0;
  double tolerance = 0;        // smaller improvements of the excess are not searched for
  std::function<bool()> stop;  // asked before each group
};

struct ProgramResult {
  struct Change {
    std::size_t group = 0;
    std::uint32_t item = 0;
  };
  bool improved = false;
  double excess = 0;            // excess of the best assignment, found or given
  std::vector<Change> changes;  // changes of the base, when improved
  double bound = 0;             // below the excess of any assignment within the budgets
  bool stopped = false;
};

// Runs the program. `excess`: that of the best assignment known, or infinity.
ProgramResult run_program(const Core& core, double excess, const ProgramLimits& limits);

}  // namespace posittune::search
