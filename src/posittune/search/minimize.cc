#include "posittune/search/minimize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "posittune/base/interrupt.h"
#include "posittune/search/branch.h"
#include "posittune/search/core.h"
#include "posittune/search/dynamic_program.h"
#include "posittune/search/relaxation.h"

namespace posittune::search {
namespace {

constexpr std::size_t kFirstStates = 256;
constexpr std::size_t kFirstGroups = 64;
constexpr std::size_t kGrowth = 4;
constexpr std::size_t kStatesBeforeBranching = 1U << 14;
constexpr std::size_t kMostBranchingGroups = 5000;  // a node costs a relaxation over all of them
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// `items` are reduced, have a constraint, and every budget can be met on its own.
class Minimizer {
 public:
  Minimizer(const Items& items, double loss_floor, const Limits& limits)
      : items_(items), loss_floor_(loss_floor), limits_(limits), relaxation_(relax(items)) {}

  Minimum run() {
    const double least = loss_floor_ + relaxation_.bound;
    if (least >= limits_.cutoff) return none(least, true);
    if (!relaxation_.feasible && !find_feasible() && (infeasible_ || limits_.cutoff == kInfinity))
      return none(least, infeasible_);
    excess_ = limits_.cutoff - least;
    if (relaxation_.feasible) take_feasible();
    grow();
    Minimum minimum;
    minimum.proven = proven();
    minimum.basis = relaxation_.basis;
    minimum.bound = least + bound_;
    if (best_.empty()) {
      if (bound_ >= excess_) minimum.bound = limits_.cutoff;
      return minimum;
    }
    minimum.loss = loss_floor_ + totals(items_, best_).loss;
    minimum.bound = bound_ >= excess_ ? minimum.loss : std::min(minimum.loss, minimum.bound);
    minimum.assignment = std::move(best_);
    return minimum;
  }

 private:
  double loss() const { return loss_floor_ + relaxation_.bound + excess_; }
  double tolerance() const { return limits_.relative_gap * std::abs(loss()); }
  bool proven() const { return excess_ - bound_ <= tolerance(); }
  bool stop() const {
    return std::chrono::steady_clock::now() >= limits_.deadline || !check_interrupt();
  }

  void take_feasible() {
    long double excess = 0;
    for (std::size_t i = 0; i < relaxation_.feasible->size(); ++i) {
      excess += items_.loss[(*relaxation_.feasible)[i]] - items_.loss[relaxation_.base[i]];
    }
    const Totals base = totals(items_, relaxation_.base);
    for (std::size_t k = 0; k < items_.constraints; ++k) {
      excess += relaxation_.price[k] * (items_.budget[k] - base.costs[k]);
    }
    if (static_cast<double>(excess) >= excess_) return;
    excess_ = std::max(0.0, static_cast<double>(excess));
    best_ = *relaxation_.feasible;
  }

  void grow() {
    std::size_t states = std::min(kFirstStates, limits_.max_states), groups = kFirstGroups;
    while (!proven() && loss() > limits_.good_enough) {
      const Core core = make_core(items_, relaxation_, excess_ - tolerance(), groups);
      const ProgramResult result =
          run_program(core, excess_, {states, tolerance(), [this] { return stop(); }});
      if (result.improved) take(result);
      bound_ = std::max(bound_, result.bound);
      if (result.stopped || (core.whole && states >= limits_.max_states)) return;
      states = std::min(states * kGrowth, limits_.max_states);
      groups *= kGrowth;
    }
  }

  void take(const ProgramResult& result) {
    best_ = relaxation_.base;
    for (const ProgramResult::Change& change : result.changes) best_[change.group] = change.item;
    excess_ = result.excess;
  }

  // Some assignment within all budgets: the one that minimises the first cost within the others, if
  // that meets the first budget.
  bool find_feasible() {
    Limits limits = limits_;
    limits.good_enough = items_.budget[0];
    limits.cutoff = kInfinity;
    Minimum minimum = minimize(cost_as_loss(items_, 0), limits);
    if (minimum.assignment && minimum.loss <= items_.budget[0]) {
      relaxation_.feasible = std::move(minimum.assignment);
      return true;
    }
    infeasible_ = minimum.assignment ? minimum.bound > items_.budget[0] : minimum.proven;
    return false;
  }

  static Minimum none(double bound, bool proven) {
    Minimum minimum;
    minimum.bound = bound;
    minimum.proven = proven;
    return minimum;
  }

  const Items& items_;
  double loss_floor_;
  const Limits& limits_;
  Relaxation relaxation_;
  Assignment best_;    // empty: none below the cutoff
  double excess_ = 0;  // of it, or of the cutoff; see core.h
  double bound_ = 0;   // of the excess of all
  bool infeasible_ = false;
};

Minimum least_losses(const Items& items, double loss_floor) {
  Minimum minimum;
  minimum.assignment.emplace();
  for (std::size_t i = 0; i < items.groups(); ++i) {
    const auto begin = items.loss.begin() + static_cast<std::ptrdiff_t>(items.first[i]);
    const auto end = items.loss.begin() + static_cast<std::ptrdiff_t>(items.first[i + 1]);
    const auto least = std::min_element(begin, end) - items.loss.begin();
    minimum.assignment->push_back(static_cast<std::uint32_t>(least));
  }
  minimum.loss = minimum.bound = loss_floor;
  minimum.proven = true;
  return minimum;
}

Minimum nothing_below(double cutoff) {
  Minimum nothing;
  nothing.bound = cutoff;
  nothing.proven = true;
  return nothing;
}

Minimum minimize_reduced(const Reduced& reduced, const Limits& limits) {
  const Items& items = reduced.items;
  if (std::ranges::any_of(items.budget, [](double b) { return b < 0; })) {
    return nothing_below(kInfinity);
  }
  if (items.constraints == 0) {
    if (reduced.loss_floor >= limits.cutoff) return nothing_below(limits.cutoff);
    return least_losses(items, reduced.loss_floor);
  }
  Limits first = limits;
  const bool branches =
      limits.branch && items.constraints > 1 && items.groups() <= kMostBranchingGroups;
  if (branches) first.max_states = std::min(limits.max_states, kStatesBeforeBranching);
  Minimum minimum = Minimizer(items, reduced.loss_floor, first).run();
  if (minimum.proven || !branches || minimum.loss <= limits.good_enough) return minimum;
  return branch_and_bound(items, reduced.loss_floor, std::move(minimum), limits);
}

}  // namespace

Limits limits_of(const SolveOptions& options) {
  Limits limits;
  limits.relative_gap = std::max(options.relative_gap, kLeastGap);
  limits.max_states = std::max<std::size_t>(options.max_states, 1);
  constexpr double kForever = 1e8;  // seconds: what the clock can add without overflow
  if (options.seconds < kForever) {
    limits.deadline = std::chrono::steady_clock::now() +
                      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                          std::chrono::duration<double>(std::max(options.seconds, 0.0)));
  }
  return limits;
}

Items cost_as_loss(const Items& items, std::size_t k) {
  const std::size_t m = items.constraints;
  Items exchanged;
  exchanged.constraints = m - 1;
  exchanged.first = items.first;
  exchanged.source = items.source;
  for (std::size_t j = 0; j < items.loss.size(); ++j) {
    exchanged.loss.push_back(items.costs(j)[k]);
    for (std::size_t other = 0; other < m; ++other) {
      if (other != k) exchanged.cost.push_back(items.costs(j)[other]);
    }
  }
  for (std::size_t other = 0; other < m; ++other) {
    if (other != k) exchanged.budget.push_back(items.budget[other]);
  }
  return exchanged;
}

Minimum minimize(const Items& items, const Limits& limits) {
  const Reduced reduced = reduce(items);
  Minimum minimum = minimize_reduced(reduced, limits);
  const auto to_given = [&](Assignment& assignment) {
    for (std::size_t i = 0; i < assignment.size(); ++i) {
      assignment[i] =
          static_cast<std::uint32_t>(items.first[i]) + reduced.items.source[assignment[i]];
    }
  };
  if (minimum.assignment) to_given(*minimum.assignment);
  for (Assignment& assignment : minimum.basis) to_given(assignment);
  return minimum;
}

}  // namespace posittune::search
