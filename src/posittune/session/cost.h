#pragma once

// What formats or a recipe cost on one table of MAC units.

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

// Which table of MAC units, which units of it, and what memory takes.
struct TableChoice {
  std::string table{};  // a file, `rtl` (the synthesised units of this project), `placeholder` (a
                        // model for every pair); empty: rtl where it is, else the placeholder
  std::string accumulator{},
      pipeline{};  // units with these, where the table has one; empty: of least energy
  std::optional<double> weight_pj_per_bit{},
      activation_pj_per_bit{};  // default: cost::memory_of(table)
};

struct CostOptions {
  std::map<std::string, TensorShape>
      shapes{};  // of inputs; 1 for each open dimension that none names
  std::vector<std::string> formats{};
  std::string activations = "same";  // of all inputs: a format, or that of the weight
  Settings settings{};               // granularity of the weights; the rest costs nothing
  std::string recipe{};              // file, in place of formats
  TableChoice table{};
  bool attention = false;  // products of two activations too; otherwise they stay FP32
};

// A format for weights with one for activations; FP32 is none of either.
struct FormatPair {
  formats::Format weight, activation;
};
// Each format with the activations', each once. kUsage for unknown ones.
Result<std::vector<FormatPair>> format_pairs(const std::vector<std::string>& formats,
                                             const std::string& activations);

// The units of a table for these pairs. An error that cost::is_missing_unit() knows: it lacks one.
Result<records::UnitsResult> mac_units(const CostOptions& options, const cost::Table& table);

Result<cost::Table> open_table(const TableChoice& choice);
// Where no table was named, a pair that the rtl table lacks makes a run use the placeholder for
// everything: numbers of one table can be compared, those of two cannot. Gives that table, and what
// to tell; nothing when `error` is another.
struct Fallback {
  cost::Table table;
  std::string note;
};
std::optional<Fallback> fallback_table(const TableChoice& choice, const cost::Table& table,
                                       const Error& error);
// Memory energies for a table: the choice's, or those of its node.
cost::Memory memory_for(const TableChoice& choice, const cost::Table& table);

}  // namespace posittune::session
