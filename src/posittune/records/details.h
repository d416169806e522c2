#pragma once

// Details of a run: what a report shows beside the results. details.json in the run folder:
//   {"results_sha256": of the results.json that they belong to, "cost_table": "...",
//    "layers": [...], "settings": [...], "rows": [...], "looks": [...], "mixes": [...],
//    "scores": [...]}
// each entry an object of the fields of its struct by name, numbers as in numbers.h.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::records {

// A layer of the model, in order of execution.
struct DetailLayer {
  std::string layer{}, kind{};
  std::string weight{};          // empty: a product of two inputs
  std::uint64_t rows = 0;        // output channels of the weight
  std::uint64_t parameters = 0;  // elements of the weight
  std::uint64_t macs = 0;        // of one item; 0 where shapes depend on data
  bool operator==(const DetailLayer&) const = default;
};

// What one layer gets, and what that costs. Rows that give it the same share an entry.
struct LayerSetting {
  std::uint64_t layer = 0;  // index in Details::layers
  std::string format{};     // of its weight: "posit<6,*>", "mixed" for windows; "fp32"
  std::string scale{};      // rule and granularity: "mse_pow2, channel"; empty for fp32
  std::string input{};      // format of its input; "fp32"
  double bits = 0;  // stored bits of the weight; 0 where an earlier layer has the same weight
  double compute_pj = 0, memory_pj = 0;  // energy of one item
  double area_um2 = 0;                   // largest MAC unit
  bool operator==(const LayerSetting&) const = default;
};

// A row of results.json, in their order.
struct RowDetails {
  // For each layer its index in Details::settings; empty where costs could not be computed.
  std::vector<std::uint64_t> settings{};
  // The loss of each item of the report split: its sum over its count; empty: not measured there.
  std::vector<double> item_losses{};
  bool operator==(const RowDetails&) const = default;
};

// Values of a weight in units of its format's grid: x = w * scale (MX: over 2^exponent of the block
// too), of the rows that have this format.
struct WeightHistogram {
  std::string format{};
  std::uint64_t rows = 0;
  double scale_low = 0, scale_median = 0, scale_high = 0;  // of these rows
  double limit = 0;                     // the bins have equal widths from -limit to limit
  std::vector<std::uint64_t> counts{};  // elements
  bool operator==(const WeightHistogram&) const = default;
};

// A weight under one setting, at the first chosen layer that uses it, and the input of that layer.
// Mixes that give it the same share an entry.
struct LayerLook {
  std::uint64_t layer = 0;  // index in Details::layers
  double weight_error = 0;  // |W - q(W)|^2 / |W|^2
  // Error / signal at the layer's output of rounding the weight, and of rounding the input; NaN:
  // not known.
  double output_error = 0, input_error = 0;
  std::vector<WeightHistogram> histograms{};
  bool operator==(const LayerLook&) const = default;
};

// One recipe that is looked at closely.
struct MixDetails {
  std::uint64_t row = 0;               // of results.json
  std::string title{};                 // "search, bits 5", "posit<8,1>, wa"
  std::vector<std::uint64_t> looks{};  // indices in Details::looks, in order of the layers
  bool operator==(const MixDetails&) const = default;
};

// The loss that a search expects of one choice for one weight.
struct ScoreRecord {
  std::uint64_t layer = 0;  // index in Details::layers
  std::string format;       // "posit<6,*>", "posit<6,1>/int8"
  double loss = 0;
  bool operator==(const ScoreRecord&) const = default;
};

// Recipes that are looked at closely, as a journal keeps them.
struct CloseLook {
  std::vector<LayerLook> looks;
  std::vector<MixDetails> mixes;
  bool operator==(const CloseLook&) const = default;
};

struct Details {
  std::string results_sha256, cost_table;
  std::vector<DetailLayer> layers;
  std::vector<LayerSetting> settings;
  std::vector<RowDetails> rows;
  std::vector<LayerLook> looks;
  std::vector<MixDetails> mixes;  // of a comparison the best row, of a search all that it chose
  std::vector<ScoreRecord> scores;
  bool operator==(const Details&) const = default;
};

std::string json_text(const Details& details);  // the JSON document, on one line

// kInput for a text that json_text() did not write; the place is a JSON pointer.
Result<Details> details_from(const std::string& text);

}  // namespace posittune::records
