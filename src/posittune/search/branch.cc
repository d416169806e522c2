#include "posittune/search/branch.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>
#include <vector>

#include "posittune/base/interrupt.h"

namespace posittune::search {
namespace {

constexpr std::size_t kNodeStates = 1024;
constexpr std::size_t kMostNodes = 20000;

struct Node {
  double bound = 0;
  std::vector<char> allowed;  // by item
  std::vector<Assignment> basis;
};

struct LeastBoundFirst {
  bool operator()(const Node& a, const Node& b) const { return a.bound > b.bound; }
};

// What is allowed, with where each item was.
struct Part {
  Items items;
  std::vector<std::uint32_t> origin;
};

Part part_of(const Items& items, const std::vector<char>& allowed) {
  Part part;
  part.items.constraints = items.constraints;
  part.items.budget = items.budget;
  for (std::size_t i = 0; i < items.groups(); ++i) {
    for (std::size_t j = items.first[i]; j < items.first[i + 1]; ++j) {
      if (allowed[j] == 0) continue;
      part.items.loss.push_back(items.loss[j]);
      part.items.source.push_back(items.source[j]);
      const auto costs = items.costs(j);
      part.items.cost.insert(part.items.cost.end(), costs.begin(), costs.end());
      part.origin.push_back(static_cast<std::uint32_t>(j));
    }
    part.items.first.push_back(part.items.loss.size());
  }
  return part;
}

class Branching {
 public:
  Branching(const Items& items, double loss_floor, Minimum start, const Limits& limits)
      : items_(items), loss_floor_(loss_floor), limits_(limits), best_(std::move(start)) {}

  Minimum run() {
    open_.push({best_.bound, std::vector<char>(items_.loss.size(), 1), std::move(best_.basis)});
    best_.basis.clear();
    bool done = false;
    for (std::size_t n = 0; n < kMostNodes && !open_.empty(); ++n) {
      done = closed(open_.top().bound) || loss() <= limits_.good_enough;
      if (done || std::chrono::steady_clock::now() >= limits_.deadline || !check_interrupt()) break;
      const Node node = open_.top();
      open_.pop();
      split(node);
    }
    if (open_.empty()) {
      best_.proven = true;
      best_.bound = best_.assignment ? best_.loss : limits_.cutoff;
    } else {
      best_.bound = std::max(
          best_.bound, std::min(open_.top().bound, best_.assignment ? best_.loss : limits_.cutoff));
      best_.proven = closed(open_.top().bound);
    }
    return std::move(best_);
  }

 private:
  double loss() const { return best_.assignment ? best_.loss : limits_.cutoff; }
  bool closed(double bound) const {
    return std::isfinite(loss()) && loss() - bound <= limits_.relative_gap * std::abs(loss());
  }

  // The group, and the items that the basis takes of it, of least loss first.
  std::vector<std::uint32_t> mixed_items(const Node& node) const {
    std::vector<std::uint32_t> widest;
    double width = -1;
    for (std::size_t i = 0; i < items_.groups(); ++i) {
      std::vector<std::uint32_t> taken;
      for (const Assignment& assignment : node.basis) taken.push_back(assignment[i]);
      std::ranges::sort(taken, {}, [&](std::uint32_t j) { return std::pair(items_.loss[j], j); });
      taken.erase(std::unique(taken.begin(), taken.end()), taken.end());
      if (taken.size() < 2 || items_.loss[taken.back()] - items_.loss[taken.front()] <= width)
        continue;
      width = items_.loss[taken.back()] - items_.loss[taken.front()];
      widest = std::move(taken);
    }
    return widest;
  }

  // Any group that is still open, when the basis agrees in all.
  std::vector<std::uint32_t> open_items(const Node& node) const {
    for (std::size_t i = 0; i < items_.groups(); ++i) {
      std::vector<std::uint32_t> allowed;
      for (std::size_t j = items_.first[i]; j < items_.first[i + 1]; ++j) {
        if (node.allowed[j] != 0) allowed.push_back(static_cast<std::uint32_t>(j));
      }
      std::ranges::stable_sort(allowed, {}, [&](std::uint32_t j) { return items_.loss[j]; });
      if (allowed.size() > 1) return allowed;
    }
    return {};
  }

  void split(const Node& node) {
    std::vector<std::uint32_t> items = mixed_items(node);
    if (items.empty()) items = open_items(node);
    if (items.empty()) return;  // one assignment, which its programs have bounded
    const auto group =
        static_cast<std::size_t>(std::ranges::upper_bound(items_.first, items.front()) -
                                 items_.first.begin()) -
        1;
    const std::size_t at = items.size() / 2;
    const std::pair border(items_.loss[items[at]], items[at]);
    for (const bool low : {true, false}) {
      std::vector<char> allowed = node.allowed;
      for (std::size_t j = items_.first[group]; j < items_.first[group + 1]; ++j) {
        const bool below = std::pair(items_.loss[j], static_cast<std::uint32_t>(j)) < border;
        if (below != low) allowed[j] = 0;
      }
      evaluate(std::move(allowed), node.bound);
    }
  }

  void evaluate(std::vector<char> allowed, double bound_of_parent) {
    Part part = part_of(items_, allowed);
    Limits limits = limits_;
    limits.branch = false;
    limits.max_states = std::min(limits_.max_states, kNodeStates);
    limits.cutoff = loss() - loss_floor_;
    Minimum found = minimize(part.items, limits);
    const auto back = [&](Assignment& assignment) {
      for (std::uint32_t& item : assignment) item = part.origin[item];
    };
    if (found.assignment && found.loss + loss_floor_ < loss()) {
      best_.loss = found.loss + loss_floor_;
      back(*found.assignment);
      best_.assignment = std::move(found.assignment);
    }
    if (found.proven) return;
    for (Assignment& assignment : found.basis) back(assignment);
    const double bound = std::max(bound_of_parent, found.bound + loss_floor_);
    if (!closed(bound)) open_.push({bound, std::move(allowed), std::move(found.basis)});
  }

  const Items& items_;
  double loss_floor_;
  const Limits& limits_;
  Minimum best_;
  std::priority_queue<Node, std::vector<Node>, LeastBoundFirst> open_;
};

}  // namespace

Minimum branch_and_bound(const Items& items, double loss_floor, Minimum start,
                         const Limits& limits) {
  return Branching(items, loss_floor, std::move(start), limits).run();
}

}  // namespace posittune::search
