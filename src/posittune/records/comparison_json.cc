#include "posittune/records/comparison_json.h"

#include <utility>

#include "posittune/records/comparison_fields.h"
#include "posittune/records/json_fields.h"

namespace posittune::records {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ComparisonRow read_row(const Place& place) {
  ComparisonRow row{.format = place["format"].text(),
                    .what = place["what"].text(),
                    .scale = place["scale"].text(),
                    .granularity = place["granularity"].text(),
                    .bits_per_weight = place["bits_per_weight"].number(),
                    .metrics = {},
                    .seconds = place["seconds"].number()};
  place["metrics"].each_field([&row](const std::string& name, const Place& metric) {
    read_value(metric, row.metrics[name]);
  });
  if (place.has("rounding")) row.rounding = place["rounding"].text();
  if (place.has("nonfinite")) row.nonfinite = place["nonfinite"].count();
  return row;
}

Comparison read_comparison(const Place& place) {
  Comparison comparison;
  read_value(place["model"], comparison.model);
  read_value(place["scored"], comparison.scored);
  read_value(place["data"], comparison.data);
  place["rows"].each_element(
      [&comparison](const Place& row) { comparison.rows.push_back(read_row(row)); });
  return comparison;
}

}  // namespace

ordered_json json_value(const SplitRecord& split) {
  ordered_json object = json_value<SplitRecord>(split);
  if (!split.classes.empty()) object["classes"] = json_value(split.classes);
  return object;
}

void read_value(const Place& place, SplitRecord& split) {
  read_value<SplitRecord>(place, split);
  if (place.has("classes")) split.classes = read<std::vector<std::string>>(place["classes"]);
}

ordered_json json_value(const MetricResult& metric) {
  ordered_json object = json_value(metric.value);
  if (metric.delta) object["delta"] = json_value(*metric.delta);
  object["noise"] = metric.noise;
  object["better"] = metric.lower_is_better ? "lower" : "higher";
  object["unit"] = metric.unit;
  object["rank"] = metric.rank;
  if (!metric.version.empty()) object["version"] = metric.version;
  return object;
}

namespace {

// Which value is better is not guessed by a metric's name.
void require_meaning(const Place& metric) {
  for (const char* field : {"better", "unit", "rank"}) {
    if (metric.has(field)) continue;
    throw Error{.kind = ErrorKind::kInput,
                .what = "a field is missing",
                .where = metric.pointer() + "/" + field,
                .expected = "better, unit and rank of each metric",
                .hint = "an early build of 0.1.0 wrote the file, without them: measure again"};
  }
}

bool lower_is_better(const Place& better) {
  const std::string text = better.text();
  if (text == "lower" || text == "higher") return text == "lower";
  throw Error{.kind = ErrorKind::kInput,
              .what = "a field has an unknown value",
              .where = better.pointer(),
              .expected = "\"lower\" or \"higher\"",
              .found = "\"" + text + "\""};
}

}  // namespace

void read_value(const Place& place, MetricResult& metric) {
  require_meaning(place);
  metric = {.value = read<Estimate>(place),
            .delta = {},
            .noise = place["noise"].flag(),
            .lower_is_better = lower_is_better(place["better"]),
            .unit = place["unit"].text(),
            .rank = place["rank"].count(),
            .version = place.has("version") ? place["version"].text() : ""};
  if (place.has("delta")) metric.delta = read<Estimate>(place["delta"]);
}

ordered_json to_json(const ComparisonRow& row) {
  ordered_json object = {{"format", row.format},
                         {"what", row.what},
                         {"scale", row.scale},
                         {"granularity", row.granularity},
                         {"bits_per_weight", number_to_json(row.bits_per_weight)},
                         {"metrics", json_value(row.metrics)},
                         {"seconds", number_to_json(row.seconds)}};
  if (!row.rounding.empty()) object["rounding"] = row.rounding;
  if (row.nonfinite > 0) object["nonfinite"] = row.nonfinite;
  return object;
}

ordered_json to_json(const Comparison& comparison) {
  ordered_json rows = ordered_json::array();
  for (const ComparisonRow& row : comparison.rows) rows.push_back(to_json(row));
  return {{"model", json_value(comparison.model)},
          {"scored", json_value(comparison.scored)},
          {"data", json_value(comparison.data)},
          {"rows", std::move(rows)}};
}

Result<ComparisonRow> row_from_json(const json& value) {
  return guarded([&value] { return read_row(Place(value, "")); });
}

Result<Comparison> comparison_from_json(const json& value) {
  return guarded([&value] { return read_comparison(Place(value, "")); });
}

std::string json_text(const Comparison& comparison) { return document_text(to_json(comparison)); }

}  // namespace posittune::records
