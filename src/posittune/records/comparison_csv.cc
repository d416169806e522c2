#include <string_view>

#include "posittune/records/comparison.h"
#include "posittune/records/numbers.h"

namespace posittune::records {
namespace {

constexpr std::string_view kTitles =
    "format,what,scale,granularity,bits_per_weight,seconds,"
    "metric,value,low,high,delta,delta_low,delta_high,noise\n";
constexpr std::string_view kNoMetric = ",,,,,,,";

// "posit<8,1>" holds the separator.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string cells(const Estimate& estimate) {
  return number_text(estimate.value) + "," + number_text(estimate.low) + "," +
         number_text(estimate.high);
}

std::string metric_cells(const std::string& name, const MetricResult& metric) {
  return cell(name) + "," + cells(metric.value) + "," +
         (metric.delta ? cells(*metric.delta) : ",,") + (metric.noise ? ",true" : ",false");
}

}  // namespace

std::string csv_text(const Comparison& comparison) {
  std::string text(kTitles);
  for (const ComparisonRow& row : comparison.rows) {
    const std::string start = cell(row.format) + "," + cell(row.what) + "," + cell(row.scale) +
                              "," + cell(row.granularity) + "," + number_text(row.bits_per_weight) +
                              "," + number_text(row.seconds) + ",";
    for (const auto& [name, metric] : row.metrics) {
      text += start + metric_cells(name, metric) + "\n";
    }
    if (row.metrics.empty()) text += start + std::string(kNoMetric) + "\n";
  }
  return text;
}

}  // namespace posittune::records
