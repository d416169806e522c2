#pragma once

// States that another one makes useless: it has no more excess and no less slack.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "posittune/search/states.h"

namespace posittune::search {

// The states in order of falling slack of the first constraint, then of rising excess. `runs` are
// their boundaries: [runs[r], runs[r + 1]) are nearly in that order already.
std::vector<std::uint32_t> merged_order(const States& states, const std::vector<std::size_t>& runs);

// Removes dominated states from an order that merged_order made; of equal ones the first stays. For
// three constraints and more a state is compared with some of the others only, so that more may
// stay.
void drop_dominated(const States& states, std::vector<std::uint32_t>& order);

}  // namespace posittune::search
