#pragma once

// Budgets of a search: one table of costs, and limits in units of users.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"

namespace posittune::cost {
struct SiteCost;
}

namespace posittune::tuning {

enum class Cost : std::uint8_t {
  kBits,            // stored bits per weight, scales and tags included
  kSize,            // bytes of all parameters
  kActivationBits,  // bits of the inputs of quantized layers, mean over elements
  kMacBits,         // bits of the weight x bits of the activation, mean over MACs
  kEnergy,          // pJ of one inference: MACs and traffic
  kArea,            // um2 of a MAC's unit, mean over MACs
  kCount,
};
std::string_view name(Cost cost);  // "bits", "size", "activation-bits" ...
std::string field(Cost cost);      // name in errors and in Python: "activation_bits"

// Properties of a cost.
struct CostTraits {
  std::string_view help;  // text for a person: what it counts, and an example of a budget
  bool inputs_alone;      // depends on the formats of inputs alone
  bool stored;            // depends on how weights are stored
  bool priced;            // needs a table of MAC units
};
const CostTraits& traits(Cost cost);
std::vector<Cost> all_costs();

// The share of a part in a cost: such shares add up over a model.
double share(Cost cost, const cost::SiteCost& part);

struct Budget {
  Cost cost = Cost::kBits;
  double amount = 0;                           // unit of the cost, or multiple of `relative_to`
  std::optional<formats::Format> relative_to;  // "0.5x": FP32; "0.9xint8": all layers in int8
  std::string text;                            // text as given: "4.5", "0.5x"
};

// Parses a budget. bits, activation-bits, mac-bits: a number; size: with B, KB, KiB, MB, MiB, GB,
// GiB; energy: with pJ, nJ, uJ, mJ, J; area: um2, or no unit; all of them "0.5x" or "0.5xFORMAT".
// kUsage otherwise, and for amounts that are not positive.
Result<Budget> parse_budget(Cost cost, std::string_view text);

// An amount with its unit: "8.327 mJ". The largest decimal unit that is not above the amount; four
// digits, rounded up, so that a text of the least possible amount names a possible one.
std::string amount_text(Cost cost, double amount);

// Budgets as text: "bits 4.5, energy 0.5x".
std::string to_text(const std::vector<Budget>& budgets);

// Totals of a model, from which limits of shares follow; `other_bits`: of parameters that belong to
// no layer.
struct ModelSize {
  double weights = 0, other_bits = 0, macs = 0;
  double inputs = 0;  // elements that quantized layers read
};
// The largest sum of shares within an absolute budget of such a model.
double limit_of_shares(const Budget& budget, const ModelSize& size);
// The amount, in the cost's unit, that a sum of shares makes; for messages.
double amount_of_shares(Cost cost, double shares, const ModelSize& size);

}  // namespace posittune::tuning
