#include "posittune/search/space.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <regex>
#include <utility>

#include "posittune/base/digits.h"
#include "posittune/base/nearest.h"

namespace posittune::search {
namespace {

std::string option_text(const Pin& pin) {
  return "`assign='" + pin.pattern + "=" + pin.label + "'`";
}

Result<std::regex> expression(const std::string& pattern, const std::string& option) {
  try {
    return std::regex(pattern, std::regex::ECMAScript);
  } catch (const std::regex_error& error) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "not a regular expression",
                 .where = option,
                 .found = error.what()};
  }
}

void drop_labels(Decision& decision, const std::vector<std::string>& labels) {
  for (std::size_t j = decision.labels.size(); j-- > 0;) {
    if (std::ranges::find(labels, decision.labels[j]) == labels.end()) continue;
    decision.labels.erase(decision.labels.begin() + static_cast<std::ptrdiff_t>(j));
    decision.options.erase(decision.options.begin() + static_cast<std::ptrdiff_t>(j));
  }
}

// The text of the capture groups of the first name that matches.
std::optional<std::string> captured(const Decision& decision, const std::regex& regex) {
  for (const std::string& name : decision.names) {
    std::smatch match;
    if (!std::regex_search(name, match, regex)) continue;
    std::string text;
    for (std::size_t i = 1; i < match.size(); ++i) text += "|" + match[i].str();
    return text;
  }
  return std::nullopt;
}

// Leaves the options that the pin allows; `before`: the pins that were here first.
Status apply_pin(const Pin& pin, Decision& decision, const std::string& before) {
  Decision kept{.names = decision.names, .labels = {}, .options = {}, .tie = decision.tie};
  for (std::size_t j = 0; j < decision.labels.size(); ++j) {
    if (!pin.allows(decision.labels[j])) continue;
    kept.labels.push_back(decision.labels[j]);
    kept.options.push_back(decision.options[j]);
  }
  if (!kept.options.empty()) {
    decision = std::move(kept);
    return success();
  }
  Error error{.kind = ErrorKind::kUsage,
              .what = "an assignment to something that is not among the choices",
              .where = decision.names.front() + ", " + option_text(pin),
              .expected = joined(decision.labels)};
  if (!before.empty()) {
    error.what = "assignments that contradict each other";
    error.hint = "'" + before + "' matches it too";
  }
  return error;
}

struct Together {
  std::vector<std::size_t> members;
  std::vector<std::string> labels;
};

// Groups in the order of their first decision.
Result<std::vector<Together>> together(const Space& space) {
  std::vector<Together> groups;
  std::map<std::string, std::size_t> of_tie;
  for (std::size_t i = 0; i < space.decisions.size(); ++i) {
    const Decision& decision = space.decisions[i];
    const auto known = decision.tie.empty() ? of_tie.end() : of_tie.find(decision.tie);
    if (known == of_tie.end()) {
      if (!decision.tie.empty()) of_tie[decision.tie] = groups.size();
      groups.push_back({{i}, decision.labels});
      continue;
    }
    Together& group = groups[known->second];
    group.members.push_back(i);
    std::erase_if(group.labels, [&](const std::string& label) {
      return std::ranges::find(decision.labels, label) == decision.labels.end();
    });
    if (group.labels.empty()) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "decisions that must agree have no option in common",
                   .where = space.decisions[group.members.front()].names.front() + " and " +
                            decision.names.front(),
                   .expected = joined(decision.labels)};
    }
  }
  return groups;
}

std::optional<Error> not_finite(const Space& space, const Decision& decision, std::size_t option) {
  const Option& of = decision.options[option];
  const std::string where = decision.names.front() + ", " + decision.labels[option];
  if (!std::isfinite(of.loss)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "a score that is not finite",
                 .where = where,
                 .expected = "a finite number",
                 .found = digits(of.loss)};
  }
  for (std::size_t k = 0; k < of.costs.size(); ++k) {
    if (std::isfinite(of.costs[k])) continue;
    return Error{
        .kind = ErrorKind::kInput,
        .what = "a cost that is not finite",
        .where = where + ", " + (k < space.costs.size() ? space.costs[k] : std::to_string(k)),
        .expected = "a finite number",
        .found = digits(of.costs[k])};
  }
  return std::nullopt;
}

}  // namespace

bool Pin::allows(const std::string& option) const {
  return option == label || option.rfind(label + "/", 0) == 0;
}

Result<Pin> parse_pin(const std::string& text) {
  const std::size_t at = text.rfind('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "not an assignment",
                 .where = "`assign`",
                 .expected = "'REGEX=FORMAT'",
                 .found = text};
  }
  return Pin{text.substr(0, at), text.substr(at + 1)};
}

Result<Space> pinned(Space space, const std::vector<Pin>& pins,
                     const std::vector<std::string>& reserved) {
  std::vector<std::string> first(space.decisions.size());
  for (const Pin& pin : pins) {
    const auto regex = expression(pin.pattern, option_text(pin));
    if (!regex) return regex.error();
    bool any = false;
    for (std::size_t i = 0; i < space.decisions.size(); ++i) {
      Decision& decision = space.decisions[i];
      const bool found = std::ranges::any_of(
          decision.names, [&](const std::string& name) { return std::regex_search(name, *regex); });
      if (!found) continue;
      any = true;
      if (const Status applied = apply_pin(pin, decision, first[i]); !applied)
        return applied.error();
      if (first[i].empty()) first[i] = pin.pattern + "=" + pin.label;
    }
    if (!any) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "an assignment that matches nothing",
                   .where = option_text(pin),
                   .expected = space.decisions.empty()
                                   ? ""
                                   : "names like " + space.decisions.front().names.front()};
    }
  }
  for (std::size_t i = 0; i < space.decisions.size(); ++i) {
    if (first[i].empty()) drop_labels(space.decisions[i], reserved);
  }
  return space;
}

Result<Space> tied(Space space, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const std::string option = "`ties='" + pattern + "'`";
    const auto regex = expression(pattern, option);
    if (!regex) return regex.error();
    std::size_t found = 0;
    for (Decision& decision : space.decisions) {
      const auto key = captured(decision, *regex);
      if (!key) continue;
      ++found;
      if (!decision.tie.empty()) {
        return Error{.kind = ErrorKind::kUsage,
                     .what = "a decision that is tied twice",
                     .where = decision.names.front() + ", " + option,
                     .found = decision.tie};
      }
      decision.tie = pattern + *key;
    }
    if (found >= 2) continue;
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a tie of fewer than two",
                 .where = option,
                 .expected = space.decisions.empty()
                                 ? ""
                                 : "names like " + space.decisions.front().names.front()};
  }
  return space;
}

std::vector<std::size_t> Grouped::expand(const std::vector<std::size_t>& choice) const {
  std::size_t decisions = 0;
  for (const auto& each : members) decisions += each.size();
  std::vector<std::size_t> options(decisions);
  for (std::size_t g = 0; g < members.size(); ++g) {
    for (std::size_t m = 0; m < members[g].size(); ++m)
      options[members[g][m]] = option_of[g][choice[g]][m];
  }
  return options;
}

Result<Grouped> grouped(const Space& space) {
  for (const Decision& decision : space.decisions) {
    for (std::size_t j = 0; j < decision.options.size(); ++j) {
      if (const auto bad = not_finite(space, decision, j)) return *bad;
    }
  }
  auto ties = together(space);
  if (!ties) return ties.error();
  Grouped result;
  for (Together& each : *ties) {
    std::vector<Option> options;
    std::vector<std::vector<std::size_t>> of_members;
    for (const std::string& label : each.labels) {
      Option sum{.loss = 0, .costs = std::vector<double>(space.costs.size(), 0)};
      std::vector<std::size_t> members;
      for (const std::size_t i : each.members) {
        const Decision& decision = space.decisions[i];
        const auto j = static_cast<std::size_t>(std::ranges::find(decision.labels, label) -
                                                decision.labels.begin());
        sum.loss += decision.options[j].loss;
        for (std::size_t k = 0; k < sum.costs.size(); ++k)
          sum.costs[k] += decision.options[j].costs[k];
        members.push_back(j);
      }
      options.push_back(std::move(sum));
      of_members.push_back(std::move(members));
    }
    result.groups.push_back(std::move(options));
    result.members.push_back(std::move(each.members));
    result.option_of.push_back(std::move(of_members));
  }
  return result;
}

Sums sums(const Space& space, const std::vector<std::size_t>& options) {
  Sums total{.loss = 0, .costs = std::vector<double>(space.costs.size(), 0)};
  for (std::size_t i = 0; i < space.decisions.size(); ++i) {
    const Option& option = space.decisions[i].options[options[i]];
    total.loss += option.loss;
    for (std::size_t k = 0; k < total.costs.size(); ++k) total.costs[k] += option.costs[k];
  }
  return total;
}

}  // namespace posittune::search
