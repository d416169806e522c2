#pragma once

// Space of a search: decisions with named options, some of which are pinned or must agree.

#include <cstddef>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

struct Decision {
  std::vector<std::string> names;   // the first is its own; patterns are searched in all of them
  std::vector<std::string> labels;  // options, each once: "posit<6,1>", "posit<6,1>/int8"
  std::vector<Option> options;
  std::string tie;  // decisions of the same tie, if not empty, take options of the same label
};

struct Space {
  std::vector<std::string> costs;  // names of the options' costs: "bits", "energy"
  std::vector<Decision> decisions;
};

// A pin 'REGEX=FORMAT': decisions with a name in which the expression (ECMAScript) is found take an
// option of this label, or of a label that begins with it and a slash.
struct Pin {
  std::string pattern, label;
  bool allows(const std::string& option) const;
};
Result<Pin> parse_pin(const std::string& text);

// The space without options that pins do not allow. kUsage: a bad expression, one that no decision
// matches, a label that the decision does not have (with those it has), two pins that leave a
// decision no option. Options of `reserved` labels are for pins only: decisions without a pin lose
// them.
Result<Space> pinned(Space space, const std::vector<Pin>& pins,
                     const std::vector<std::string>& reserved = {});

// The space with ties 'REGEX': decisions with a name in which it is found must agree, if their
// capture groups hold equal text. So 'layers\.(\d+)\.attn' ties the attention weights of each
// layer. kUsage: a bad expression, one that matches fewer than two decisions, decisions tied twice.
Result<Space> tied(Space space, const std::vector<std::string>& patterns);

// The space as a knapsack problem: tied decisions are one group, with the options that all of them
// have and sums of losses and costs.
struct Grouped {
  Groups groups;
  std::vector<std::vector<std::size_t>> members;  // [group]: its decisions
  // Options of members, [group][option][member].
  std::vector<std::vector<std::vector<std::size_t>>> option_of;
  // The option of each decision.
  std::vector<std::size_t> expand(const std::vector<std::size_t>& choice) const;
};
// Makes the groups. kInput: a loss or cost that is not finite, naming the decision and the option.
// kUsage: tied decisions without a common label.
Result<Grouped> grouped(const Space& space);

// Sums over decisions.
struct Sums {
  double loss = 0;
  std::vector<double> costs;
};
Sums sums(const Space& space, const std::vector<std::size_t>& options);

}  // namespace posittune::search
