#include "posittune/sensitivity/request.h"

#include <algorithm>
#include <array>
#include <string>

namespace posittune::sensitivity {
namespace {

constexpr std::array<std::string_view, 3> kOperands = {"w", "a", "wa"};
constexpr std::array<std::string_view, 3> kTiers = {"proxy", "gain", "exact"};

template <class Value>
Result<Value> parse(const std::array<std::string_view, 3>& names, std::string_view text,
                    const char* what, const char* expected) {
  const auto found = std::ranges::find(names, text);
  if (found != names.end()) return static_cast<Value>(found - names.begin());
  return Error{
      .kind = ErrorKind::kUsage, .what = what, .expected = expected, .found = std::string(text)};
}

}  // namespace

std::string_view name(Operand operand) { return kOperands[static_cast<std::size_t>(operand)]; }

Result<Operand> parse_operand(std::string_view text) {
  return parse<Operand>(kOperands, text, "unknown operands", "w, a or wa");
}

std::string_view name(Tier tier) { return kTiers[static_cast<std::size_t>(tier)]; }

Result<Tier> parse_tier(std::string_view text) {
  return parse<Tier>(kTiers, text, "unknown tier", "proxy, gain or exact");
}

}  // namespace posittune::sensitivity
