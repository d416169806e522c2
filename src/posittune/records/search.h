#pragma once

// Search results, the best mixes: the result of `posittune search`.
//
// As JSON: {"model": {...}, "scored": {...}, "data": {...} as in comparison.h, "costs": [...] as in
// sensitivity.h, "refinement": [...], "rows": [...]}; each entry has the fields of its struct by
// name.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/comparison.h"
#include "posittune/records/sensitivity.h"

namespace posittune::records {

struct SearchRow {
  std::string recipe;          // file below the run folder's recipes/
  std::string method;          // "search", "front", "uniform posit<8,1>", "random", "hawq" ...
  std::string budget;          // limits: "bits 4.5, energy 0.5x"; empty for uniform formats
  double bits_per_weight = 0;  // with scales, tags, layers in FP32
  double bytes = 0;            // stored bytes of all weights
  double activation_bits = 0;  // bits of the inputs of quantized layers, mean over elements
  double mac_bits = 0;         // bits of the weight x bits of the input, mean over MACs
  double energy = 0;           // pJ of one inference: products and traffic
  double area = 0;             // um2 of a MAC unit, mean over MACs
  double predicted_loss = 0;   // sum of scores; NaN when some have none
  Estimate search_loss;        // on the search split, of what `scored` names
  std::map<std::string, MetricResult> metrics;  // on the report split; empty: it was not read
  // Optimality gap, (objective - bound) / objective of the sum of scores: 0 when proven optimal;
  // NaN for rules of thumb.
  double optimality_gap = 0;
  double seconds = 0;  // time of the measurements of this row
  // Units of the report split (of the search split where that was not read) whose scored output has
  // a NaN, or an infinity where FP32's is finite.
  std::uint64_t nonfinite = 0;
  bool operator==(const SearchRow&) const = default;
};

// A trial of the refinement: a change to the result of a search whose loss was measured; or an
// alternative that was measured beside it: a baseline within the same budget ("bits 5: uniform
// int5"), or the other kind of activation scales where the predicted loss was far from the measured
// one.
struct RefinementRecord {
  std::string change;    // "h.0.mlp.c_fc.weight: posit<4,1> -> int5; ..."
  double predicted = 0;  // difference of the loss by the scores
  // Paired difference on the search split, when the test ended, with its interval.
  double measured = 0, low = 0, high = 0;
  // The outcome. For a trial "better" (it was taken) or "not better"; for an alternative "taken" or
  // "not taken".
  std::string verdict;
  bool operator==(const RefinementRecord&) const = default;
};

struct SearchResult {
  ModelRecord model;
  ScoredRecord scored{};
  std::map<std::string, SplitRecord> data;  // "calibrate", "search", "report"
  std::vector<TierCost> costs;              // cost of the scores
  std::vector<RefinementRecord> refinement;
  std::vector<SearchRow> rows;
  bool operator==(const SearchResult&) const = default;
};

std::string json_text(const SearchResult& result);  // the JSON document; ends in a newline

// CSV in long form as in comparison.h: one line for each row and metric of the report split.
std::string csv_text(const std::vector<SearchRow>& rows);

}  // namespace posittune::records
