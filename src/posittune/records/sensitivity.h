#pragma once

// Sensitivity, what each format costs in each layer: the result of `posittune sensitivity`.
//
// As JSON: {"model": {...}, "scored": {...}, "data": {...} as in comparison.h, "cuts": [...],
// "costs": [...], "agreement": [...], "rows": [...], and, when they were asked for, "channels":
// [...], "mixes": [...], "upgrades": [...]}; each entry has the fields of its struct by name. NaN
// and infinities as in numbers.h. Reading ignores fields it does not know and reports what is
// missing.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/comparison.h"

namespace posittune::records {

struct SensitivityRow {
  std::string layer;   // node; for the weight of several layers the first that uses it
  std::string weight;  // initializer; empty for a layer without one
  std::string format, scale, granularity;
  // "w": the weight, in all layers that use it; "a": the layer's input; "wa": both.
  std::string what;
  std::string tier;  // "proxy", "gain", "exact"
  // Score. proxy: error / signal at the layer's output. gain, exact: the loss that `scored` names,
  // in its unit.
  double score = 0;
  double low = 0, high = 0;  // 95 % interval of an exact score; NaN for the others
  double error = 0;          // mean squared error at the layer's output, summed over its channels
  double signal = 0;         // mean square of that output
  double bits = 0;           // stored bits, scales and tag included; 0 for "a"
  std::uint64_t parameters = 0;  // number of elements of the weight; 0 for "a"
  std::uint64_t units = 0;       // documents or images an exact score saw
  std::string stopped;           // why it saw no more: "", "tight", "dominated"
  std::string rounding{};        // "": to nearest; in JSON where it is not
  bool operator==(const SensitivityRow&) const = default;
};

// A window of a weight: output channels first, first + 1 .. first + count - 1.
struct ChannelRow {
  std::string layer, weight, format, scale, granularity;
  std::uint64_t first = 0, count = 0;
  std::string tier;
  double score = 0, low = 0, high = 0, error = 0;  // same as above, for these channels
  bool operator==(const ChannelRow&) const = default;
};

struct CutRecord {
  std::vector<std::string> tensors;  // crossing tensors
  std::uint64_t bytes = 0;           // kept for all data
  bool operator==(const CutRecord&) const = default;
};

struct TierCost {
  std::string tier;
  double seconds = 0;
  double evaluations = 0;    // seconds / those of one FP32 evaluation of the search data
  std::uint64_t probes = 0;  // suffix runs
  bool operator==(const TierCost&) const = default;
};

// Agreement: how well one tier's scores predict another's, over (layer, format) pairs that have
// both.
struct AgreementRecord {
  std::string tier, reference, what;
  std::uint64_t pairs = 0;
  double spearman = 0;  // rank correlation
  double r2_log = 0;    // r^2 of the logarithms: 1 - residuals / variance of the fitted line
  double ratio = 0;     // median of reference / tier
  bool operator==(const AgreementRecord&) const = default;
};

// One random mix of formats: the sum of one-at-a-time scores beside what the mix costs.
struct MixRecord {
  double bits_per_weight = 0, predicted = 0, measured = 0, low = 0, high = 0;
  bool operator==(const MixRecord&) const = default;
};

// The loss after upgrading windows of channels in an order, from none to all.
struct UpgradeRecord {
  std::string order;          // "score", "error", "random"
  std::uint64_t windows = 0;  // upgraded so far
  double bits_per_weight = 0, loss = 0;
  bool operator==(const UpgradeRecord&) const = default;
};

struct Sensitivity {
  ModelRecord model;
  ScoredRecord scored{};
  std::map<std::string, SplitRecord> data;  // "calibrate", "search"
  std::vector<CutRecord> cuts;
  std::vector<TierCost> costs;
  std::vector<AgreementRecord> agreement;
  std::vector<SensitivityRow> rows;
  std::vector<ChannelRow> channels;
  std::vector<MixRecord> mixes;
  std::vector<UpgradeRecord> upgrades;
  bool operator==(const Sensitivity&) const = default;
};

std::string json_text(const Sensitivity& sensitivity);  // the JSON document; ends in a newline

// CSV as in comparison.h, one line for each row, columns in the order of the struct.
std::string csv_text(const std::vector<SensitivityRow>& rows);
std::string csv_text(const std::vector<ChannelRow>& rows);

}  // namespace posittune::records
