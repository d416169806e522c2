#include "posittune/report/search_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "posittune/base/printable.h"
#include "posittune/report/number_text.h"
#include "posittune/report/scored_text.h"
#include "posittune/report/sensitivity_text.h"
#include "posittune/report/table.h"

namespace posittune::report {
namespace {

using records::SearchRow;

// A column and its cell of each row.
struct Field {
  Column column;
  std::function<std::string(const SearchRow&)> cell;
};

// "84.7 (+0.4 %)": the change from FP32; of a loss, which FP32 has none of, the interval.
std::string metric_cell(const records::MetricResult& metric, bool is_loss) {
  std::string text;
  if (is_loss) {
    text = interval_text(metric.value);
  } else {
    text = number_text(metric.value.value);
    const double delta = metric.delta ? metric.delta->value : 0;
    const double fp32 = std::abs(metric.value.value - delta);
    if (metric.delta) text += fmt::format(" ({:+.2f} %)", 100 * (fp32 != 0 ? delta / fp32 : delta));
  }
  return text + (metric.noise ? " noise" : "");
}

std::string gap_text(double gap) {
  return std::isnan(gap) ? "-" : gap < 1e-8 ? "optimal" : fmt::format("{:.1e}", gap);
}

Field metric_field(std::string title, const std::string& name, bool is_loss) {
  return {{std::move(title), Align::kRight}, [name, is_loss](const SearchRow& row) {
            const auto found = row.metrics.find(name);
            return found == row.metrics.end() ? "-" : metric_cell(found->second, is_loss);
          }};
}

Field number_field(const char* title, const char* form, double SearchRow::* of) {
  return {{title, Align::kRight},
          [form, of](const SearchRow& row) { return fmt::format(fmt::runtime(form), row.*of); }};
}

// The metric of the rows' report split that is shown beside the loss; empty: none was measured.
std::string shown_metric(const records::SearchResult& result) {
  const auto measured =
      std::ranges::find_if(result.rows, [](const SearchRow& row) { return !row.metrics.empty(); });
  return measured == result.rows.end() ? "" : records::primary_metric(measured->metrics);
}

// Columns that are empty in every row are left out.
std::vector<Field> fields_of(const records::SearchResult& result) {
  const auto any = [&](auto test) { return std::ranges::any_of(result.rows, test); };
  const auto budgeted = [&](const char* cost) {
    return any([cost](const SearchRow& row) { return row.budget.find(cost) != row.budget.npos; });
  };
  const std::string title = loss_title(result.scored), loss = result.scored.loss,
                    metric = shown_metric(result);
  std::vector<Field> fields = {{{"method"}, [](const SearchRow& row) { return row.method; }},
                               {{"budget"}, [](const SearchRow& row) { return row.budget; }},
                               number_field("bits/weight", "{:.3f}", &SearchRow::bits_per_weight)};
  if (any([](const SearchRow& row) { return row.activation_bits < 31.9; }))
    fields.push_back(number_field("bits/input", "{:.2f}", &SearchRow::activation_bits));
  if (budgeted("mac-bits"))
    fields.push_back(number_field("bits x bits/MAC", "{:.1f}", &SearchRow::mac_bits));
  if (budgeted("area")) fields.push_back(number_field("um2/MAC", "{:.0f}", &SearchRow::area));
  fields.push_back(
      {{"size", Align::kRight}, [](const SearchRow& row) { return bytes_text(row.bytes); }});
  fields.push_back(
      {{"energy", Align::kRight}, [](const SearchRow& row) { return energy_text(row.energy); }});
  fields.push_back({{"sum of scores", Align::kRight},
                    [](const SearchRow& row) { return number_text(row.predicted_loss); }});
  fields.push_back({{title + " on search", Align::kRight},
                    [](const SearchRow& row) { return number_text(row.search_loss.value); }});
  if (any([&](const SearchRow& row) { return row.metrics.contains(loss); }))
    fields.push_back(metric_field(title + " on report", loss, true));
  if (!metric.empty() && metric != loss) fields.push_back(metric_field(metric, metric, false));
  fields.push_back(
      {{"gap", Align::kRight}, [](const SearchRow& row) { return gap_text(row.optimality_gap); }});
  return fields;
}

std::string rows_table(const records::SearchResult& result) {
  std::vector<Field> fields = fields_of(result);
  const bool nonfinite =
      std::ranges::any_of(result.rows, [](const SearchRow& row) { return row.nonfinite > 0; });
  if (nonfinite) {
    fields.push_back({{"NaN or inf", Align::kRight}, [](const SearchRow& row) {
                        return row.nonfinite > 0 ? fmt::format("! {}", row.nonfinite) : "";
                      }});
  }
  std::vector<Column> columns;
  for (const Field& field : fields) columns.push_back(field.column);
  Table table(std::move(columns));
  for (const SearchRow& row : result.rows) {
    std::vector<std::string> cells;
    for (const Field& field : fields) cells.push_back(field.cell(row));
    table.add_row(std::move(cells));
  }
  return table.text() +
         (nonfinite ? "! units with NaN or an infinity in the output: the row is of no use\n" : "");
}

std::string changes_table(const records::SearchResult& result) {
  if (result.refinement.empty()) return "";
  Table table(
      {{"change tried"}, {"by scores", Align::kRight}, {"measured", Align::kRight}, {"verdict"}});
  for (const records::RefinementRecord& each : result.refinement) {
    table.add_row({each.change, number_text(each.predicted),
                   interval_text(each.measured, each.low, each.high), each.verdict});
  }
  return "\n" + table.text();
}

}  // namespace

std::string search_text(const records::SearchResult& result, double seconds) {
  return printable(result.model.path) + "\n" + printable("scored: " + scored_text(result.scored)) +
         "\n" + rows_table(result) + changes_table(result) + "\n" + tier_costs_text(result.costs) +
         fmt::format("{:<6} {:>8.1f} s\n", "all", seconds);
}

}  // namespace posittune::report
