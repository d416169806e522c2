#pragma once

// Costs of a recipe: storage, arithmetic, traffic. Each is a sum over weights and layers, or a
// maximum of them, so that a search can add the parts that it chooses (SiteCost).

#include <optional>

#include "posittune/base/result.h"
#include "posittune/cost/loads.h"
#include "posittune/cost/table.h"
#include "posittune/model/graph.h"
#include "posittune/quant/recipe.h"
#include "posittune/records/cost.h"

namespace posittune::cost {

// Energy of memory, by bit moved. source: Horowitz, ISSCC 2014: DRAM 640 pJ for 32 bits (1.3 to 2.6
// nJ for 64), an 8 KiB on-chip memory 10 pJ for 64 bits.
struct Memory {
  double weight_pj_per_bit = 640.0 / 32;     // DRAM: weights, once for each layer that uses them
  double activation_pj_per_bit = 10.0 / 64;  // on-chip memory: inputs of layers, once
};

// Energies of memory at the node of a table, so that arithmetic and memory are of the same process:
// the values above are for 45 nm; for 180 nm at 1.8 V they are 37.7 times larger. source:
// Stillmaker and Baas, "Scaling equations for the accurate prediction of CMOS device performance
// from 180 nm to 7 nm", Integration 58, 2017, table 5.
Memory memory_of(const Table& table);

// A part of a recipe's cost. Parts can be added.
struct SiteCost {
  double stored_bits = 0;  // quant::stored_bits of the weight, with scales and format tag
  double macs = 0;
  double mac_bits = 0;    // sum of macs * bits of the weight * bits of the activation
  double inputs = 0;      // elements that layers read
  double input_bits = 0;  // bits of those elements
  double compute_pj = 0, memory_pj = 0;
  double area_macs_um2 = 0;           // sum of macs * area of their unit
  double area_um2 = 0, delay_ns = 0;  // largest area and delay of the MAC units needed

  SiteCost& operator+=(const SiteCost& other);
};

using RecipeCost = records::CostTotals;

// The costs of one model on one hardware. `graph`, `loads` and `table` outlive it.
class CostModel {
 public:
  CostModel(const model::Graph& graph, const Loads& loads, const Table& table, const Memory& memory)
      : graph_(graph), loads_(loads), table_(table), memory_(memory) {}

  // The cost of a weight's storage, and of all layers that use it with their inputs. Without a
  // setting: FP32. kInput when the table has no unit for them; kUsage when the weight's windows do
  // not fit it.
  Result<SiteCost> site_cost(std::size_t weight, const std::optional<quant::WeightSetting>& setting,
                             const std::optional<quant::ActivationSetting>& activation) const;
  // The cost of one layer without the storage of its weight. Attention takes `activation` for both
  // factors.
  Result<SiteCost> layer_cost(std::size_t layer, const std::optional<quant::WeightSetting>& setting,
                              const std::optional<quant::ActivationSetting>& activation) const;
  // The cost of a weight's storage alone, once for all layers that use it.
  SiteCost storage_cost(std::size_t weight,
                        const std::optional<quant::WeightSetting>& setting) const;
  // The cost of a product that is no layer (an index in graph.products), in FP32, or in int8 if it
  // is already quantized.
  Result<SiteCost> product_cost(std::size_t product) const;
  Result<SiteCost> products_cost() const;  // the sum over all products
  // The cost that belongs to no weight: layers without a weight, in FP32, and products that are no
  // layers. Added to the site_cost of each weight, it gives the cost of the whole model.
  Result<SiteCost> fixed_cost() const;
  // The totals, from the sum of parts that cover the model.
  RecipeCost total(const SiteCost& sum) const;

  // The cost of a whole recipe. kInput when the recipe names a weight or a layer that the graph
  // does not have, or when the table lacks a unit.
  Result<RecipeCost> recipe_cost(const quant::Recipe& recipe) const;

 private:
  const model::Graph& graph_;
  const Loads& loads_;
  const Table& table_;
  Memory memory_;
};

}  // namespace posittune::cost
