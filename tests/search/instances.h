#pragma once

// Random problems and their optima by trying every assignment.

#include <cstddef>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "posittune/search/knapsack.h"

namespace posittune::search::tests {

enum class Kind {
  kFormats,   // loss falls as 4^-bits times a lognormal weight, cost is bits times a lognormal size
  kUniform,   // independent real numbers
  kIntegers,  // small ones: many ties and equal options
  kZeros,     // half of the losses are zero
  kSigned,    // losses and costs of both signs
  kExact,     // loss + cost is the same for all options of a group: prices decide nothing
};
inline constexpr Kind kKinds[] = {Kind::kFormats, Kind::kUniform, Kind::kIntegers,
                                  Kind::kZeros,   Kind::kSigned,  Kind::kExact};

struct Shape {
  std::size_t groups = 0, options = 0, constraints = 1;  // at most `options` in each
};
Groups random_groups(std::mt19937_64& generator, Kind kind, Shape shape);

// `part` of the way from the least to the largest possible cost.
std::vector<double> budgets_at(const Groups& groups, double part);

void for_each_assignment(
    const Groups& groups,
    const std::function<void(double loss, const std::vector<double>& costs)>& visit);

// The least loss within the budgets (up to the stated tolerance), infinity without any.
double brute_force(const Problem& problem);

}  // namespace posittune::search::tests
