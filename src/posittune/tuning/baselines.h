#pragma once

// What others would do with the same choices and budget.

#include <cstdint>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/sensitivity/analysis.h"
#include "posittune/tuning/mix_space.h"
#include "posittune/tuning/plan.h"

namespace posittune::tuning {

// The same format everywhere, for each label that all groups have.
std::vector<Plan> uniform_plans(const MixSpace& space);

struct BaselineInputs {
  sensitivity::Analysis* analysis = nullptr;
  engine::Engine* engine = nullptr;
  const MixSpace* space = nullptr;
  std::span<const double> squares;  // sum of squares of each weight
  std::uint64_t seed = 1;
};

// By groups of the space; computed once for all budgets.
struct Yardsticks {
  std::vector<double> sizes;                // parameters
  std::vector<std::vector<double>> sqnr;    // dB of the weights (with inputs: and of the layers' outputs)
  search::Groups trace;                     // losses: average trace of the Hessian x |dW|^2
};
// The trace of a layer's Hessian over its parameters is estimated as gain x |W x|^2 / |W|^2: a loss of gain x
// |dW x|^2 has the Hessian gain x E[x x^T] for each output channel.
// source: Z. Dong et al., "HAWQ-V2: Hessian aware trace-weighted quantization", NeurIPS 2020.
Result<Yardsticks> measure_yardsticks(const BaselineInputs& inputs, const evaluation::Advance& advance);

// random, smallest first, greedy by SQNR, trace order, AIMET's list, and a search on shuffled scores (a
// control); `limit` is of the space's first cost.
Result<std::vector<Plan>> rule_plans(const BaselineInputs& inputs, const Yardsticks& yardsticks, double limit, const std::string& budget);

// FlexPosit's scheme: every weight in posit<4,1> with a power-of-two scale for each output channel by SQNR;
// windows of 64 channels go to posit<5,1> in the order of their loss, as long as the bits allow. Losses are
// KL on the search split by the gain tier, not on the data that are reported.
// source: its description and the scripts of the package flexposit 0.2.1, read 2026.
struct FlexPosit {
  Choices choices;
  SpaceOptions options;
};
FlexPosit flexposit_scheme(Cost cost);
Plan flexposit_plan(const MixSpace& windows, double limit, const std::string& budget);

}  // namespace posittune::tuning
