#pragma once

// The fields of a sensitivity document by name; what is optional there is not in these lists.

#include <tuple>

#include "posittune/records/comparison_fields.h"
#include "posittune/records/fields.h"
#include "posittune/records/sensitivity.h"

namespace posittune::records {

// A row: "rounding" where it is not to nearest; the rest as fields.
nlohmann::ordered_json json_value(const SensitivityRow& row);
void read_value(const Place& place, SensitivityRow& row);

template <>
struct FieldsOf<SensitivityRow> {
  using Row = SensitivityRow;
  static constexpr std::tuple kList{Field{"layer", &Row::layer},
                                    Field{"weight", &Row::weight},
                                    Field{"format", &Row::format},
                                    Field{"scale", &Row::scale},
                                    Field{"granularity", &Row::granularity},
                                    Field{"what", &Row::what},
                                    Field{"tier", &Row::tier},
                                    Field{"score", &Row::score},
                                    Field{"low", &Row::low},
                                    Field{"high", &Row::high},
                                    Field{"error", &Row::error},
                                    Field{"signal", &Row::signal},
                                    Field{"bits", &Row::bits},
                                    Field{"parameters", &Row::parameters},
                                    Field{"units", &Row::units},
                                    Field{"stopped", &Row::stopped}};
};

template <>
struct FieldsOf<ChannelRow> {
  using Row = ChannelRow;
  static constexpr std::tuple kList{Field{"layer", &Row::layer},
                                    Field{"weight", &Row::weight},
                                    Field{"format", &Row::format},
                                    Field{"scale", &Row::scale},
                                    Field{"granularity", &Row::granularity},
                                    Field{"first", &Row::first},
                                    Field{"count", &Row::count},
                                    Field{"tier", &Row::tier},
                                    Field{"score", &Row::score},
                                    Field{"low", &Row::low},
                                    Field{"high", &Row::high},
                                    Field{"error", &Row::error}};
};

template <>
struct FieldsOf<CutRecord> {
  static constexpr std::tuple kList{Field{"tensors", &CutRecord::tensors},
                                    Field{"bytes", &CutRecord::bytes}};
};

template <>
struct FieldsOf<TierCost> {
  static constexpr std::tuple kList{
      Field{"tier", &TierCost::tier}, Field{"seconds", &TierCost::seconds},
      Field{"evaluations", &TierCost::evaluations}, Field{"probes", &TierCost::probes}};
};

template <>
struct FieldsOf<AgreementRecord> {
  using Record = AgreementRecord;
  static constexpr std::tuple kList{
      Field{"tier", &Record::tier},         Field{"reference", &Record::reference},
      Field{"what", &Record::what},         Field{"pairs", &Record::pairs},
      Field{"spearman", &Record::spearman}, Field{"r2_log", &Record::r2_log},
      Field{"ratio", &Record::ratio}};
};

template <>
struct FieldsOf<MixRecord> {
  static constexpr std::tuple kList{Field{"bits_per_weight", &MixRecord::bits_per_weight},
                                    Field{"predicted", &MixRecord::predicted},
                                    Field{"measured", &MixRecord::measured},
                                    Field{"low", &MixRecord::low}, Field{"high", &MixRecord::high}};
};

template <>
struct FieldsOf<UpgradeRecord> {
  using Record = UpgradeRecord;
  static constexpr std::tuple kList{
      Field{"order", &Record::order}, Field{"windows", &Record::windows},
      Field{"bits_per_weight", &Record::bits_per_weight}, Field{"loss", &Record::loss}};
};

template <>
struct FieldsOf<Sensitivity> {
  static constexpr std::tuple kList{
      Field{"model", &Sensitivity::model}, Field{"scored", &Sensitivity::scored},
      Field{"data", &Sensitivity::data},   Field{"cuts", &Sensitivity::cuts},
      Field{"costs", &Sensitivity::costs}, Field{"agreement", &Sensitivity::agreement},
      Field{"rows", &Sensitivity::rows}};
};

}  // namespace posittune::records
