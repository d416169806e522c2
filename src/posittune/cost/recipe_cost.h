#pragma once

// What a recipe costs: storage, arithmetic, traffic. Everything is a sum over weights and layers,
// or a largest value of them, so a search adds the parts that it chooses (SiteCost) and gets the
// whole.

#include <optional>

#include "posittune/base/result.h"
#include "posittune/cost/loads.h"
#include "posittune/cost/table.h"
#include "posittune/model/graph.h"
#include "posittune/quant/recipe.h"
#include "posittune/records/cost.h"

namespace posittune::cost {

// Energy of moving a bit. source: Horowitz, ISSCC 2014: DRAM 640 pJ for 32 bits (1.3 to 2.6 nJ for
// 64), an 8 KiB on-chip memory 10 pJ for 64 bits.
struct Memory {
  double weight_pj_per_bit =
      640.0 / 32;  // weights come from DRAM, once for each layer that uses them
  double activation_pj_per_bit = 10.0 / 64;  // inputs of layers come from on-chip memory, once
};

// Energies of memory at the node of a table, so that both parts of a sum are of one process: those
// above are of 45 nm; for 180 nm at 1.8 V they are 37.7 times as much. source: Stillmaker and Baas,
// "Scaling equations for the accurate prediction of CMOS device performance from 180 nm to 7 nm",
// Integration 58, 2017, table 5.
Memory memory_of(const Table& table);

// A part of a recipe's cost. Parts add.
struct SiteCost {
  double stored_bits = 0;  // of the weight, scales and format tag included: quant::stored_bits
  double macs = 0;
  double mac_bits = 0;    // sum of macs * bits of the weight * bits of the activation
  double inputs = 0;      // elements that layers read
  double input_bits = 0;  // and their bits
  double compute_pj = 0, memory_pj = 0;
  double area_macs_um2 = 0;           // sum of macs * area of their unit
  double area_um2 = 0, delay_ns = 0;  // of the largest, and of the slowest, MAC unit needed

  SiteCost& operator+=(const SiteCost& other);
};

using RecipeCost = records::CostTotals;

// Costs of one model on one hardware. `graph`, `loads` and `table` must outlive it.
class CostModel {
 public:
  CostModel(const model::Graph& graph, const Loads& loads, const Table& table, const Memory& memory)
      : graph_(graph), loads_(loads), table_(table), memory_(memory) {}

  // A weight's storage, and all layers that use it with their inputs. Without a setting: FP32.
  // kInput when the table has no unit for them; kUsage when the weight's windows do not fit it.
  Result<SiteCost> site_cost(std::size_t weight, const std::optional<quant::WeightSetting>& setting,
                             const std::optional<quant::ActivationSetting>& activation) const;
  // One layer, without storing its weight. Attention takes `activation` for both factors.
  Result<SiteCost> layer_cost(std::size_t layer, const std::optional<quant::WeightSetting>& setting,
                              const std::optional<quant::ActivationSetting>& activation) const;
  // A weight's storage alone, however many layers use it.
  SiteCost storage_cost(std::size_t weight,
                        const std::optional<quant::WeightSetting>& setting) const;
  // A product that is no layer (an index of graph.products), in FP32; one that is already quantized
  // in int8.
  Result<SiteCost> product_cost(std::size_t product) const;
  Result<SiteCost> products_cost() const;  // of all of them
  // What no site has: layers without a weight, in FP32, and products. With the site_cost of each
  // weight: the whole.
  Result<SiteCost> fixed_cost() const;
  // From the sum of parts that cover the model.
  RecipeCost total(const SiteCost& sum) const;

  // kInput when the recipe names what the graph does not have, or the table lacks a unit.
  Result<RecipeCost> recipe_cost(const quant::Recipe& recipe) const;

 private:
  const model::Graph& graph_;
  const Loads& loads_;
  const Table& table_;
  Memory memory_;
};

}  // namespace posittune::cost
