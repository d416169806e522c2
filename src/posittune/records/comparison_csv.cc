#include <string_view>

#include "posittune/records/comparison.h"
#include "posittune/records/comparison_fields.h"
#include "posittune/records/csv_cells.h"

namespace posittune::records {
namespace {

constexpr std::string_view kTitles =
    "format,what,scale,granularity,bits_per_weight,seconds,"
    "metric,value,low,high,delta,delta_low,delta_high,noise,nonfinite\n";
constexpr std::string_view kNoMetric = ",,,,,,,";

std::string cells(const Estimate& estimate) {
  return csv_cell(estimate.value) + "," + csv_cell(estimate.low) + "," + csv_cell(estimate.high);
}

}  // namespace

std::string metric_cells(const std::string& name, const MetricResult& metric) {
  return csv_cell(name) + "," + cells(metric.value) + "," +
         (metric.delta ? cells(*metric.delta) : ",,") + (metric.noise ? ",true" : ",false");
}

std::string csv_text(const Comparison& comparison) {
  std::string text(kTitles);
  for (const ComparisonRow& row : comparison.rows) {
    const std::string start = csv_cell(row.format) + "," + csv_cell(row.what) + "," +
                              csv_cell(row.scale) + "," + csv_cell(row.granularity) + "," +
                              csv_cell(row.bits_per_weight) + "," + csv_cell(row.seconds) + ",";
    for (const auto& [name, metric] : row.metrics) {
      text += start + metric_cells(name, metric) + "," + std::to_string(row.nonfinite) + "\n";
    }
    if (row.metrics.empty())
      text += start + std::string(kNoMetric) + "," + std::to_string(row.nonfinite) + "\n";
  }
  return text;
}

}  // namespace posittune::records
