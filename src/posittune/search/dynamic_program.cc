#include "posittune/search/dynamic_program.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "posittune/search/dominance.h"
#include "posittune/search/states.h"

namespace posittune::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kSamples = 24;  // states that choose the shifts a stage uses
constexpr std::size_t kMostShifts = 12;
constexpr std::size_t kSpreadPart = 4;

class Program {
 public:
  Program(const Core& core, double excess, const ProgramLimits& limits)
      : core_(core), limits_(limits), m_(core.constraints), states_(m_), children_(m_) {
    result_.excess = excess;
    lowest_ = core.least_removed;
  }

  ProgramResult run() {
    states_.push(core_.base_excess, core_.base_slack.data(), 0, History::kRoot, 0);
    consider(core_.base_excess, core_.base_slack.data(), History::kRoot, nullptr, 0);
    for (stage_ = 0; stage_ < core_.staged && states_.size() > 0; ++stage_) {
      if (limits_.stop()) {
        result_.stopped = true;
        break;
      }
      expand();
    }
    // Open groups left, of the tail or because of a stop, may still improve any of these.
    if (stage_ < core_.groups.size()) {
      for (std::size_t i = 0; i < states_.size(); ++i) lose(states_.bound(i));
    }
    result_.bound = std::min(lowest_, result_.excess);
    return std::move(result_);
  }

 private:
  double limit() const { return result_.excess - limits_.tolerance; }
  void lose(double bound) { lowest_ = std::min(lowest_, bound); }

  void expand() {
    choose_shifts();
    children_.clear();
    runs_.assign(1, 0);
    const Core::Group& group = core_.groups[stage_];
    const std::vector<double> zero(m_, 0.0);
    add_children(0, 0, zero.data());
    for (std::size_t o = group.first; o < group.first + group.count; ++o) {
      add_children(static_cast<std::uint32_t>(o - group.first + 1), core_.gain[o],
                   core_.use.data() + o * m_);
    }
    std::vector<std::uint32_t> order = merged_order(children_, runs_);
    drop_dominated(children_, order);
    shorten(order);
    states_.clear();
    for (const std::uint32_t c : order) {
      std::uint32_t node = children_.node(c);
      if (children_.choice(c) != 0) {
        node = history_.add(node, static_cast<std::uint32_t>(stage_),
                            static_cast<std::uint32_t>(group.first + children_.choice(c) - 1));
      }
      states_.push(children_.excess(c), children_.slack(c), children_.bound(c), node, 0);
    }
    history_.collect(states_);
  }

  // The shifts that give sampled states their best bounds, the most frequent first.
  void choose_shifts() {
    const double* sums = core_.open_sum.data() + (stage_ + 1) * core_.shifts;
    std::vector<std::size_t> votes(core_.shifts, 0);
    const std::size_t samples = std::min(kSamples, states_.size());
    for (std::size_t s = 0; s < samples; ++s) {
      const std::size_t i = s * states_.size() / samples;
      std::size_t best = 0;
      double bound = -kInfinity;
      for (std::size_t d = 0; d < core_.shifts; ++d) {
        double value = sums[d];
        for (std::size_t k = 0; k < m_; ++k) value -= core_.shift[d * m_ + k] * states_.slack(i)[k];
        if (value > bound) {
          bound = value;
          best = d;
        }
      }
      ++votes[best];
    }
    std::vector<std::size_t> order(core_.shifts);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order,
                             [&](std::size_t a, std::size_t b) { return votes[a] > votes[b]; });
    price_.clear();
    open_.clear();
    for (const std::size_t d : order) {
      if (votes[d] == 0 || open_.size() == kMostShifts) break;
      open_.push_back(sums[d]);
      for (std::size_t k = 0; k < m_; ++k)
        price_.push_back(core_.price[k] + core_.shift[d * m_ + k]);
    }
  }

  // Stops at the first shift that shows the state to be useless.
  double bound_of(double excess, const double* slack) const {
    double bound = -kInfinity;
    for (std::size_t d = 0; d < open_.size(); ++d) {
      double value = excess + open_[d];
      for (std::size_t k = 0; k < m_; ++k) value -= price_[d * m_ + k] * slack[k];
      bound = std::max(bound, value);
      if (bound >= limit()) break;
    }
    return bound;
  }

  void add_children(std::uint32_t choice, double gain, const double* use) {
    const double* take = core_.can_take.data() + (stage_ + 1) * m_;
    const double* give = core_.can_give.data() + (stage_ + 1) * m_;
    std::vector<double> slack(m_);
    for (std::size_t i = 0; i < states_.size(); ++i) {
      bool possible = true, within = true;
      for (std::size_t k = 0; k < m_; ++k) {
        // More slack than can be used is no advantage: cut off, equal states become comparable.
        slack[k] = std::min(states_.slack(i)[k] - use[k], take[k]);
        within = within && slack[k] >= 0;
        possible = possible && slack[k] + give[k] >= 0;
      }
      if (!possible) continue;
      const double excess = states_.excess(i) + gain;
      if (within && choice != 0 && excess < result_.excess) {
        consider(excess, slack.data(), states_.node(i), &core_.groups[stage_], choice);
      }
      const double bound = std::max(states_.bound(i), bound_of(excess, slack.data()));
      if (bound >= limit()) {
        lose(bound);
        continue;
      }
      children_.push(excess, slack.data(), bound, states_.node(i), choice);
    }
    runs_.push_back(children_.size());
  }

  // A state with all open groups at their base is an assignment.
  void consider(double excess, const double* slack, std::uint32_t node, const Core::Group* group,
                std::uint32_t choice) {
    if (!(excess < result_.excess)) return;
    if (!std::all_of(slack, slack + m_, [](double s) { return s >= 0; })) return;
    result_.improved = true;
    result_.excess = excess;
    result_.changes.clear();
    for (const History::Node& n : history_.path(node)) {
      result_.changes.push_back({core_.groups[n.stage].group, core_.item[n.move]});
    }
    if (group != nullptr) {
      result_.changes.push_back({group->group, core_.item[group->first + choice - 1]});
    }
  }

  // Keeps the allowed number of states: most of them those of least bound, and for instances in
  // which all bounds are alike, some that are spread evenly over the others.
  void shorten(std::vector<std::uint32_t>& order) {
    const double useless = limit();
    std::erase_if(order, [&](std::uint32_t c) {
      if (children_.bound(c) < useless) return false;
      lose(children_.bound(c));
      return true;
    });
    if (order.size() <= limits_.states) return;
    const std::size_t spread = limits_.states / kSpreadPart, best = limits_.states - spread;
    std::vector<double> bounds;
    bounds.reserve(order.size());
    for (const std::uint32_t c : order) bounds.push_back(children_.bound(c));
    const auto middle = bounds.begin() + static_cast<std::ptrdiff_t>(best);
    std::nth_element(bounds.begin(), middle, bounds.end());
    const double threshold = *middle;
    const auto below = static_cast<std::size_t>(
        std::count_if(bounds.begin(), middle, [&](double b) { return b < threshold; }));
    const std::size_t others = order.size() - below, wanted = limits_.states - below;
    std::size_t seen = 0;
    std::erase_if(order, [&](std::uint32_t c) {
      if (children_.bound(c) < threshold) return false;
      const std::size_t number = seen++;
      if (number * wanted / others != (number + 1) * wanted / others) return false;
      lose(children_.bound(c));
      return true;
    });
  }

  const Core& core_;
  const ProgramLimits& limits_;
  std::size_t m_;
  std::size_t stage_ = 0;
  States states_, children_;
  History history_;
  std::vector<std::size_t> runs_;     // where the children of each choice begin
  std::vector<double> price_, open_;  // of the shifts in use
  double lowest_ = kInfinity;         // bound of what was lost without being dominated
  ProgramResult result_;
};

}  // namespace

ProgramResult run_program(const Core& core, double excess, const ProgramLimits& limits) {
  return Program(core, excess, limits).run();
}

}  // namespace posittune::search
