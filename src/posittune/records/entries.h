#pragma once

// Entries: what a journal keeps of finished work, as JSON: an object of the fields of a record.

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/comparison.h"
#include "posittune/records/details.h"
#include "posittune/records/search.h"

namespace posittune::records {

// The divergence of a changed model from FP32, by unit of resampling.
struct ProbeEntry {
  std::vector<double> sums, counts;
  std::string stopped;  // why it ended early; empty: it saw all data
  double seconds = 0;
  bool operator==(const ProbeEntry&) const = default;
};

// The error of rounded weights or inputs at one site.
struct SiteErrorEntry {
  double error = 0;
  double signal = 0;
  double seconds = 0;
  bool operator==(const SiteErrorEntry&) const = default;
};

struct CalibrationEntry {
  double seconds = 0;
  bool operator==(const CalibrationEntry&) const = default;
};

// FP32's run of the search data.
struct Fp32Entry {
  double seconds = 0;
  std::vector<std::uint64_t> cut_bytes;  // activations kept before each segment but the first
  bool operator==(const Fp32Entry&) const = default;
};

// The recipes that a search has read its report split for, by SHA-256.
struct ReportEntry {
  std::vector<std::string> recipes;
  bool operator==(const ReportEntry&) const = default;
};

// The loss of each item of a split under one recipe (metrics/divergence.h).
struct ItemsEntry {
  std::vector<double> sums, counts;
  bool operator==(const ItemsEntry&) const = default;
};

// An entry is one of the six above, a CloseLook, a ComparisonRow or a SearchRow. NaN and
// infinities are kept; bytes that are not UTF-8 become U+FFFD.
template <class Entry>
std::string entry_text(const Entry& entry);

// kInput for a text that entry_text() did not write; the place is a JSON pointer.
template <class Entry>
Result<Entry> entry_from(const std::string& text);

}  // namespace posittune::records
