#include "posittune/tuning/budgets.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <utility>

#include "posittune/cost/recipe_cost.h"

namespace posittune::tuning {
namespace {

struct Unit {
  std::string_view name;
  double size;
};
constexpr std::array<Unit, 8> kBytes = {{{"B", 1},
                                         {"KB", 1e3},
                                         {"KiB", 1024},
                                         {"MB", 1e6},
                                         {"MiB", 1048576},
                                         {"GB", 1e9},
                                         {"GiB", 1073741824},
                                         {"", 1}}};
constexpr std::array<Unit, 5> kEnergies = {
    {{"pJ", 1}, {"nJ", 1e3}, {"uJ", 1e6}, {"mJ", 1e9}, {"J", 1e12}}};
constexpr std::array<Unit, 2> kAreas = {{{"um2", 1}, {"", 1}}};
constexpr std::array<Unit, 1> kNumbers = {{{"", 1}}};

struct Entry {
  Cost cost;
  std::string_view name;
  double (*share)(const cost::SiteCost&);
  double (*whole)(const ModelSize&);     // what one unit of the amount is a mean over
  double (*constant)(const ModelSize&);  // what no layer owns, in the cost's unit
  std::span<const Unit> units;
  CostTraits traits;
};

double one(const ModelSize&) { return 1; }
double nothing(const ModelSize&) { return 0; }

// In the order of Cost.
constexpr std::size_t kCosts = static_cast<std::size_t>(Cost::kCount);
constexpr std::array<Entry, kCosts> kEntries = {{
    {Cost::kBits,
     "bits",
     [](const cost::SiteCost& part) { return part.stored_bits; },
     [](const ModelSize& size) { return size.weights; },
     nothing,
     kNumbers,
     {.help = "mean bits per weight, scales and names of formats included: 4.5",
      .inputs_alone = false,
      .stored = true,
      .priced = false}},
    {Cost::kSize,
     "size",
     [](const cost::SiteCost& part) { return part.stored_bits / 8; },
     one,
     [](const ModelSize& size) { return size.other_bits / 8; },
     kBytes,
     {.help = "size of all parameters: 60MB",
      .inputs_alone = false,
      .stored = true,
      .priced = false}},
    {Cost::kActivationBits,
     "activation-bits",
     [](const cost::SiteCost& part) { return part.input_bits; },
     [](const ModelSize& size) { return size.inputs; },
     nothing,
     kNumbers,
     {.help = "mean bits per element of the inputs of layers",
      .inputs_alone = true,
      .stored = false,
      .priced = false}},
    {Cost::kMacBits,
     "mac-bits",
     [](const cost::SiteCost& part) { return part.mac_bits; },
     [](const ModelSize& size) { return size.macs; },
     nothing,
     kNumbers,
     {.help = "bits of the weight times bits of the input, mean over multiply-accumulates (MACs)",
      .inputs_alone = false,
      .stored = false,
      .priced = false}},
    {Cost::kEnergy,
     "energy",
     [](const cost::SiteCost& part) { return part.compute_pj + part.memory_pj; },
     one,
     nothing,
     kEnergies,
     {.help = "energy of one inference: 2.5mJ; 0.1x: a tenth of FP32's; 0.9xint8: of int8's",
      .inputs_alone = false,
      .stored = false,
      .priced = true}},
    {Cost::kArea,
     "area",
     [](const cost::SiteCost& part) { return part.area_macs_um2; },
     [](const ModelSize& size) { return size.macs; },
     nothing,
     kAreas,
     {.help = "area of a MAC unit in um2, mean over MACs; or 0.5x: half of FP32's",
      .inputs_alone = false,
      .stored = false,
      .priced = true}},
}};
constexpr bool complete() {
  for (std::size_t i = 0; i < kCosts; ++i) {
    if (static_cast<std::size_t>(kEntries[i].cost) != i || kEntries[i].name.empty()) return false;
  }
  return true;
}
static_assert(complete(), "a cost has no entry, or not in the order of Cost");

const Entry& entry(Cost cost) { return kEntries[static_cast<std::size_t>(cost)]; }

std::string units_text(const Entry& of) {
  std::string text;
  for (std::size_t i = 0; i < of.units.size(); ++i) {
    if (!of.units[i].name.empty())
      text += (text.empty() ? "" : ", ") + std::string(of.units[i].name);
  }
  return text;
}

Error not_a_budget(const Entry& of, std::string_view text) {
  const std::string units = units_text(of);
  return {.kind = ErrorKind::kUsage,
          .what = "not a budget",
          .where = "`" + field(of.cost) + "`",
          .expected = "a number above 0" + (units.empty() ? "" : " (" + units + ")") +
                      ", or a multiple of FP32 or a format: 0.5x, 0.9xint8",
          .found = std::string(text)};
}

}  // namespace

std::string_view name(Cost cost) { return entry(cost).name; }

std::string field(Cost cost) {
  std::string text(name(cost));
  std::ranges::replace(text, '-', '_');
  return text;
}

const CostTraits& traits(Cost cost) { return entry(cost).traits; }

std::vector<Cost> all_costs() {
  std::vector<Cost> costs;
  for (const Entry& each : kEntries) costs.push_back(each.cost);
  return costs;
}

double share(Cost cost, const cost::SiteCost& part) { return entry(cost).share(part); }

Result<Budget> parse_budget(Cost cost, std::string_view text) {
  const Entry& of = entry(cost);
  Budget budget{.cost = cost, .amount = 0, .relative_to = {}, .text = std::string(text)};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), budget.amount);
  if (status != std::errc() || !std::isfinite(budget.amount) || budget.amount <= 0)
    return not_a_budget(of, text);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (std::size_t i = 0; i < of.units.size(); ++i) {
    if (rest != of.units[i].name) continue;
    budget.amount *= of.units[i].size;
    return budget;
  }
  if (!rest.starts_with('x')) return not_a_budget(of, text);
  if (rest == "x") {
    budget.relative_to = formats::fp32();
    return budget;
  }
  auto format = formats::parse_format(rest.substr(1));
  if (!format) return of_field(format.error(), field(cost));
  budget.relative_to = *format;
  return budget;
}

std::string amount_text(Cost cost, double amount) {
  const Entry& of = entry(cost);
  const Unit* unit = &of.units[0];
  for (std::size_t i = 0; i < of.units.size(); ++i) {
    const bool decimal = !of.units[i].name.empty() && !of.units[i].name.ends_with("iB");
    if (decimal && of.units[i].size <= amount) unit = &of.units[i];  // they ascend
  }
  const double value = amount / unit->size;
  if (!(value > 0) || !std::isfinite(value)) return std::to_string(value);
  const double digit = std::pow(10.0, std::floor(std::log10(value)) - 3);
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(),
                    std::ceil(value / digit * (1 - 1e-12)) * digit, std::chars_format::general, 4);
  return std::string(text.data(), end.ptr) +
         (unit->name.empty() ? "" : " " + std::string(unit->name));
}

std::string to_text(const std::vector<Budget>& budgets) {
  std::string text;
  for (const Budget& budget : budgets)
    text += (text.empty() ? "" : ", ") + std::string(name(budget.cost)) + " " + budget.text;
  return text;
}

double limit_of_shares(const Budget& budget, const ModelSize& size) {
  return budget.amount * entry(budget.cost).whole(size) - entry(budget.cost).constant(size);
}

double amount_of_shares(Cost cost, double shares, const ModelSize& size) {
  const double whole = entry(cost).whole(size);
  return whole > 0 ? (shares + entry(cost).constant(size)) / whole : 0;
}

}  // namespace posittune::tuning
