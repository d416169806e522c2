#include <utility>

#include "posittune/records/comparison.h"
#include "posittune/records/numbers.h"

namespace posittune::records {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json estimate_json(const Estimate& estimate) {
  return {{"value", number_to_json(estimate.value)},
          {"low", number_to_json(estimate.low)},
          {"high", number_to_json(estimate.high)}};
}

ordered_json metric_json(const MetricResult& metric) {
  ordered_json object = estimate_json(metric.value);
  if (metric.delta) object["delta"] = estimate_json(*metric.delta);
  object["noise"] = metric.noise;
  return object;
}

ordered_json split_json(const SplitRecord& split) {
  return {{"path", split.path},
          {"kind", split.kind},
          {"items", split.items},
          {"unit", split.unit},
          {"sha256", split.sha256}};
}

// A value and where it stands. What is missing or of the wrong type is thrown as an Error, which
// guarded() turns into a Result.
class Place {
 public:
  Place(const json& value, std::string pointer) : value_(value), pointer_(std::move(pointer)) {}

  Place operator[](const std::string& name) const {
    object();
    const auto found = value_.find(name);
    if (found == value_.end()) {
      throw Error{
          .kind = ErrorKind::kInput, .what = "a field is missing", .where = pointer_ + "/" + name};
    }
    return {*found, pointer_ + "/" + name};
  }
  bool has(const std::string& name) const { return object().contains(name); }

  const json& object() const { return require(value_.is_object(), "an object"); }
  std::string text() const { return require(value_.is_string(), "a string").get<std::string>(); }
  bool flag() const { return require(value_.is_boolean(), "true or false").get<bool>(); }
  std::uint64_t count() const {
    return require(value_.is_number_unsigned(), "a count").get<std::uint64_t>();
  }
  double number() const {
    const auto number = number_from_json(value_);
    require(number.has_value(), "a number, \"Infinity\", \"-Infinity\" or \"NaN\"");
    return *number;
  }
  template <class Visit>
  void each_field(Visit visit) const {
    for (const auto& [name, value] : object().items()) {
      visit(name, Place(value, pointer_ + "/" + name));
    }
  }
  template <class Visit>
  void each_element(Visit visit) const {
    require(value_.is_array(), "an array");
    for (std::size_t i = 0; i < value_.size(); ++i) {
      visit(Place(value_[i], pointer_ + "/" + std::to_string(i)));
    }
  }

 private:
  const json& require(bool fits, const char* expected) const {
    if (fits) return value_;
    throw Error{.kind = ErrorKind::kInput,
                .what = "a field has the wrong type",
                .where = pointer_.empty() ? "/" : pointer_,
                .expected = expected,
                .found = value_.type_name()};
  }
  const json& value_;
  std::string pointer_;
};

template <class Read>
auto guarded(Read read) -> Result<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    return error;
  }
}

Estimate read_estimate(const Place& place) {
  return {place["value"].number(), place["low"].number(), place["high"].number()};
}

MetricResult read_metric(const Place& place) {
  MetricResult metric{.value = read_estimate(place), .delta = {}, .noise = place["noise"].flag()};
  if (place.has("delta")) metric.delta = read_estimate(place["delta"]);
  return metric;
}

ComparisonRow read_row(const Place& place) {
  ComparisonRow row{.format = place["format"].text(),
                    .what = place["what"].text(),
                    .scale = place["scale"].text(),
                    .granularity = place["granularity"].text(),
                    .bits_per_weight = place["bits_per_weight"].number(),
                    .metrics = {},
                    .seconds = place["seconds"].number()};
  place["metrics"].each_field([&row](const std::string& name, const Place& metric) {
    row.metrics[name] = read_metric(metric);
  });
  return row;
}

SplitRecord read_split(const Place& place) {
  return {.path = place["path"].text(),
          .kind = place["kind"].text(),
          .items = place["items"].count(),
          .unit = place["unit"].text(),
          .sha256 = place["sha256"].text()};
}

Comparison read_comparison(const Place& place) {
  const Place model = place["model"];
  Comparison comparison{
      .model = {model["path"].text(), model["sha256"].text()}, .data = {}, .rows = {}};
  place["data"].each_field([&comparison](const std::string& name, const Place& split) {
    comparison.data[name] = read_split(split);
  });
  place["rows"].each_element(
      [&comparison](const Place& row) { comparison.rows.push_back(read_row(row)); });
  return comparison;
}

}  // namespace

ordered_json to_json(const ComparisonRow& row) {
  ordered_json metrics = ordered_json::object();
  for (const auto& [name, metric] : row.metrics) metrics[name] = metric_json(metric);
  return {{"format", row.format},
          {"what", row.what},
          {"scale", row.scale},
          {"granularity", row.granularity},
          {"bits_per_weight", number_to_json(row.bits_per_weight)},
          {"metrics", std::move(metrics)},
          {"seconds", number_to_json(row.seconds)}};
}

ordered_json to_json(const Comparison& comparison) {
  ordered_json data = ordered_json::object();
  for (const auto& [name, split] : comparison.data) data[name] = split_json(split);
  ordered_json rows = ordered_json::array();
  for (const ComparisonRow& row : comparison.rows) rows.push_back(to_json(row));
  return {{"model", {{"path", comparison.model.path}, {"sha256", comparison.model.sha256}}},
          {"data", std::move(data)},
          {"rows", std::move(rows)}};
}

Result<ComparisonRow> row_from_json(const json& value) {
  return guarded([&value] { return read_row(Place(value, "")); });
}

Result<Comparison> comparison_from_json(const json& value) {
  return guarded([&value] { return read_comparison(Place(value, "")); });
}

std::string json_text(const Comparison& comparison) {
  return to_json(comparison).dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace posittune::records
