#pragma once

// The row of a result that a reader is pointed at first, by a rule that can be said in a sentence.

#include <cstddef>
#include <optional>
#include <string>

#include "posittune/records/comparison.h"
#include "posittune/records/search.h"

namespace posittune::records {

// A row is said to keep the model's quality when it loses at most this part of FP32's primary
// metric.
inline constexpr double kKeptLoss = 0.01;

// FP32's value: the value without its paired difference; NaN where there is none.
double fp32_value(const MetricResult& metric);
// The part of FP32's value that is lost, negative where it is better; NaN where it is not known.
double lost_part(const MetricResult& metric);

// Whether a row is a mix that the search chose: not a uniform format, not a rule of thumb.
bool is_mix(const SearchRow& row);
bool is_uniform(const SearchRow& row);

// The best mix: of those that lose at most kKeptLoss of the primary metric the one of fewest bits;
// where none does, or no metric beside the loss was measured, the one of least loss. None: no mix,
// or only mixes with outputs that are not finite.
std::optional<std::size_t> best_row(const SearchResult& result);
// The same among the rows of a comparison that quantize `what` ("w", "wa") and are not FP32.
std::optional<std::size_t> best_row(const Comparison& comparison, const std::string& what);

}  // namespace posittune::records
