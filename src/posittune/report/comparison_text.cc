#include "posittune/report/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "posittune/base/printable.h"
#include "posittune/report/number_text.h"
#include "posittune/report/scored_text.h"
#include "posittune/report/table.h"

namespace posittune::report {
namespace {

using records::ComparisonRow;

// Metrics in the table: the loss and the most telling one beside it; all are in the record.
std::vector<std::string> shown_metrics(const ComparisonRow& row) {
  std::vector<std::string> shown = {records::loss_metric(row.metrics),
                                    records::primary_metric(row.metrics)};
  std::erase(shown, "");
  if (shown.size() == 2 && shown[0] == shown[1]) shown.pop_back();
  return shown;
}

Table columns(const std::vector<std::string>& shown, bool rounded) {
  std::vector<Column> columns = {{"format"}, {"what"}, {"scale"}};
  if (rounded) columns.push_back({"rounding"});
  columns.push_back({"bits/weight", Align::kRight});
  for (const std::string& name : shown) columns.push_back({name + " [95 %]", Align::kRight});
  if (shown.size() > 1) columns.push_back({"to FP32 (paired)", Align::kRight});
  columns.push_back({"s", Align::kRight});
  columns.push_back({""});
  return Table(std::move(columns));
}

bool is_noise(const ComparisonRow& row, const std::vector<std::string>& shown) {
  return std::ranges::any_of(shown,
                             [&](const std::string& name) { return row.metrics.at(name).noise; });
}

std::vector<std::string> cells_of(const ComparisonRow& row, const std::vector<std::string>& shown,
                                  bool rounded) {
  std::vector<std::string> cells = {row.format, row.what, row.scale};
  if (rounded) cells.push_back(row.rounding.empty() ? "nearest" : row.rounding);
  cells.push_back(fmt::format("{:.3f}", row.bits_per_weight));
  for (const std::string& name : shown) cells.push_back(interval_text(row.metrics.at(name).value));
  if (shown.size() > 1) {
    const auto& delta = row.metrics.at(shown.back()).delta;
    cells.push_back(delta ? signed_interval_text(*delta) : "");
  }
  cells.push_back(fmt::format("{:.1f}", row.seconds));
  // What is not finite is no gain, whatever other metrics say.
  cells.push_back(row.nonfinite > 0      ? fmt::format("! {}", row.nonfinite)
                  : is_noise(row, shown) ? "*"
                                         : "");
  return cells;
}

}  // namespace

std::string comparison_text(const records::Comparison& comparison, std::size_t units) {
  const records::SplitRecord& data = comparison.data.at("report");
  const auto& rows = comparison.rows;
  const std::vector<std::string> shown = shown_metrics(rows.front());
  const bool rounded =
      std::ranges::any_of(rows, [](const ComparisonRow& row) { return !row.rounding.empty(); });
  Table table = columns(shown, rounded);
  for (const ComparisonRow& row : rows) table.add_row(cells_of(row, shown, rounded));
  std::string text = printable(fmt::format("{}  on {} ({} items, {} {}s)", comparison.model.path,
                                           data.path, data.items, units, data.unit)) +
                     "\n" + printable("scored: " + scored_text(comparison.scored)) + "\n" +
                     table.text();
  if (std::ranges::any_of(rows, [&](const ComparisonRow& row) {
        return row.nonfinite == 0 && is_noise(row, shown);
      }))
    text += "* better than FP32: noise of the sample, not a gain\n";
  if (std::ranges::any_of(rows, [](const ComparisonRow& row) { return row.nonfinite > 0; }))
    text += fmt::format("! {}s with NaN or an infinity in the output: the row is of no use\n",
                        data.unit);
  return text;
}

}  // namespace posittune::report
