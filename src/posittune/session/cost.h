#pragma once

// Costs of formats or a recipe on one table of MAC units.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/cost/recipe_cost.h"
#include "posittune/cost/table.h"
#include "posittune/quant/recipe.h"
#include "posittune/records/cost.h"
#include "posittune/session/settings.h"

namespace posittune::session {

// The choice of a table of MAC units, of units in it, and of memory energies.
struct TableChoice {
  // A file, `rtl` (the synthesised units of this project) or `placeholder` (a published model for
  // every pair); empty: rtl where it is present, else the placeholder.
  std::string table{};
  // Units with these are preferred where the table has one; empty: the unit of least energy.
  std::string accumulator{}, pipeline{};
  // Energies of memory; none: cost::memory_of(table).
  std::optional<double> weight_pj_per_bit{}, activation_pj_per_bit{};
};

struct CostOptions {
  std::map<std::string, TensorShape> shapes{};  // of inputs; other open dimensions are 1
  std::vector<std::string> formats{};
  std::string activations = "same";  // of all inputs: a format, or that of the weight
  Settings settings{};               // granularity of the weights; the rest costs nothing
  std::string recipe{};              // file, in place of formats
  TableChoice table{};
  bool attention = false;  // products of two activations too; otherwise they stay FP32
};

// A pair of formats, for weights and activations; fp32 leaves them in FP32.
struct FormatPair {
  formats::Format weight, activation;
};
// Pairs of each format with the activations' format, each once. kUsage for unknown ones.
Result<std::vector<FormatPair>> format_pairs(const std::vector<std::string>& formats,
                                             const std::string& activations);

// The units of a table for these pairs. For a pair without a unit, an error that
// cost::is_missing_unit() recognises.
Result<records::UnitsResult> mac_units(const CostOptions& options, const cost::Table& table);

Result<cost::Table> open_table(const TableChoice& choice);
// The fallback where no table was chosen and the rtl table lacks a pair: the placeholder for
// everything, because numbers of two tables cannot be compared. Gives that table and a note for the
// user; none when `error` is another one.
struct Fallback {
  cost::Table table;
  std::string note;
};
std::optional<Fallback> fallback_table(const TableChoice& choice, const cost::Table& table,
                                       const Error& error);
// Memory energies for a table: the choice's, or those of its node.
cost::Memory memory_for(const TableChoice& choice, const cost::Table& table);

}  // namespace posittune::session
