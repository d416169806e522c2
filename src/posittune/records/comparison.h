#pragma once

// The result of a uniform comparison: one model, one set of data, one row for each format.
//
// As JSON (numbers as in numbers.h, no field left out unless marked):
//   {"model": {"path": "gpt2.onnx", "sha256": "..."},
//    "scored": {"output": "logits", "task": "classify", "scores": "logits", "reason": "...",
//               "loss": "kl", "unit": "nats/item"},
//    "data": {"report": {"path": "text.npz", "kind": "npz", "items": 64, "unit": "document",
//                        "sha256": "...",
//                        "classes": ["cat", "dog"]}, ...},              names by label, when known
//    "rows": [{"format": "posit<8,1>", "what": "wa", "scale": "rms_pow2", "granularity": "channel",
//              "bits_per_weight": 8.03,
//              "metrics": {"kl": {"value": 0.01, "low": 0.009, "high": 0.011,
//                                 "delta": {"value": ..., "low": ..., "high": ...},  when paired
//                                 "noise": false,
//                                 "better": "lower", "unit": "nats/item", "rank": 0,
//                                 "version": "2"}, ...},                a custom metric's
//              "seconds": 1.5,
//              "rounding": "compensated",                                     when not to nearest
//              "nonfinite": 3}, ...]}                                         when not 0
// Reading ignores fields it does not know and reports what is missing or of the wrong type.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::records {

// An estimate: a measured value and its 95 % interval, low <= value <= high where they are numbers.
struct Estimate {
  double value = 0, low = 0, high = 0;
  bool operator==(const Estimate&) const = default;
};

struct MetricResult {
  Estimate value;
  std::optional<Estimate> delta;  // minus FP32's, paired on the same items
  bool noise = false;             // better than FP32: the data cannot tell, it is no gain
  bool lower_is_better = false;
  std::string unit{};  // unit of the value: "nats/token"; empty for fractions of one
  // Rank by importance for a decision, the most important first: 0 the loss that search minimises
  // (FP32's own is 0), 1 how well the task is done, 2 agreement with FP32, 3 and more details.
  std::uint64_t rank = 3;
  std::string version{};  // a custom metric's version; else empty, and not written
  bool operator==(const MetricResult&) const = default;
};

// The name of the most important metric beside the loss, the first by name of several; the loss
// where there is no other, and empty where there is none.
std::string primary_metric(const std::map<std::string, MetricResult>& metrics);
// The name of the loss; empty where it is not among them.
std::string loss_metric(const std::map<std::string, MetricResult>& metrics);

struct ComparisonRow {
  std::string format;          // formats::name
  std::string what;            // "w": weights, "wa": weights and activations
  std::string scale;           // name of the scale rule
  std::string granularity;     // values that share one scale: "tensor", "channel"
  double bits_per_weight = 0;  // with scales, format tags and layers left in FP32
  std::map<std::string, MetricResult> metrics;
  double seconds = 0;
  std::string rounding{};  // "": to nearest, and not written
  // Units of the report split whose scored output has a NaN, or an infinity where FP32's is finite.
  std::uint64_t nonfinite = 0;
  bool operator==(const ComparisonRow&) const = default;
};

struct ModelRecord {
  std::string path, sha256;
  bool operator==(const ModelRecord&) const = default;
};

struct SplitRecord {
  std::string path, kind;
  std::uint64_t items = 0;
  std::string unit;  // unit of the bootstrap: "document", "image"
  std::string sha256;
  std::vector<std::string> classes{};  // names by label; empty, and not written: not known
  bool operator==(const SplitRecord&) const = default;
};

// The scored output, and how it was scored.
struct ScoredRecord {
  std::string output;  // its name in the model
  std::string task;    // "classify" ...
  std::string scores;  // "logits", "probabilities", "sigmoid"; empty: the task has no classes
  std::string reason;  // why they are taken for that; empty with `scores`
  // Loss that sensitivity and search minimise: "kl", "rel_sq_error", "disagreement".
  std::string loss;
  std::string unit;  // unit of the loss; empty where it has none
  bool operator==(const ScoredRecord&) const = default;
};

struct Comparison {
  ModelRecord model;
  ScoredRecord scored{};
  std::map<std::string, SplitRecord> data;  // key: "calibrate", "report"
  std::vector<ComparisonRow> rows;
  bool operator==(const Comparison&) const = default;
};

// The JSON document as text that ends in a newline. Bytes that are not UTF-8 (a path may hold them)
// become U+FFFD.
std::string json_text(const Comparison& comparison);

// CSV (RFC 4180, but lines end in \n) in long form, one line for each row and metric:
//   format,what,scale,granularity,bits_per_weight,seconds,metric,value,low,high,
//   delta,delta_low,delta_high,noise,nonfinite
// so that pandas selects by metric and files of several runs concatenate whatever they measured. A
// cell without a value is empty; a row without metrics is one line with an empty metric.
std::string csv_text(const Comparison& comparison);

}  // namespace posittune::records
