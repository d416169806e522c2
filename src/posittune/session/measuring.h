#pragma once

// Measuring: the options that say how a job measures (batches, resamples, seed ...), shared by
// compare, sensitivity and search.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "posittune/base/result.h"

namespace posittune::session {

struct Measuring {
  std::string reference = "posit<5,1>";  // format whose rounding gains are measured with
  std::size_t segments = 32;             // parts of the model; a change runs only those from it on
  std::size_t cache_limit = 1UL << 30;   // bytes of tensors kept between parts; the rest on disk
  std::size_t batch = 0;                 // items to a run; 0: chosen; evaluation::kAlone
  std::size_t resamples = 1000;          // bootstrap resamples for intervals
  std::uint64_t seed = 1;                // seed for all random choices
};

// Jobs that have a field, as bits.
enum Job : std::uint8_t { kCompareJob = 1, kSensitivityJob = 2, kSearchJob = 4 };

// MeasuringEntry: a field of Measuring as users see it. `name` is the argument in Python; the flag
// of the command line has - for _. A new field is a member, an entry, and its use in the jobs.
struct MeasuringEntry {
  enum class Kind : std::uint8_t { kFormat, kCount, kBytes, kItems };  // kItems: or "alone"
  const char* name;
  Kind kind;
  std::variant<std::string Measuring::*, std::size_t Measuring::*> field;
  std::size_t least, most;  // range of a kCount
  unsigned jobs;
  const char* help;
};
// In the order in which help shows them.
std::span<const MeasuringEntry> measuring_entries();

// kUsage for a count of this job that is out of its range. The reference is read by the job.
Status check_measuring(const Measuring& measuring, Job job);

}  // namespace posittune::session
