#pragma once

// What a search may be limited by: one table of costs, and budgets in the units that users think
// in.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/cost/recipe_cost.h"
#include "posittune/formats/format.h"

namespace posittune::tuning {

enum class Cost : std::uint8_t {
  kBits,            // stored bits per weight, scales and tags included
  kSize,            // bytes of all parameters
  kActivationBits,  // of the inputs of the layers that are quantized, mean over elements
  kMacBits,         // bits of the weight x bits of the activation, mean over MACs
  kEnergy,          // pJ of one inference: MACs and traffic
  kArea,            // um2 of a MAC's unit, mean over MACs
  kCount,
};
std::string_view name(Cost cost);  // "bits", "size", "activation-bits" ...

// What follows from a cost, for those who do not know it.
struct CostTraits {
  std::string_view help;  // of a budget of it, for a person: what it counts, and an example
  bool inputs_alone;      // of inputs: nothing while they stay in FP32
  bool stored;            // of weights as they are stored
  bool priced;            // by a table of MAC units
};
const CostTraits& traits(Cost cost);
std::vector<Cost> all_costs();

// A part's share of what is limited: such shares add up over a model.
double share(Cost cost, const cost::SiteCost& part);

struct Budget {
  Cost cost = Cost::kBits;
  double amount = 0;  // in the unit of the cost, or as a multiple of `relative_to`
  std::optional<formats::Format> relative_to;  // "0.5x": FP32; "0.9xint8": all layers in int8
  std::string text;                            // as it was given: "4.5", "0.5x"
};

// bits, activation-bits, mac-bits: a number; size: with B, KB, KiB, MB, MiB, GB, GiB; energy: with
// pJ, nJ, uJ, mJ, J; area: um2, or nothing; all of them "0.5x" or "0.5xFORMAT". kUsage otherwise,
// and for amounts that are not positive.
Result<Budget> parse_budget(Cost cost, std::string_view text);

// With a unit: "8.327 mJ". Of the decimal units the largest that is not above the amount; the last
// of four digits rounded up, so that what is said to be the least possible is possible.
std::string amount_text(Cost cost, double amount);

// "bits 4.5, energy 0.5x"
std::string to_text(const std::vector<Budget>& budgets);

// The largest sum of shares that keeps to an absolute budget of a model with these totals;
// `other_bits`: of parameters that no layer owns.
struct ModelSize {
  double weights = 0, other_bits = 0, macs = 0;
  double inputs = 0;  // elements that quantized layers read
};
double limit_of_shares(const Budget& budget, const ModelSize& size);
// The way back, for messages: an amount in the cost's unit.
double amount_of_shares(Cost cost, double shares, const ModelSize& size);

}  // namespace posittune::tuning
