#pragma once

// What a search decides, by name: groups of named options, some of which are pinned or must agree.

#include <cstddef>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/search/knapsack.h"

namespace posittune::search {

struct Decision {
  std::vector<std::string> names;   // the first is its own; patterns are searched in all of them
  std::vector<std::string> labels;  // of the options, each once: "posit<6,1>", "posit<6,1>/int8"
  std::vector<Option> options;
  std::string tie;  // decisions of the same tie, if not empty, take options of the same label
};

struct Space {
  std::vector<std::string> costs;  // what the options' costs are: "bits", "energy"
  std::vector<Decision> decisions;
};

// 'REGEX=FORMAT': decisions with a name in which the expression (ECMAScript) is found take an
// option of this label, or of a label that begins with it and a slash.
struct Pin {
  std::string pattern, label;
  bool allows(const std::string& option) const;
};
Result<Pin> parse_pin(const std::string& text);

// Options that pins do not allow are gone. kUsage: a bad expression, one that no decision matches,
// a label that is none of the decision's (with those it has), two pins that leave a decision
// nothing. Options of `reserved` labels are there for pins only: decisions without a pin lose them.
Result<Space> pinned(Space space, const std::vector<Pin>& pins,
                     const std::vector<std::string>& reserved = {});

// 'REGEX': decisions with a name in which it is found agree, those whose capture groups hold equal
// text with one another. So 'layers\.(\d+)\.attn' ties the attention weights of each layer. kUsage:
// a bad expression, one that matches fewer than two decisions, decisions tied twice.
Result<Space> tied(Space space, const std::vector<std::string>& patterns);

// The space as a knapsack problem: tied decisions are one group of the options all of them have,
// losses and costs summed.
struct Grouped {
  Groups groups;
  std::vector<std::vector<std::size_t>> members;  // of each group: decisions
  // [group][option][member]: that member's option.
  std::vector<std::vector<std::vector<std::size_t>>> option_of;
  // An option for each decision.
  std::vector<std::size_t> expand(const std::vector<std::size_t>& choice) const;
};
// kInput: a loss or cost that is not finite, naming the decision and the option. kUsage: tied
// decisions without a common label.
Result<Grouped> grouped(const Space& space);

// Sums over decisions.
struct Sums {
  double loss = 0;
  std::vector<double> costs;
};
Sums sums(const Space& space, const std::vector<std::size_t>& options);

}  // namespace posittune::search
