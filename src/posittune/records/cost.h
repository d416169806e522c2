#pragma once

// Costs of formats or of a recipe on one table of MAC units: the result of `posittune cost`.
//
// As JSON (numbers as in numbers.h):
//   {"model": "gpt2.onnx",
//    "table": {"source": "...", "placeholder": false, "node": "180 nm at 1.8 V"},
//    "memory": {"weight_pj_per_bit": 755, "activation_pj_per_bit": 5.9},
//    "rows": [{"format": "int8", "activations": "int8", totals by name,
//              "relative_to_fp32": {totals by name} or null, "relative_to_int8": the same,
//              "parts": {"weighted": {...}, "activations": {...}, "others": {...}},
//              "products": [...], "layers": [...]}, ...],                        by layer
//    "notes": [...],
//    "layers": [{"layer", "kind", "weight", "known", "macs", "weight_elements", "input_elements",
//                "output_elements"}, ...], "products": [...]}                     by layer

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace posittune::records {

// Totals of a whole model.
struct CostTotals {
  double bits_per_weight = 0;  // stored bits, mean of the layers' weights; FP32 counts 32
  double weight_bits = 0;      // stored bits of all weights of the layers together
  double bytes = 0;            // all parameters, with biases and norms, which stay FP32
  double macs = 0, mac_bits = 0;
  double activation_bits = 0;  // mean over the elements that layers read; NaN when there are none
  double compute_pj = 0, memory_pj = 0, energy_pj = 0;
  double area_um2 = 0;       // area of the largest MAC unit needed
  double mean_area_um2 = 0;  // area of a MAC's unit, mean over MACs; NaN without MACs
  double delay_ns = 0;       // delay of the slowest MAC unit needed
};

// The costs of a layer, a product, or a group of them, without storage.
struct CostPart {
  double macs = 0, mac_bits = 0, compute_pj = 0, memory_pj = 0;
  double area_um2 = 0;     // area of the largest MAC unit
  double inputs_read = 0;  // elements
  double energy_pj() const { return compute_pj + memory_pj; }
};

struct CostRow {
  std::string format, activations;  // "recipe" and "" for a recipe
  CostTotals totals;
  // Shares of the kinds of products.
  CostPart weighted;             // layers with weights
  CostPart of_activations;       // products of two activations, layers or not
  CostPart others;               // products with constants that are no layers
  std::vector<CostPart> layers;  // order of CostResult::layers
  std::vector<CostPart> products;
};

// The load of a layer or product: what one run multiplies and moves, in elements (cost/loads.h).
struct LoadRecord {
  std::string name, kind;
  std::optional<std::string> weight{};  // a layer's weight
  std::string reason{};                 // why a product is no layer
  int bits = 32;                        // width of a product's factors
  bool known = true;                    // false: shapes depend on data, and the rest is 0
  std::uint64_t macs = 0, weights = 0, inputs = 0, outputs = 0;
};

struct CostTableRecord {
  std::string source;
  bool placeholder = false;
  std::string node{};
  double weight_pj_per_bit = 0, activation_pj_per_bit = 0;  // energy of memory
};

struct CostResult {
  std::string model;
  CostTableRecord table;
  std::vector<CostRow> rows;
  // References that rows are compared with; absent where the table has no units for them.
  std::optional<CostTotals> fp32, int8;
  std::vector<LoadRecord> layers, products;
  std::vector<std::string> notes;
};

// The JSON document; it ends in a newline.
std::string json_text(const CostResult& result, bool by_layer);

// One unit of a table: it multiplies a weight by an activation and accumulates the products.
struct UnitRecord {
  std::string format{}, activations{}, unit{}, accumulator{}, pipeline{};
  double area_um2 = 0, nand2_eq = 0, delay_ns = 0, energy_pj = 0, leakage_nw = 0;
  bool used = false;  // true: the costs of a model use this unit for its pair of formats
};

// The units of a table for some pairs of formats. As JSON: {"table": as above, "rows": [fields of
// each unit by name], "notes": [text]}.
struct UnitsResult {
  CostTableRecord table;
  std::vector<UnitRecord> rows;
  std::optional<UnitRecord> fp32, int8;  // units that rows are compared with
  std::vector<std::string> notes{};
};
std::string json_text(const UnitsResult& result);

}  // namespace posittune::records
