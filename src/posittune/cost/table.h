#pragma once

// Table of costs: a row for each MAC unit, with what one multiply-accumulate costs.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"

namespace posittune::cost {

// A MAC unit: it multiplies a weight by an activation and adds the product to its accumulator.
struct MacCost {
  std::string unit;
  formats::Format weight, activation;
  std::string accumulator;  // "int", "fp32", "quire", or what the table calls it
  std::string pipeline;     // stages, as the table writes them
  double area_um2 = 0, nand2_eq = 0, delay_ns = 0, energy_pj = 0, leakage_nw = 0;
};

// The format whose unit serves a format: posits with flush to zero share that of standard ones.
formats::Format unit_format(formats::Format format);

class Table {
 public:
  // The placeholder: a published model for every pair of formats (placeholder.h), for pairs without
  // synthesised units.
  static Table placeholder();

  // Reads CSV (RFC 4180) with these columns, in any order and among others,
  //
  //   unit,weight_format,activation_format,accumulator,pipeline,area_um2,nand2_eq,delay_ns,energy_pj,leakage_nw
  //
  // Lines that begin with # are comments. Errors (kInput) name the file, line and column: a missing
  // column, a cell that is no number or below zero, an unknown format, two rows of one unit, no
  // rows. `where` names the text in errors. A comment "# rows sha256: HEX" is the hash of titles
  // and rows, each line with a newline: rows that do not match it are an error (an edited table). A
  // table whose first line says that rtl/syn/flow.py wrote it must have that hash, and one of its
  // comments. "# node: 180 nm at 1.8 V" says what the numbers are for.
  static Result<Table> from_csv(const std::string& text, const std::string& where);

  // Reads the table that comes with the project, syn/costs.csv of the folder `rtl_folder`. Also
  // kInput when it is not as rtl/syn/flow.py wrote it (hashes missing or different), and when the
  // sources that it records are not those of the folder.
  static Result<Table> from_project(const std::string& text, const std::string& where,
                                    const std::string& rtl_folder);

  // Prefers, among several rows of a pair, those with this accumulator and pipeline; empty: any.
  // kUsage when no row of the table has them.
  Status prefer(const std::string& accumulator, const std::string& pipeline);

  // The unit of a pair: among the rows that prefer() named, or all where there are none, the one of
  // least energy. kInput when the pair is missing, with the nearest pairs of the table.
  Result<MacCost> mac(const formats::Format& weight, const formats::Format& activation) const;

  // All rows of a pair; none when it is missing.
  std::vector<MacCost> rows(const formats::Format& weight, const formats::Format& activation) const;
  // All rows: those that were read, or the placeholder's for placeholder_formats().
  std::vector<MacCost> rows() const;

  // The process that the numbers are for, as the table says it; empty when it does not.
  const std::string& node() const { return node_; }
  bool is_placeholder() const { return placeholder_; }
  // The file, or the source of the placeholder.
  const std::string& source() const { return source_; }

 private:
  using Pair = std::pair<formats::Format, formats::Format>;

  bool placeholder_ = false;
  std::string source_, node_, accumulator_, pipeline_;
  std::map<Pair, std::vector<MacCost>> rows_;
};

// Whether an error says that the table has no unit for a pair (of mac() and its callers).
bool is_missing_unit(const Error& error);

// The table as CSV, which Table::from_csv reads as equal rows. Lines of `comment` come first, after
// "# ".
std::string to_csv(const std::vector<MacCost>& rows, const std::string& comment);

}  // namespace posittune::cost
