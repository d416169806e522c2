#include "posittune/search/relaxation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace posittune::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostIterations = 400;
constexpr double kPivot = 1e-11;
constexpr double kEqual = 1e-14;    // of the priced losses: a difference that is rounding
constexpr double kOptimal = 1e-14;  // of the loss: a reduced cost that is rounding

// A few rows only: one for each constraint and one for the convexity of the weights.
using Vector = std::vector<double>;

// Solves a x = b by elimination with row exchanges. Empty when a is singular.
Vector solve_linear(std::vector<Vector> a, Vector b) {
  const std::size_t n = b.size();
  for (std::size_t c = 0; c < n; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c + 1; r < n; ++r) {
      if (std::abs(a[r][c]) > std::abs(a[pivot][c])) pivot = r;
    }
    if (a[pivot][c] == 0) return {};
    std::swap(a[c], a[pivot]);
    std::swap(b[c], b[pivot]);
    for (std::size_t r = c + 1; r < n; ++r) {
      const double factor = a[r][c] / a[c][c];
      for (std::size_t k = c; k < n; ++k) a[r][k] -= factor * a[c][k];
      b[r] -= factor * b[c];
    }
  }
  for (std::size_t c = n; c-- > 0;) {
    for (std::size_t k = c + 1; k < n; ++k) b[c] -= a[c][k] * b[k];
    b[c] /= a[c][c];
  }
  return b;
}

std::vector<Vector> transposed(const std::vector<Vector>& a) {
  std::vector<Vector> t(a.size(), Vector(a.size()));
  for (std::size_t r = 0; r < a.size(); ++r) {
    for (std::size_t c = 0; c < a.size(); ++c) t[c][r] = a[r][c];
  }
  return t;
}

// The restricted master problem by the primal simplex method: columns enter one at a time.
class Master {
 public:
  // Starts from slacks and an assignment that does not exist, of a loss that no optimum pays.
  Master(std::size_t constraints, double artificial_loss) : rows_(constraints + 1) {
    for (std::size_t k = 0; k < constraints; ++k) {
      columns_.emplace_back(rows_, 0.0);
      columns_.back()[k] = 1;
    }
    columns_.emplace_back(rows_, 1.0);
    losses_.assign(rows_, 0);
    losses_.back() = artificial_loss;
    assignments_.resize(rows_);
  }

  // Dual values: minus the prices, and last the value of the convexity row.
  Vector duals() const { return solve_linear(columns_, losses_); }

  // `assignment` is empty for a slack.
  bool enter(const Vector& column, double loss, Assignment assignment) {
    const std::vector<Vector> basis = transposed(columns_);
    const Vector weights = solve_linear(basis, Vector(rows_, 1.0));
    const Vector direction = solve_linear(basis, column);
    if (weights.empty() || direction.empty()) return false;
    std::size_t leaving = rows_;
    double least = kInfinity;
    for (std::size_t r = 0; r < rows_; ++r) {
      if (direction[r] <= kPivot) continue;
      const double ratio = std::max(weights[r], 0.0) / direction[r];
      if (ratio < least) {
        least = ratio;
        leaving = r;
      }
    }
    if (leaving == rows_) return false;
    columns_[leaving] = column;
    losses_[leaving] = loss;
    assignments_[leaving] = std::move(assignment);
    return true;
  }

  const std::vector<Assignment>& assignments() const { return assignments_; }

 private:
  std::size_t rows_;
  std::vector<Vector> columns_;  // of the basis; each has one entry for each row
  Vector losses_;
  std::vector<Assignment> assignments_;
};

class ColumnGeneration {
 public:
  explicit ColumnGeneration(const Items& items) : items_(items), scale_(items.budget) {
    std::vector<double> most(items.constraints, 1);
    for (std::size_t j = 0; j < items.loss.size(); ++j) {
      loss_scale_ += items.loss[j];
      for (std::size_t k = 0; k < items.constraints; ++k) most[k] += items.costs(j)[k];
    }
    for (std::size_t k = 0; k < items.constraints; ++k) {
      if (!(scale_[k] > 0)) scale_[k] = most[k];
    }
    best_.bound = -kInfinity;
  }

  Relaxation run() {
    const std::size_t m = items_.constraints;
    Master master(m, 1 + loss_scale_);
    Column column = cheapest();
    for (std::size_t i = 0; i < kMostIterations; ++i) {
      if (!master.enter(column.entries, column.loss, std::move(column.assignment))) break;
      Vector duals = master.duals();
      if (duals.empty()) break;
      // A slack whose reduced cost is negative has a negative price; it enters first.
      const auto k = static_cast<std::size_t>(std::max_element(duals.begin(), duals.end() - 1) -
                                              duals.begin());
      if (duals[k] > kOptimal * loss_scale_) {
        column = {Vector(m + 1, 0.0), 0, {}};
        column.entries[k] = 1;
        continue;
      }
      column = priced(duals);
      const double reduced = dot(duals, column);
      if (reduced >= -kOptimal * (std::abs(duals[m]) + std::abs(column.loss))) break;
    }
    if (best_.base.empty()) priced(Vector(m + 1, 0.0));
    for (const Assignment& other : master.assignments()) {
      if (!other.empty()) best_.basis.push_back(other);
      approach(other);
    }
    return std::move(best_);
  }

 private:
  struct Column {
    Vector entries;
    double loss = 0;
    Assignment assignment;
  };

  static double dot(const Vector& duals, const Column& column) {
    double reduced = column.loss;
    for (std::size_t r = 0; r < duals.size(); ++r) reduced -= duals[r] * column.entries[r];
    return reduced;
  }

  // The assignment of the least sum of costs, each in units of its budget.
  Column cheapest() {
    Vector price(items_.constraints);
    for (std::size_t k = 0; k < price.size(); ++k) price[k] = 1 / scale_[k];
    return column_of(least(0, price));
  }

  Column priced(const Vector& duals) {
    Vector price(items_.constraints);
    for (std::size_t k = 0; k < price.size(); ++k) {
      price[k] = std::max(0.0, -duals[k]) / scale_[k];
    }
    Assignment assignment = least(1, price);
    const Totals sums = totals(items_, assignment);
    long double bound = sums.loss;
    for (std::size_t k = 0; k < price.size(); ++k) {
      bound += static_cast<long double>(price[k]) * (sums.costs[k] - items_.budget[k]);
    }
    Column column = column_of(std::move(assignment));
    if (static_cast<double>(bound) > best_.bound) {
      best_.bound = static_cast<double>(bound);
      best_.price = price;
      best_.base = column.assignment;
    }
    return column;
  }

  Assignment least(double loss_weight, const Vector& price) const {
    const std::size_t m = items_.constraints;
    Assignment assignment(items_.groups());
    for (std::size_t i = 0; i < assignment.size(); ++i) {
      double value = kInfinity;
      for (std::size_t j = items_.first[i]; j < items_.first[i + 1]; ++j) {
        double priced = loss_weight * items_.loss[j];
        for (std::size_t k = 0; k < m; ++k) priced += price[k] * items_.cost[j * m + k];
        if (priced < value) {
          value = priced;
          assignment[i] = static_cast<std::uint32_t>(j);
        }
      }
    }
    return assignment;
  }

  Column column_of(Assignment assignment) {
    const Totals sums = totals(items_, assignment);
    if (within_budgets(items_, sums) && sums.loss < feasible_loss_) {
      feasible_loss_ = sums.loss;
      best_.feasible = assignment;
    }
    Column column{sums.costs, sums.loss, std::move(assignment)};
    for (std::size_t k = 0; k < scale_.size(); ++k) {
      column.entries[k] = scale_[k] == items_.budget[k]
                              ? sums.costs[k] / scale_[k]
                              : 1 + (sums.costs[k] - items_.budget[k]) / scale_[k];
    }
    column.entries.push_back(1);
    return column;
  }

  // At the best prices many groups may have several best items, and the base may hold the cheap or
  // the dear one in all of them. Takes those of another column of the basis while that brings the
  // base closer to the budgets.
  void approach(const Assignment& other) {
    if (other.empty()) return;
    Vector costs = totals(items_, best_.base).costs;
    double away = violation(costs);
    for (std::size_t i = 0; i < other.size() && away > 0; ++i) {
      const std::size_t from = best_.base[i], to = other[i];
      if (from == to || !equally_good(from, to)) continue;
      Vector changed = costs;
      for (std::size_t k = 0; k < costs.size(); ++k) {
        changed[k] += items_.costs(to)[k] - items_.costs(from)[k];
      }
      if (violation(changed) >= away) continue;
      away = violation(changed);
      costs = std::move(changed);
      best_.base[i] = other[i];
    }
  }

  bool equally_good(std::size_t a, std::size_t b) const {
    double difference = items_.loss[a] - items_.loss[b], size = items_.loss[a] + items_.loss[b];
    for (std::size_t k = 0; k < items_.constraints; ++k) {
      difference += best_.price[k] * (items_.costs(a)[k] - items_.costs(b)[k]);
      size += best_.price[k] * (items_.costs(a)[k] + items_.costs(b)[k]);
    }
    return std::abs(difference) <= kEqual * size;
  }

  double violation(const Vector& costs) const {
    double sum = 0;
    for (std::size_t k = 0; k < costs.size(); ++k) {
      sum += std::max(0.0, (costs[k] - items_.budget[k]) / scale_[k]);
    }
    return sum;
  }

  const Items& items_;
  Vector scale_;  // of each cost
  double loss_scale_ = 0;
  double feasible_loss_ = kInfinity;
  Relaxation best_;
};

}  // namespace

Relaxation relax(const Items& items) { return ColumnGeneration(items).run(); }

}  // namespace posittune::search
