#pragma once

// Costs of formats or a recipe on one table of MAC units.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/formats/format.h"
#include "posittune/records/cost.h"
#include "posittune/session/settings.h"

namespace posittune::session {

enum class TableSource : std::uint8_t {
  kAny,          // rtl where it is present and has all units, else the placeholder
  kRtl,          // the synthesised units of this project
  kPlaceholder,  // a published model for every pair of formats
  kFile,         // a CSV file as table_csv() writes it
};

// The choice of a table of MAC units, of units in it, and of memory energies.
struct TableChoice {
  TableSource source = TableSource::kAny;
  std::string file{};  // path, for kFile
  // Units with these are preferred where the table has one; empty: the unit of least energy.
  std::string accumulator{}, pipeline{};
  // Energies of a bit of a weight, and of a layer's input; none: cost::memory_of(table).
  std::optional<double> memory_pj_per_bit{}, activation_pj_per_bit{};
};

struct CostOptions {
  std::map<std::string, TensorShape> shapes{};   // input shapes; other open dimensions are 1
  std::vector<formats::Format> formats{};        // one after the other, for all weights
  std::optional<formats::Format> activations{};  // for all inputs; none: that of the weights
  Settings settings{};   // granularity of the weights; the rest costs nothing
  std::string recipe{};  // file, in place of formats
  TableChoice table{};
  bool attention = false;  // products of two activations too; otherwise they stay FP32
};

// The units of a table for pairs of each format with that of the activations. kInput where the
// table that was chosen lacks a pair; where none was, the placeholder has all of them, and a note
// says so.
Result<records::UnitsResult> mac_units(const CostOptions& options);

// The units of a table as CSV: of all pairs of the formats; without formats all rows.
Result<std::string> table_csv(const CostOptions& options);

}  // namespace posittune::session
