#include "posittune/search/refine.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>
#include <utility>

#include "posittune/search/belief.h"
#include "posittune/search/flatten.h"
#include "posittune/search/relaxation.h"

namespace posittune::search {
namespace {

constexpr std::size_t kMostMoves = 1500;  // that are combined in pairs
constexpr double kSolveSeconds = 5;

struct Move {
  Change change;
  double loss = 0;            // difference
  std::vector<double> costs;  // differences
  double distance = 0;        // from what the multipliers ask
};

struct Proposal {
  std::vector<Change> changes;
  double predicted = 0, promise = 0;
};

// Expected max(0, -X) of a normal X.
double expected_improvement(double mean, double deviation) {
  if (!(deviation > 0)) return std::max(0.0, -mean);
  const double z = mean / deviation;
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  const double above = std::erfc(z / std::numbers::sqrt2) / 2;
  return deviation * (density - z * above);
}

class Refiner {
 public:
  Refiner(const Groups& groups, const std::vector<double>& budgets, Choice start,
          const RefineOptions& options)
      : groups_(groups),
        budgets_(budgets),
        options_(options),
        current_(std::move(start)),
        belief_(options.uncertainty) {}

  Result<Refined> run(const Compare& compare) {
    if (const Status good = check_groups(groups_, budgets_.size()); !good) return good.error();
    price_.assign(budgets_.size(), 0);
    if (!groups_.empty() && !budgets_.empty()) price_ = relax(flatten(groups_, budgets_)).price;
    Refined result;
    while (result.steps.size() < options_.trials) {
      auto proposal = best_proposal();
      if (auto optimum = expected_optimum();
          optimum && (!proposal || optimum->promise > proposal->promise))
        proposal = std::move(optimum);
      if (!proposal) break;
      Choice candidate = current_;
      for (const Change& change : proposal->changes) candidate[change.group] = change.option;
      auto verdict = compare(candidate, current_);
      if (!verdict) return verdict.error();
      result.steps.push_back({proposal->changes, proposal->predicted, *verdict});
      if (std::isfinite(verdict->difference))
        belief_.learn(terms_of(proposal->changes), verdict->difference,
                      verdict->deviation * verdict->deviation);
      if (verdict->better) {
        current_ = std::move(candidate);
        tried_.clear();  // of another allocation
      } else {
        tried_.push_back(proposal->changes);
      }
    }
    result.choice = std::move(current_);
    return result;
  }

 private:
  std::vector<Move> moves() const {
    std::vector<Move> all;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const Option& now = groups_[g][current_[g]];
      for (std::size_t j = 0; j < groups_[g].size(); ++j) {
        if (j == current_[g]) continue;
        const Option& then = groups_[g][j];
        Move move{.change = {g, j}, .loss = then.loss - now.loss, .costs = {}};
        for (std::size_t k = 0; k < budgets_.size(); ++k)
          move.costs.push_back(then.costs[k] - now.costs[k]);
        move.distance =
            std::inner_product(price_.begin(), price_.end(), move.costs.begin(), move.loss);
        all.push_back(std::move(move));
      }
    }
    if (all.size() > kMostMoves) {
      std::ranges::nth_element(all, all.begin() + kMostMoves, {}, &Move::distance);
      all.resize(kMostMoves);
    }
    return all;
  }

  bool fits(const std::vector<double>& slack, const Move& a, const Move* b) const {
    for (std::size_t k = 0; k < slack.size(); ++k) {
      if (a.costs[k] + (b == nullptr ? 0 : b->costs[k]) > slack[k]) return false;
    }
    return true;
  }

  std::vector<double> slack() const {
    std::vector<long double> left(budgets_.begin(), budgets_.end());
    for (std::size_t k = 0; k < left.size(); ++k) {
      left[k] += kBudgetTolerance * std::abs(left[k]);
      for (std::size_t g = 0; g < groups_.size(); ++g) left[k] -= groups_[g][current_[g]].costs[k];
    }
    return {left.begin(), left.end()};
  }

  std::vector<Belief::Term> terms_of(const std::vector<Change>& changes) const {
    std::vector<Belief::Term> terms;
    for (const Change& change : changes) {
      const auto& options = groups_[change.group];
      terms.push_back(
          {change.group, options[change.option].loss - options[current_[change.group]].loss});
    }
    return terms;
  }

  bool was_tried(const std::vector<Change>& changes) const {
    const auto same = [](const Change& a, const Change& b) {
      return a.group == b.group && a.option == b.option;
    };
    return std::ranges::any_of(
        tried_, [&](const auto& other) { return std::ranges::equal(changes, other, same); });
  }

  std::optional<Proposal> best_proposal() const {
    std::optional<Proposal> best;
    const std::vector<double> left = slack();
    const auto consider = [&](const Move& a, const Move* b) {
      if (!fits(left, a, b)) return;
      const Belief::Term terms[] = {
          {a.change.group, a.loss},
          {b == nullptr ? 0 : b->change.group, b == nullptr ? 0 : b->loss}};
      const Belief::Normal expected = belief_.predict({terms, b == nullptr ? 1U : 2U});
      const double promise = expected_improvement(expected.mean, std::sqrt(expected.variance));
      if (best && promise <= best->promise) return;
      std::vector<Change> changes = {a.change};
      if (b != nullptr) changes.push_back(b->change);
      if (promise > 0 && !was_tried(changes))
        best = Proposal{std::move(changes), a.loss + (b == nullptr ? 0 : b->loss), promise};
    };
    const std::vector<Move> all = moves();
    for (std::size_t i = 0; i < all.size(); ++i) {
      consider(all[i], nullptr);
      for (std::size_t j = i + 1; j < all.size(); ++j) {
        if (all[j].change.group == all[i].change.group || (all[i].loss > 0) == (all[j].loss > 0))
          continue;
        consider(all[i], &all[j]);
      }
    }
    return best;
  }

  // What the solver takes when the scores are as expected now.
  std::optional<Proposal> expected_optimum() const {
    Problem problem{groups_, budgets_};
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      for (Option& option : problem.groups[g]) option.loss *= std::max(0.0, belief_.mean(g));
    }
    const auto solved = solve(problem, {.relative_gap = 1e-6, .seconds = kSolveSeconds});
    if (!solved) return std::nullopt;
    Proposal proposal;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (solved->choice[g] != current_[g]) proposal.changes.push_back({g, solved->choice[g]});
    }
    if (proposal.changes.empty() || was_tried(proposal.changes)) return std::nullopt;
    const auto terms = terms_of(proposal.changes);
    for (const Belief::Term& term : terms) proposal.predicted += term.loss;
    const Belief::Normal expected = belief_.predict(terms);
    proposal.promise = expected_improvement(expected.mean, std::sqrt(expected.variance));
    return proposal;
  }

  const Groups& groups_;
  const std::vector<double>& budgets_;
  const RefineOptions& options_;
  Choice current_;
  std::vector<double> price_;  // of each budget
  Belief belief_;
  std::vector<std::vector<Change>> tried_;
};

}  // namespace

Result<Refined> refine(const Groups& groups, const std::vector<double>& budgets, Choice start,
                       const Compare& compare, const RefineOptions& options) {
  return Refiner(groups, budgets, std::move(start), options).run(compare);
}

}  // namespace posittune::search
