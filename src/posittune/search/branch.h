#pragma once

// Branch and bound, for problems of several constraints whose gap dynamic programs did not close.
//
// A node allows each group a subset of its items; its bound is that of its relaxation and programs
// (minimize.h). The node of least bound goes first: of the groups in which the relaxation's optimum
// mixes items, the one whose items differ most in loss is split between them.

#include "posittune/search/minimize.h"

namespace posittune::search {

// Runs branch and bound from `start`, the best known result, whose basis is the root's. It ends
// when the least open bound is within the gap, at the deadline, at `good_enough`, or after a number
// of nodes.
Minimum branch_and_bound(const Items& items, double loss_floor, Minimum start,
                         const Limits& limits);

}  // namespace posittune::search
