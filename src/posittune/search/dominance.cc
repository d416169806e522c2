#include "posittune/search/dominance.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>

namespace posittune::search {
namespace {

constexpr std::size_t kCompared = 64;  // of the states before, for three constraints and more

void drop_for_one(const States& states, std::vector<std::uint32_t>& order) {
  double least = std::numeric_limits<double>::infinity();
  std::erase_if(order, [&](std::uint32_t i) {
    if (states.excess(i) >= least) return true;
    least = states.excess(i);
    return false;
  });
}

// The states so far that matter, by their slack of the second constraint: more of it goes with more
// excess.
void drop_for_two(const States& states, std::vector<std::uint32_t>& order) {
  std::map<double, double> front;
  std::erase_if(order, [&](std::uint32_t i) {
    const double slack = states.slack(i)[1], excess = states.excess(i);
    auto next = front.lower_bound(slack);
    if (next != front.end() && next->second <= excess) return true;
    if (next != front.end() && next->first == slack) next = front.erase(next);
    while (next != front.begin() && std::prev(next)->second >= excess) {
      next = front.erase(std::prev(next));
    }
    front.emplace_hint(next, slack, excess);
    return false;
  });
}

bool dominates(const States& states, std::uint32_t a, std::uint32_t b) {
  if (states.excess(a) > states.excess(b)) return false;
  for (std::size_t k = 0; k < states.constraints(); ++k) {
    if (states.slack(a)[k] < states.slack(b)[k]) return false;
  }
  return true;
}

void drop_for_more(const States& states, std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t i : order) {
    const std::size_t begin = kept.size() > kCompared ? kept.size() - kCompared : 0;
    const bool dominated =
        std::any_of(kept.begin() + static_cast<std::ptrdiff_t>(begin), kept.end(),
                    [&](std::uint32_t a) { return dominates(states, a, i); });
    if (!dominated) kept.push_back(i);
  }
  order = std::move(kept);
}

}  // namespace

std::vector<std::uint32_t> merged_order(const States& states,
                                        const std::vector<std::size_t>& runs) {
  std::vector<std::uint32_t> order(states.size()), merged(states.size());
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  const auto before = [&states](std::uint32_t a, std::uint32_t b) {
    const double x = states.slack(a)[0], y = states.slack(b)[0];
    return x != y ? x > y : states.excess(a) < states.excess(b);
  };
  const auto at = [](std::vector<std::uint32_t>& v, std::size_t i) {
    return v.begin() + static_cast<std::ptrdiff_t>(i);
  };
  for (std::size_t r = 0; r + 1 < runs.size(); ++r) {
    const auto begin = at(order, runs[r]), end = at(order, runs[r + 1]);
    if (!std::is_sorted(begin, end, before)) std::stable_sort(begin, end, before);
  }
  std::vector<std::size_t> ends = runs;
  while (ends.size() > 2) {
    std::vector<std::size_t> next = {ends.front()};
    for (std::size_t r = 0; r + 1 < ends.size(); r += 2) {
      const std::size_t middle = ends[r + 1], end = r + 2 < ends.size() ? ends[r + 2] : middle;
      std::merge(at(order, ends[r]), at(order, middle), at(order, middle), at(order, end),
                 at(merged, ends[r]), before);
      next.push_back(end);
    }
    order.swap(merged);
    ends = std::move(next);
  }
  return order;
}

void drop_dominated(const States& states, std::vector<std::uint32_t>& order) {
  switch (states.constraints()) {
    case 1:
      return drop_for_one(states, order);
    case 2:
      return drop_for_two(states, order);
    default:
      return drop_for_more(states, order);
  }
}

}  // namespace posittune::search
