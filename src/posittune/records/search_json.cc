#include "posittune/records/search_json.h"

#include "posittune/records/csv_cells.h"
#include "posittune/records/json_fields.h"
#include "posittune/records/search_fields.h"

namespace posittune::records {
namespace {

constexpr const char* kTitles =
    "recipe,method,budget,bits_per_weight,bytes,activation_bits,mac_bits,energy,area,predicted_"
    "loss,search_loss,"
    "optimality_gap,metric,value,low,high,delta,delta_low,delta_high,noise,nonfinite\n";

std::string row_cells(const SearchRow& row) {
  std::string text = csv_cell(row.recipe) + "," + csv_cell(row.method) + "," + csv_cell(row.budget);
  for (const double number :
       {row.bits_per_weight, row.bytes, row.activation_bits, row.mac_bits, row.energy, row.area,
        row.predicted_loss, row.search_loss.value, row.optimality_gap}) {
    text += "," + csv_cell(number);
  }
  return text;
}

}  // namespace

nlohmann::ordered_json to_json(const SearchRow& row) { return json_value(row); }
nlohmann::ordered_json to_json(const SearchResult& result) { return json_value(result); }

Result<SearchRow> search_row_from_json(const nlohmann::json& json) {
  return guarded([&json] { return read<SearchRow>(Place(json, "")); });
}

Result<SearchResult> search_result_from_json(const nlohmann::json& json) {
  return guarded([&json] { return read<SearchResult>(Place(json, "")); });
}

std::string json_text(const SearchResult& result) { return document_text(to_json(result)); }

std::string csv_text(const std::vector<SearchRow>& rows) {
  std::string text(kTitles);
  for (const SearchRow& row : rows) {
    const std::string start = row_cells(row);
    for (const auto& [name, metric] : row.metrics)
      text += start + "," + metric_cells(name, metric) + "," + std::to_string(row.nonfinite) + "\n";
    if (row.metrics.empty()) text += start + ",,,,,,,,," + std::to_string(row.nonfinite) + "\n";
  }
  return text;
}

}  // namespace posittune::records
