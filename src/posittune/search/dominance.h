#pragma once

// Dominance: a state is useless when another one has no more excess and no less slack.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "posittune/search/states.h"

namespace posittune::search {

// The order of states: descending slack of the first constraint, then ascending excess. `runs` are
// boundaries: the states [runs[r], runs[r + 1]) are nearly in that order already.
std::vector<std::uint32_t> merged_order(const States& states, const std::vector<std::size_t>& runs);

// Removes dominated states from an order that merged_order made; of equal ones the first stays. One
// that ties in that order with what dominates it may stay. For three constraints and more a state
// is compared with some of the others only, so that more may stay.
void drop_dominated(const States& states, std::vector<std::uint32_t>& order);

}  // namespace posittune::search
