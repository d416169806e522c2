#pragma once

// The fields of the details of a run by name.

#include <tuple>

#include "posittune/records/details.h"
#include "posittune/records/fields.h"

namespace posittune::records {

template <>
struct FieldsOf<DetailLayer> {
  using Layer = DetailLayer;
  static constexpr std::tuple kList{
      Field{"layer", &Layer::layer},           Field{"kind", &Layer::kind},
      Field{"weight", &Layer::weight},         Field{"rows", &Layer::rows},
      Field{"parameters", &Layer::parameters}, Field{"macs", &Layer::macs}};
};

template <>
struct FieldsOf<LayerSetting> {
  using Setting = LayerSetting;
  static constexpr std::tuple kList{
      Field{"layer", &Setting::layer},         Field{"format", &Setting::format},
      Field{"scale", &Setting::scale},         Field{"input", &Setting::input},
      Field{"bits", &Setting::bits},           Field{"compute_pj", &Setting::compute_pj},
      Field{"memory_pj", &Setting::memory_pj}, Field{"area_um2", &Setting::area_um2}};
};

template <>
struct FieldsOf<RowDetails> {
  static constexpr std::tuple kList{Field{"settings", &RowDetails::settings},
                                    Field{"item_losses", &RowDetails::item_losses}};
};

template <>
struct FieldsOf<WeightHistogram> {
  using Histogram = WeightHistogram;
  static constexpr std::tuple kList{
      Field{"format", &Histogram::format},         Field{"rows", &Histogram::rows},
      Field{"scale_low", &Histogram::scale_low},   Field{"scale_median", &Histogram::scale_median},
      Field{"scale_high", &Histogram::scale_high}, Field{"limit", &Histogram::limit},
      Field{"counts", &Histogram::counts}};
};

template <>
struct FieldsOf<LayerLook> {
  using Look = LayerLook;
  static constexpr std::tuple kList{
      Field{"layer", &Look::layer}, Field{"weight_error", &Look::weight_error},
      Field{"output_error", &Look::output_error}, Field{"input_error", &Look::input_error},
      Field{"histograms", &Look::histograms}};
};

template <>
struct FieldsOf<MixDetails> {
  static constexpr std::tuple kList{Field{"row", &MixDetails::row},
                                    Field{"title", &MixDetails::title},
                                    Field{"looks", &MixDetails::looks}};
};

template <>
struct FieldsOf<CloseLook> {
  static constexpr std::tuple kList{Field{"looks", &CloseLook::looks},
                                    Field{"mixes", &CloseLook::mixes}};
};

template <>
struct FieldsOf<ScoreRecord> {
  static constexpr std::tuple kList{Field{"layer", &ScoreRecord::layer},
                                    Field{"format", &ScoreRecord::format},
                                    Field{"loss", &ScoreRecord::loss}};
};

template <>
struct FieldsOf<Details> {
  static constexpr std::tuple kList{Field{"results_sha256", &Details::results_sha256},
                                    Field{"cost_table", &Details::cost_table},
                                    Field{"layers", &Details::layers},
                                    Field{"settings", &Details::settings},
                                    Field{"rows", &Details::rows},
                                    Field{"looks", &Details::looks},
                                    Field{"mixes", &Details::mixes},
                                    Field{"scores", &Details::scores}};
};

}  // namespace posittune::records
