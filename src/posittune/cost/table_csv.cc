// Tables of MAC units as CSV.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "posittune/base/nearest.h"
#include "posittune/cost/table.h"
#include "posittune/cost/table_hashes.h"
#include "posittune/records/csv_cells.h"

namespace posittune::cost {
namespace {

enum Column : std::uint8_t {
  kUnit,
  kWeight,
  kActivation,
  kAccumulator,
  kPipeline,
  kArea,
  kNand2,
  kDelay,
  kEnergy,
  kLeakage
};
constexpr std::array<const char*, 10> kColumns = {
    "unit",     "weight_format", "activation_format", "accumulator", "pipeline",
    "area_um2", "nand2_eq",      "delay_ns",          "energy_pj",   "leakage_nw"};
struct NumberColumn {
  Column column;
  double MacCost::* field;
};
constexpr std::array<NumberColumn, 5> kNumbers = {{{kArea, &MacCost::area_um2},
                                                   {kNand2, &MacCost::nand2_eq},
                                                   {kDelay, &MacCost::delay_ns},
                                                   {kEnergy, &MacCost::energy_pj},
                                                   {kLeakage, &MacCost::leakage_nw}}};

std::string column_names() { return joined({kColumns.begin(), kColumns.end()}); }

// What an error echoes: short, and nothing that a terminal would obey.
std::string echo(std::string_view text) {
  constexpr std::size_t kMaxEcho = 60;
  std::string shown(text.substr(0, kMaxEcho));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "'" + shown + (text.size() > kMaxEcho ? "...'" : "'");
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// The cells of a line; nothing when a quote does not end, or is followed by more than the
// separator.
std::optional<std::vector<std::string>> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  std::size_t at = 0;
  while (true) {
    at = std::min(line.find_first_not_of(" \t", at), line.size());
    if (at < line.size() && line[at] == '"') {
      std::string cell;
      for (++at;; ++at) {
        if (at >= line.size()) return {};
        if (line[at] != '"') {
          cell += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          cell += line[at++];
        } else {
          break;
        }
      }
      cells.push_back(trimmed(cell));
      at = std::min(line.find_first_not_of(" \t", at + 1), line.size());
      if (at < line.size() && line[at] != ',') return {};
    } else {
      const std::size_t end = std::min(line.find(',', at), line.size());
      cells.push_back(trimmed(line.substr(at, end - at)));
      at = end;
    }
    if (at >= line.size()) return cells;
    ++at;
  }
}

class Reader {
 public:
  Reader(const std::string& text, const std::string& where) : text_(text), where_(where) {}

  // Calls `take` for each row.
  template <class Take>
  Status read(Take take) {
    std::string_view rest = text_;
    if (rest.starts_with("\xEF\xBB\xBF"))
      rest.remove_prefix(3);  // a byte order mark, as spreadsheets write it
    bool titled = false, any = false;
    for (line_ = 1; !rest.empty(); ++line_) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      const std::string content = trimmed(line);
      if (content.empty() || content.front() == '#') continue;
      auto cells = cells_of(line);
      if (!cells)
        return error("not a line of CSV", "", "cells between commas; quotes that end", echo(line));
      if (!titled) {
        if (const Status ok = read_titles(*cells); !ok) return ok.error();
        titled = true;
        continue;
      }
      auto row = read_row(*cells);
      if (!row) return row.error();
      if (const Status ok = take(*row, *this); !ok) return ok.error();
      any = true;
    }
    if (!titled) return table_error("the table is empty", column_names());
    if (!any) return table_error("the table has titles and no rows", "a row for each MAC unit");
    return success();
  }

  Error error(const std::string& what, const std::string& column, const std::string& expected,
              const std::string& found) const {
    return {.kind = ErrorKind::kInput,
            .what = what,
            .where = where_ + ", line " + std::to_string(line_) +
                     (column.empty() ? "" : ", column " + column),
            .expected = expected,
            .found = found};
  }
  std::size_t line() const { return line_; }

 private:
  Error table_error(const std::string& what, const std::string& expected) const {
    return {.kind = ErrorKind::kInput, .what = what, .where = where_, .expected = expected};
  }

  Status read_titles(const std::vector<std::string>& titles) {
    for (std::size_t c = 0; c < kColumns.size(); ++c) {
      const auto found = std::find(titles.begin(), titles.end(), kColumns[c]);
      if (found == titles.end()) {
        return error("the table has no column " + std::string(kColumns[c]), "", column_names(),
                     echo(joined(titles)));
      }
      if (std::find(found + 1, titles.end(), kColumns[c]) != titles.end()) {
        return error("two columns have one name", kColumns[c], "each column once",
                     echo(joined(titles)));
      }
      places_[c] = static_cast<std::size_t>(found - titles.begin());
    }
    titles_ = titles.size();
    return success();
  }

  Result<formats::Format> read_format(const std::vector<std::string>& cells, Column column) const {
    auto format = formats::parse_format(cells[places_[column]]);
    if (format) return unit_format(*format);
    Error wrong = format.error();
    const Error placed = error("", kColumns[column], "", "");
    wrong.kind = ErrorKind::kInput;
    wrong.where = placed.where;
    return wrong;
  }

  Result<double> read_number(const std::vector<std::string>& cells, Column column) const {
    const std::string& cell = cells[places_[column]];
    double value = 0;
    const auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    const bool number = !cell.empty() && problem == std::errc{} && end == cell.data() + cell.size();
    if (number && std::isfinite(value) && value >= 0) return value;
    return error(number ? "not a cost" : "not a number", kColumns[column],
                 "a finite number, 0 or more", cell.empty() ? "an empty cell" : echo(cell));
  }

  Result<MacCost> read_row(const std::vector<std::string>& cells) const {
    if (cells.size() != titles_) {
      return error(
          "a row with another number of cells than titles", "", std::to_string(titles_),
          std::to_string(cells.size()) + " (a name with a comma needs quotes: \"posit<8,1>\")");
    }
    MacCost row{.unit = cells[places_[kUnit]],
                .weight = {},
                .activation = {},
                .accumulator = cells[places_[kAccumulator]],
                .pipeline = cells[places_[kPipeline]]};
    auto weight = read_format(cells, kWeight);
    if (!weight) return weight.error();
    auto activation = read_format(cells, kActivation);
    if (!activation) return activation.error();
    row.weight = *weight;
    row.activation = *activation;
    for (const auto& [column, field] : kNumbers) {
      auto value = read_number(cells, column);
      if (!value) return value.error();
      row.*field = *value;
    }
    return row;
  }

  const std::string& text_;
  const std::string& where_;
  std::size_t line_ = 1, titles_ = 0;
  std::array<std::size_t, kColumns.size()> places_{};
};

}  // namespace

Result<Table> Table::from_project(const std::string& text, const std::string& where,
                                  const std::string& rtl_folder) {
  if (const Status ok = check_hashes(text, where, true); !ok) return ok.error();
  if (const Status ok = check_sources(text, where, rtl_folder); !ok) return ok.error();
  return from_csv(text, where);
}

Result<Table> Table::from_csv(const std::string& text, const std::string& where) {
  if (const Status ok = check_hashes(text, where, is_project_table(text)); !ok) return ok.error();
  Table table;
  table.source_ = where;
  table.node_ = comment_value(text, "node");
  std::map<std::pair<Pair, std::pair<std::string, std::string>>, std::size_t> lines;
  const auto take = [&](const MacCost& row, const Reader& reader) -> Status {
    const Pair pair(row.weight, row.activation);
    const auto [first, fresh] =
        lines.try_emplace({pair, {row.accumulator, row.pipeline}}, reader.line());
    if (!fresh) {
      return reader.error("two rows of one unit", "",
                          "each weight_format, activation_format, accumulator and pipeline once",
                          formats::name(row.weight) + " x " + formats::name(row.activation) +
                              ", accumulator " + echo(row.accumulator) + ", pipeline " +
                              echo(row.pipeline) + ", also on line " +
                              std::to_string(first->second));
    }
    table.rows_[pair].push_back(row);
    return success();
  };
  if (const Status ok = Reader(text, where).read(take); !ok) return ok.error();
  return table;
}

std::string to_csv(const std::vector<MacCost>& rows, const std::string& comment) {
  std::string text;
  for (std::size_t at = 0; at < comment.size();) {
    const std::size_t end = std::min(comment.find('\n', at), comment.size());
    text += "# " + comment.substr(at, end - at) + "\n";
    at = end + 1;
  }
  for (const char* column : kColumns)
    text += std::string(text.empty() || text.back() == '\n' ? "" : ",") + column;
  text += "\n";
  for (const MacCost& row : rows) {
    for (const std::string& cell : {row.unit, formats::name(row.weight),
                                    formats::name(row.activation), row.accumulator, row.pipeline}) {
      text += records::csv_cell(cell) + ",";
    }
    for (const auto& [column, field] : kNumbers)
      text += records::csv_cell(row.*field) + (column == kLeakage ? "\n" : ",");
  }
  return text;
}

}  // namespace posittune::cost
