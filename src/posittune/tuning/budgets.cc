#include "posittune/tuning/budgets.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

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
  std::string_view name;
  double (*share)(const cost::SiteCost&);
  double (*whole)(const ModelSize&);  // what one unit of the amount is a mean over
  const Unit* units;
  std::size_t unit_count;
};

double one(const ModelSize&) { return 1; }

// In the order of Cost.
const std::array<Entry, 6> kEntries = {{
    {"bits", [](const cost::SiteCost& part) { return part.stored_bits; },
     [](const ModelSize& size) { return size.weights; }, kNumbers.data(), kNumbers.size()},
    {"size", [](const cost::SiteCost& part) { return part.stored_bits / 8; }, one, kBytes.data(),
     kBytes.size()},
    {"activation-bits", [](const cost::SiteCost& part) { return part.input_bits; },
     [](const ModelSize& size) { return size.inputs; }, kNumbers.data(), kNumbers.size()},
    {"mac-bits", [](const cost::SiteCost& part) { return part.mac_bits; },
     [](const ModelSize& size) { return size.macs; }, kNumbers.data(), kNumbers.size()},
    {"energy", [](const cost::SiteCost& part) { return part.compute_pj + part.memory_pj; }, one,
     kEnergies.data(), kEnergies.size()},
    {"area", [](const cost::SiteCost& part) { return part.area_macs_um2; },
     [](const ModelSize& size) { return size.macs; }, kAreas.data(), kAreas.size()},
}};

const Entry& entry(Cost cost) { return kEntries[static_cast<std::size_t>(cost)]; }

std::string units_text(const Entry& of) {
  std::string text;
  for (std::size_t i = 0; i < of.unit_count; ++i) {
    if (!of.units[i].name.empty())
      text += (text.empty() ? "" : ", ") + std::string(of.units[i].name);
  }
  return text;
}

Error not_a_budget(const Entry& of, std::string_view text) {
  const std::string units = units_text(of);
  return {.kind = ErrorKind::kUsage,
          .what = "not a budget",
          .where = "--" + std::string(of.name),
          .expected = "a number above 0" + (units.empty() ? "" : " (" + units + ")") +
                      ", or a multiple of FP32 or a format: 0.5x, 0.9xint8",
          .found = std::string(text)};
}

// Bytes also hold what no layer owns.
double constant(Cost cost, const ModelSize& size) {
  return cost == Cost::kSize ? size.other_bits / 8 : 0;
}

}  // namespace

std::string_view name(Cost cost) { return entry(cost).name; }
double share(Cost cost, const cost::SiteCost& part) { return entry(cost).share(part); }

Result<Budget> parse_budget(Cost cost, std::string_view text) {
  const Entry& of = entry(cost);
  Budget budget{.cost = cost, .amount = 0, .relative_to = {}, .text = std::string(text)};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), budget.amount);
  if (status != std::errc() || !std::isfinite(budget.amount) || budget.amount <= 0)
    return not_a_budget(of, text);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (std::size_t i = 0; i < of.unit_count; ++i) {
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
  if (!format) return format.error();
  budget.relative_to = *format;
  return budget;
}

std::string amount_text(Cost cost, double amount) {
  const Entry& of = entry(cost);
  const Unit* unit = &of.units[0];
  for (std::size_t i = 0; i < of.unit_count; ++i) {
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
  return budget.amount * entry(budget.cost).whole(size) - constant(budget.cost, size);
}

double amount_of_shares(Cost cost, double shares, const ModelSize& size) {
  const double whole = entry(cost).whole(size);
  return whole > 0 ? (shares + constant(cost, size)) / whole : 0;
}

}  // namespace posittune::tuning
