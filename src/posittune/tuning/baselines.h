#pragma once

// Baselines: what other methods do with the same choices and budget.

#include <cstdint>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/sensitivity/analysis.h"
#include "posittune/tuning/mix_space.h"

namespace posittune::tuning {

// Uniform plans: the same format everywhere, for each label that all groups have.
std::vector<Plan> uniform_plans(const MixSpace& space);

struct BaselineInputs {
  sensitivity::Analysis* analysis = nullptr;
  engine::Engine* engine = nullptr;
  const MixSpace* space = nullptr;
  std::span<const double> squares;  // sum of squares of each weight
  std::uint64_t seed = 1;
};

// Scores of the baselines by groups of the space; computed once for all budgets.
struct BaselineScores {
  std::vector<double> sizes;              // parameters
  std::vector<std::vector<double>> sqnr;  // dB of the weights (with inputs: of the layers' outputs)
  search::Groups trace;                   // losses: gain x tr(W S W^T)/|W|^2 x |dW|^2
};
// Measures the scores. The HAWQ-like order uses gain x tr(W S W^T)/|W|^2 where HAWQ-V2 uses the
// average trace of the Hessian. They differ: for a loss gain x |dW x|^2 the Hessian of each output
// channel is gain x S, whose trace does not depend on W; ours weighs S by the directions that W
// has.
// source: Z. Dong et al., "HAWQ-V2: Hessian aware trace-weighted quantization", NeurIPS 2020.
Result<BaselineScores> measure_baseline_scores(const BaselineInputs& inputs,
                                               const Advance& advance);

// A plan for each of search::rules(); `limit` is of the space's first cost.
Result<std::vector<Plan>> rule_plans(const BaselineInputs& inputs, const BaselineScores& scores,
                                     double limit, const std::string& budget);

// The scheme of FlexPosit: every weight in posit<4,1> with a power-of-two scale for each output
// channel by SQNR; windows of 64 channels go to posit<5,1> in the order of their loss, as long as
// the bits allow. Losses are forecasts of the gain tier (not measured window by window), on the
// search split, not on the data that are reported.
// source: its description and the scripts of the package flexposit 0.2.1, read 2026.
struct FlexPosit {
  Choices choices;
  SpaceOptions options;
};
FlexPosit flexposit_scheme(Cost cost);
Plan flexposit_plan(const MixSpace& windows, double limit, const std::string& budget);

}  // namespace posittune::tuning
