#include "posittune/search/core.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace posittune::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargestShift = 8;     // of the price
constexpr std::size_t kMostSteps = 48;  // shifts of one direction
constexpr std::size_t kFarMore = 16;
constexpr double kRoundingMargin =
    1e-9;  // of sums of what can be taken: they only need to be enough

class Builder {
 public:
  Builder(const Items& items, const Relaxation& relaxation, double limit)
      : items_(items), base_(relaxation.base), limit_(limit) {
    core_.constraints = items.constraints;
    core_.price = relaxation.price;
    core_.least_removed = kInfinity;
    const Totals sums = totals(items, base_);
    for (std::size_t k = 0; k < items.constraints; ++k) {
      core_.base_slack.push_back(items.budget[k] - sums.costs[k]);
      core_.base_excess += core_.price[k] * core_.base_slack[k];
    }
  }

  Core build(std::size_t most_groups) {
    open_groups();
    set_units();
    order_groups();
    if (core_.groups.size() > kFarMore * most_groups) close_tail(most_groups);
    make_shifts();
    remove_items();
    order_groups();
    core_.staged = std::min(most_groups, core_.groups.size());
    core_.whole = !closed_ && core_.staged == core_.groups.size();
    sum_up();
    return std::move(core_);
  }

 private:
  std::size_t moves_end(const Core::Group& g) const { return g.first + g.count; }

  void open_groups() {
    const std::size_t m = items_.constraints;
    for (std::size_t i = 0; i < items_.groups(); ++i) {
      Core::Group group{i, core_.item.size(), 0, 0};
      const std::size_t base = base_[i];
      for (std::size_t j = items_.first[i]; j < items_.first[i + 1]; ++j) {
        if (j == base) continue;
        const double gain = items_.loss[j] - items_.loss[base];
        double reduced = gain;
        for (std::size_t k = 0; k < m; ++k) {
          reduced += core_.price[k] * (items_.cost[j * m + k] - items_.cost[base * m + k]);
        }
        reduced = std::max(reduced, 0.0);  // below zero is rounding
        if (reduced >= limit_) {
          core_.least_removed = std::min(core_.least_removed, reduced);
          continue;
        }
        core_.item.push_back(static_cast<std::uint32_t>(j));
        core_.gain.push_back(gain);
        core_.reduced.push_back(reduced);
        for (std::size_t k = 0; k < m; ++k) {
          core_.use.push_back(items_.cost[j * m + k] - items_.cost[base * m + k]);
        }
      }
      group.count = core_.item.size() - group.first;
      if (group.count > 0) core_.groups.push_back(group);
    }
  }

  // What a price is shifted in units of: itself, or where it is zero, all losses over all costs.
  void set_units() {
    const std::size_t m = items_.constraints;
    units_ = core_.price;
    for (std::size_t k = 0; k < m; ++k) {
      if (units_[k] > 0) continue;
      double gains = 0, uses = 0;
      for (std::size_t o = 0; o < core_.item.size(); ++o) {
        gains += std::abs(core_.gain[o]);
        uses += std::abs(core_.use[o * m + k]);
      }
      units_[k] = uses > 0 && gains > 0 ? gains / uses : 1;
    }
  }

  double price_change(std::size_t move) const {
    const std::size_t m = items_.constraints;
    double use = 0;
    for (std::size_t k = 0; k < m; ++k) use += units_[k] * std::abs(core_.use[move * m + k]);
    return use > 0 ? core_.reduced[move] / use : kInfinity;
  }

  void order_groups() {
    for (Core::Group& group : core_.groups) {
      group.price_change = kInfinity;
      for (std::size_t o = group.first; o < moves_end(group); ++o) {
        group.price_change = std::min(group.price_change, price_change(o));
      }
    }
    std::ranges::sort(core_.groups, [](const Core::Group& a, const Core::Group& b) {
      return a.price_change != b.price_change ? a.price_change < b.price_change : a.group < b.group;
    });
  }

  // Sums over all groups would take longer than what they are for, a first good assignment.
  void close_tail(std::size_t most_groups) {
    core_.groups.resize(most_groups);
    keep_below_limit(std::vector<double>(core_.item.size(), 0.0));
    core_.least_removed = 0;
    closed_ = true;
  }

  // All signs for few constraints; for more, one price at a time and all together.
  std::vector<std::vector<double>> directions() const {
    const std::size_t m = items_.constraints;
    std::vector<std::vector<double>> list;
    if (m <= 3) {
      const std::size_t count = m == 1 ? 3 : m == 2 ? 9 : 27;
      for (std::size_t code = 0; code < count; ++code) {
        std::vector<double> signs(m);
        std::size_t rest = code;
        for (double& sign : signs) {
          sign = static_cast<double>(rest % 3) - 1;
          rest /= 3;
        }
        if (std::ranges::any_of(signs, [](double s) { return s != 0; })) list.push_back(signs);
      }
      return list;
    }
    for (const double sign : {-1.0, 1.0}) {
      list.emplace_back(m, sign);
      for (std::size_t k = 0; k < m; ++k) {
        list.emplace_back(m, 0.0);
        list.back()[k] = sign;
      }
    }
    return list;
  }

  void make_shifts() {
    const std::size_t m = items_.constraints;
    double smallest = 1;
    for (const Core::Group& group : core_.groups) {
      if (group.price_change <= 0) continue;
      smallest = std::clamp(group.price_change, 1e-9, 1.0);
      break;
    }
    const double ratio = std::max(m == 1 ? std::sqrt(2.0) : 2.0,
                                  std::pow(kLargestShift / smallest, 1.0 / kMostSteps));
    core_.shift.assign(m, 0.0);
    for (const std::vector<double>& direction : directions()) {
      for (double size = smallest; size < kLargestShift; size *= ratio) {
        add_shift(direction, size);
        if (size < 1 && size * ratio > 1) add_shift(direction, 1);
      }
    }
    core_.shifts = core_.shift.size() / m;
  }

  void add_shift(const std::vector<double>& direction, double size) {
    bool allowed = true;
    for (std::size_t k = 0; k < direction.size(); ++k) {
      allowed = allowed && core_.price[k] + direction[k] * size * units_[k] >= 0;
    }
    if (!allowed) return;
    for (std::size_t k = 0; k < direction.size(); ++k) {
      core_.shift.push_back(direction[k] * size * units_[k]);
    }
  }

  double shifted(std::size_t move, std::size_t d) const {
    const std::size_t m = items_.constraints;
    double value = core_.reduced[move];
    for (std::size_t k = 0; k < m; ++k) value += core_.shift[d * m + k] * core_.use[move * m + k];
    return value;
  }

  double least_shifted(const Core::Group& group, std::size_t d) const {
    double least = 0;
    for (std::size_t o = group.first; o < moves_end(group); ++o) {
      least = std::min(least, shifted(o, d));
    }
    return least;
  }

  // The bound of everything that holds a move, for each shift; the best decides.
  void remove_items() {
    const std::size_t m = items_.constraints;
    std::vector<double> bound(core_.item.size(), 0.0), least(core_.groups.size());
    for (std::size_t d = 0; d < core_.shifts; ++d) {
      double sum = 0;
      for (std::size_t g = 0; g < core_.groups.size(); ++g) {
        sum += least[g] = least_shifted(core_.groups[g], d);
      }
      for (std::size_t k = 0; k < m; ++k) sum -= core_.shift[d * m + k] * core_.base_slack[k];
      for (std::size_t g = 0; g < core_.groups.size(); ++g) {
        const Core::Group& group = core_.groups[g];
        for (std::size_t o = group.first; o < moves_end(group); ++o) {
          bound[o] = std::max(bound[o], sum - least[g] + shifted(o, d));
        }
      }
    }
    keep_below_limit(bound);
  }

  void keep_below_limit(const std::vector<double>& bound) {
    const std::size_t m = items_.constraints;
    Core kept;
    std::vector<Core::Group> groups;
    for (Core::Group group : core_.groups) {
      const std::size_t first = kept.item.size();
      for (std::size_t o = group.first; o < moves_end(group); ++o) {
        if (bound[o] >= limit_) {
          core_.least_removed = std::min(core_.least_removed, bound[o]);
          continue;
        }
        kept.item.push_back(core_.item[o]);
        kept.gain.push_back(core_.gain[o]);
        kept.reduced.push_back(core_.reduced[o]);
        for (std::size_t k = 0; k < m; ++k) kept.use.push_back(core_.use[o * m + k]);
      }
      group.first = first;
      group.count = kept.item.size() - first;
      if (group.count > 0) groups.push_back(group);
    }
    core_.groups = std::move(groups);
    core_.item = std::move(kept.item);
    core_.gain = std::move(kept.gain);
    core_.reduced = std::move(kept.reduced);
    core_.use = std::move(kept.use);
  }

  void sum_up() {
    const std::size_t m = items_.constraints, d_count = core_.shifts, stages = core_.staged + 1;
    core_.open_sum.assign(stages * d_count, 0.0);
    core_.can_take.assign(stages * m, 0.0);
    core_.can_give.assign(stages * m, 0.0);
    for (std::size_t g = core_.groups.size(); g-- > 0;) {
      const std::size_t stage = std::min(g, core_.staged);
      double* sums = core_.open_sum.data() + stage * d_count;
      double* take = core_.can_take.data() + stage * m;
      double* give = core_.can_give.data() + stage * m;
      if (g < core_.staged) {
        std::copy_n(sums + d_count, d_count, sums);
        std::copy_n(take + m, m, take);
        std::copy_n(give + m, m, give);
      }
      const Core::Group& group = core_.groups[g];
      for (std::size_t d = 0; d < d_count; ++d) sums[d] += least_shifted(group, d);
      for (std::size_t k = 0; k < m; ++k) {
        double most = 0, least = 0;
        for (std::size_t o = group.first; o < moves_end(group); ++o) {
          most = std::max(most, core_.use[o * m + k]);
          least = std::min(least, core_.use[o * m + k]);
        }
        take[k] += most * (1 + kRoundingMargin);
        give[k] -= least * (1 + kRoundingMargin);
      }
    }
  }

  const Items& items_;
  const Assignment& base_;
  double limit_;
  bool closed_ = false;
  std::vector<double> units_;
  Core core_;
};

}  // namespace

Core make_core(const Items& items, const Relaxation& relaxation, double limit,
               std::size_t most_groups) {
  return Builder(items, relaxation, limit).build(most_groups);
}

}  // namespace posittune::search
