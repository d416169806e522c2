#pragma once

// A plan: a recipe that a search or a baseline proposes, before it is measured.

#include <string>
#include <vector>

#include "posittune/quant/recipe.h"
#include "posittune/search/baselines.h"

namespace posittune::tuning {

struct Plan {
  std::string method;  // "search", "front", "uniform posit<8,1>", "random" ...
  std::string budget;
  quant::Recipe recipe;
  double predicted = 0;        // sum of scores
  double gap = 0;              // optimality; NaN for rules of thumb
  search::Choice choice = {};  // of the space of the search; empty where it is of another
};

}  // namespace posittune::tuning
