#include "posittune/cost/recipe_cost.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "posittune/base/nearest.h"

namespace posittune::cost {
namespace {

using formats::Format;

// Rows of a weight that run on one kind of unit, as a part of all rows.
struct Share {
  Format format;  // one of members
  std::vector<Format> members;
  double part = 0;
};

// A unit takes its width and family from the wires, and es (or exponent bits) may change with the
// channel: formats of equal width and family run on one unit.
bool same_unit(const Format& a, const Format& b) {
  return std::tie(a.family, a.bits, a.block) == std::tie(b.family, b.bits, b.block);
}

void add_share(std::vector<Share>& shares, const Format& format, double part) {
  for (Share& share : shares) {
    if (!same_unit(share.format, format)) continue;
    share.part += part;
    if (std::find(share.members.begin(), share.members.end(), format) == share.members.end())
      share.members.push_back(format);
    return;
  }
  shares.push_back({format, {format}, part});
}

Result<std::vector<Share>> shares_of(const std::optional<quant::WeightSetting>& setting,
                                     std::size_t rows) {
  if (!setting) return std::vector<Share>{{formats::fp32(), {formats::fp32()}, 1}};
  auto parts = quant::parts(*setting, rows);
  if (!parts) return parts.error();
  std::vector<Share> shares;
  for (const quant::RowWindow& part : *parts) {
    add_share(shares, part.format, static_cast<double>(part.count) / static_cast<double>(rows));
    // Which rows take an alternative depends on their values.
    if (part.format != setting->format) continue;
    for (const Format& other : setting->alternatives) add_share(shares, other, 0);
  }
  return shares;
}

// The most expensive of the members, in each respect.
Result<MacCost> unit_of(const Table& table, const std::vector<Format>& members,
                        const Format& activation) {
  MacCost most_expensive;
  for (const Format& member : members) {
    auto unit = table.mac(member, activation);
    if (!unit) return unit.error();
    most_expensive.area_um2 = std::max(most_expensive.area_um2, unit->area_um2);
    most_expensive.energy_pj = std::max(most_expensive.energy_pj, unit->energy_pj);
    most_expensive.delay_ns = std::max(most_expensive.delay_ns, unit->delay_ns);
  }
  return most_expensive;
}

void add_macs(SiteCost& cost, double macs, const MacCost& unit, int weight_bits,
              int activation_bits) {
  cost.macs += macs;
  cost.mac_bits += macs * weight_bits * activation_bits;
  cost.compute_pj += macs * unit.energy_pj;
  cost.area_macs_um2 += macs * unit.area_um2;
  cost.area_um2 = std::max(cost.area_um2, unit.area_um2);
  cost.delay_ns = std::max(cost.delay_ns, unit.delay_ns);
}

// With an MX block's part of its shared scale.
double bits_of_element(const Format& format) {
  return format.bits + (format.block > 0 ? 8.0 / format.block : 0.0);
}

template <class Named>
Status check_names(const std::map<std::string, Named>& settings,
                   const std::vector<std::string>& known, const char* what,
                   const std::string& where) {
  for (const auto& [name, setting] : settings) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Error{.kind = ErrorKind::kInput,
                 .what = "the recipe names a " + std::string(what) +
                         " that the model does not have: '" + name + "'",
                 .where = where,
                 .expected = "one like " + joined(nearest(name, known, 3)),
                 .hint = "`posittune inspect` lists the names of layers and weights"};
  }
  return success();
}

template <class Setting>
std::optional<Setting> setting_of(const std::map<std::string, Setting>& settings,
                                  const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Memory memory_of(const Table& table) {
  // Energy factors of the paper: 24.64 V - 17.98 at 180 nm; 1.018 V^2 - 0.3107 V + 0.1539 at 45 nm
  // (high performance).
  constexpr double kAt180 = 24.64 * 1.8 - 17.98, kAt45 = 1.018 * 0.9 * 0.9 - 0.3107 * 0.9 + 0.1539;
  Memory memory;
  if (table.node() != "180 nm at 1.8 V") return memory;
  memory.weight_pj_per_bit *= kAt180 / kAt45;
  memory.activation_pj_per_bit *= kAt180 / kAt45;
  return memory;
}

SiteCost& SiteCost::operator+=(const SiteCost& other) {
  stored_bits += other.stored_bits;
  macs += other.macs;
  mac_bits += other.mac_bits;
  inputs += other.inputs;
  input_bits += other.input_bits;
  compute_pj += other.compute_pj;
  memory_pj += other.memory_pj;
  area_macs_um2 += other.area_macs_um2;
  area_um2 = std::max(area_um2, other.area_um2);
  delay_ns = std::max(delay_ns, other.delay_ns);
  return *this;
}

SiteCost CostModel::storage_cost(std::size_t weight,
                                 const std::optional<quant::WeightSetting>& setting) const {
  const model::Weight& of = graph_.weights[weight];
  SiteCost cost;
  cost.stored_bits = setting ? quant::stored_bits(*setting, of.rows, of.cols)
                             : 32.0 * static_cast<double>(of.size());
  return cost;
}

Result<SiteCost> CostModel::layer_cost(
    std::size_t layer, const std::optional<quant::WeightSetting>& setting,
    const std::optional<quant::ActivationSetting>& activation) const {
  const model::Layer& of = graph_.layers[layer];
  const LayerLoad& load = loads_.layers[layer];
  const Format input = activation ? activation->format : formats::fp32();
  const auto macs = static_cast<double>(load.macs);
  SiteCost cost;
  cost.inputs = static_cast<double>(load.inputs);
  cost.input_bits = cost.inputs * bits_of_element(input);
  cost.memory_pj = cost.input_bits * memory_.activation_pj_per_bit;
  std::vector<Share> shares = {{input, {input}, 1}};  // attention
  if (of.weight) {
    const model::Weight& weight = graph_.weights[*of.weight];
    const double stored = storage_cost(*of.weight, setting).stored_bits;
    cost.memory_pj += static_cast<double>(load.weights) * stored /
                      static_cast<double>(weight.size()) * memory_.weight_pj_per_bit;
    auto split = shares_of(setting, weight.rows);
    if (!split) return split.error();
    shares = std::move(*split);
  }
  if (load.macs == 0) return cost;  // an embedding needs no unit
  for (const Share& share : shares) {
    auto unit = unit_of(table_, share.members, input);
    if (!unit) return unit.error();
    add_macs(cost, macs * share.part, *unit, share.format.bits, input.bits);
  }
  return cost;
}

Result<SiteCost> CostModel::site_cost(
    std::size_t weight, const std::optional<quant::WeightSetting>& setting,
    const std::optional<quant::ActivationSetting>& activation) const {
  SiteCost sum = storage_cost(weight, setting);
  for (const std::size_t layer : graph_.weights[weight].layers) {
    auto cost = layer_cost(layer, setting, activation);
    if (!cost) return cost.error();
    sum += *cost;
  }
  return sum;
}

Result<SiteCost> CostModel::product_cost(std::size_t product) const {
  const Format format = graph_.products[product].of_8_bits ? formats::integer(8) : formats::fp32();
  const LayerLoad& load = loads_.products[product];
  SiteCost cost;
  cost.inputs = static_cast<double>(load.inputs);
  cost.input_bits = cost.inputs * format.bits;
  cost.memory_pj = cost.input_bits * memory_.activation_pj_per_bit +
                   static_cast<double>(load.weights) * format.bits * memory_.weight_pj_per_bit;
  if (load.macs == 0) return cost;
  auto unit = table_.mac(format, format);
  if (!unit) return unit.error();
  add_macs(cost, static_cast<double>(load.macs), *unit, format.bits, format.bits);
  return cost;
}

Result<SiteCost> CostModel::products_cost() const {
  SiteCost sum;
  for (std::size_t p = 0; p < graph_.products.size(); ++p) {
    auto cost = product_cost(p);
    if (!cost) return cost.error();
    sum += *cost;
  }
  return sum;
}

Result<SiteCost> CostModel::fixed_cost() const {
  auto products = products_cost();
  if (!products) return products.error();
  SiteCost sum = *products;
  for (std::size_t l = 0; l < graph_.layers.size(); ++l) {
    if (graph_.layers[l].weight) continue;
    auto cost = layer_cost(l, std::nullopt, std::nullopt);
    if (!cost) return cost.error();
    sum += *cost;
  }
  return sum;
}

RecipeCost CostModel::total(const SiteCost& sum) const {
  double weights = 0;
  for (const model::Weight& weight : graph_.weights) weights += static_cast<double>(weight.size());
  const auto mean = [](double value, double count) {
    return count > 0 ? value / count : std::numeric_limits<double>::quiet_NaN();
  };
  return {.bits_per_weight = weights > 0 ? sum.stored_bits / weights : 0,
          .weight_bits = sum.stored_bits,
          .bytes = sum.stored_bits / 8 + static_cast<double>(graph_.other_bytes),
          .macs = sum.macs,
          .mac_bits = sum.mac_bits,
          .activation_bits = mean(sum.input_bits, sum.inputs),
          .compute_pj = sum.compute_pj,
          .memory_pj = sum.memory_pj,
          .energy_pj = sum.compute_pj + sum.memory_pj,
          .area_um2 = sum.area_um2,
          .mean_area_um2 = mean(sum.area_macs_um2, sum.macs),
          .delay_ns = sum.delay_ns};
}

Result<RecipeCost> CostModel::recipe_cost(const quant::Recipe& recipe) const {
  std::vector<std::string> weights, layers;
  for (const model::Weight& weight : graph_.weights) weights.push_back(weight.name);
  for (const model::Layer& layer : graph_.layers) layers.push_back(layer.name);
  if (const Status ok = check_names(recipe.weights, weights, "weight", graph_.path); !ok)
    return ok.error();
  if (const Status ok = check_names(recipe.activations, layers, "layer", graph_.path); !ok)
    return ok.error();
  auto products = products_cost();
  if (!products) return products.error();
  SiteCost sum = *products;
  for (std::size_t w = 0; w < graph_.weights.size(); ++w)
    sum += storage_cost(w, setting_of(recipe.weights, weights[w]));
  for (std::size_t l = 0; l < graph_.layers.size(); ++l) {
    const auto& weight = graph_.layers[l].weight;
    const auto setting = weight ? setting_of(recipe.weights, weights[*weight]) : std::nullopt;
    auto cost = layer_cost(l, setting, setting_of(recipe.activations, layers[l]));
    if (!cost) return cost.error();
    sum += *cost;
  }
  return total(sum);
}

}  // namespace posittune::cost
