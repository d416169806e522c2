#pragma once

// Fields of the parts of a comparison that other documents have too.

#include <string>
#include <tuple>

#include "posittune/records/comparison.h"
#include "posittune/records/fields.h"
#include "posittune/records/json_fields.h"

namespace posittune::records {

// A split: "classes" where they are known; the rest as fields.
nlohmann::ordered_json json_value(const SplitRecord& split);
void read_value(const Place& place, SplitRecord& split);
// A metric: "delta" where there is one; the rest as fields.
nlohmann::ordered_json json_value(const MetricResult& metric);
void read_value(const Place& place, MetricResult& metric);
// CSV cells of a metric: metric,value,low,high,delta,delta_low,delta_high,noise
std::string metric_cells(const std::string& name, const MetricResult& metric);

template <>
struct FieldsOf<Estimate> {
  static constexpr std::tuple kList{Field{"value", &Estimate::value}, Field{"low", &Estimate::low},
                                    Field{"high", &Estimate::high}};
};

template <>
struct FieldsOf<ModelRecord> {
  static constexpr std::tuple kList{Field{"path", &ModelRecord::path},
                                    Field{"sha256", &ModelRecord::sha256}};
};

template <>
struct FieldsOf<ScoredRecord> {
  using Record = ScoredRecord;
  static constexpr std::tuple kList{
      Field{"output", &Record::output}, Field{"task", &Record::task},
      Field{"scores", &Record::scores}, Field{"reason", &Record::reason},
      Field{"loss", &Record::loss},     Field{"unit", &Record::unit}};
};

template <>
struct FieldsOf<SplitRecord> {
  static constexpr std::tuple kList{
      Field{"path", &SplitRecord::path}, Field{"kind", &SplitRecord::kind},
      Field{"items", &SplitRecord::items}, Field{"unit", &SplitRecord::unit},
      Field{"sha256", &SplitRecord::sha256}};
};

}  // namespace posittune::records
