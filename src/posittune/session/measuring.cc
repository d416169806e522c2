#include "posittune/session/measuring.h"

#include <limits>

#include "posittune/evaluation/batches.h"
#include "posittune/session/checked.h"

namespace posittune::session {
namespace {

using Kind = MeasuringEntry::Kind;

constexpr std::size_t kMostSeed = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMostBytes = std::numeric_limits<std::size_t>::max();

constexpr MeasuringEntry kEntries[] = {
    {"reference", Kind::kFormat, &Measuring::reference, 0, 0, kSensitivityJob | kSearchJob,
     "format that gains are measured with: how much an error of a layer changes the output is "
     "found by rounding the layer to it"},
    {"segments", Kind::kCount, &Measuring::segments, 1, 1000, kSensitivityJob | kSearchJob,
     "cut the model into at most this many parts, so that a change runs only the parts after it"},
    {"cache_limit", Kind::kBytes, &Measuring::cache_limit, 0, kMostBytes,
     kSensitivityJob | kSearchJob,
     "memory for the tensors kept between parts, for example 512MiB; the rest goes to disk"},
    {"batch", Kind::kItems, &Measuring::batch, 0, 1 << 20,
     kCompareJob | kSensitivityJob | kSearchJob,
     "items that go through the model at once (0: chosen by the size of the outputs; alone: one by "
     "one, for a model whose items influence each other in a batch)"},
    {"resamples", Kind::kCount, &Measuring::resamples, 10, 1000000, kCompareJob | kSearchJob,
     "resamples of the bootstrap that gives the 95 % intervals"},
    {"seed", Kind::kCount, &Measuring::seed, 0, kMostSeed,
     kCompareJob | kSensitivityJob | kSearchJob, "seed of all random choices"},
};

}  // namespace

std::span<const MeasuringEntry> measuring_entries() { return kEntries; }

Status check_measuring(const Measuring& measuring, Job job) {
  for (const MeasuringEntry& entry : kEntries) {
    if ((entry.jobs & job) == 0 || entry.kind == Kind::kFormat) continue;
    const std::size_t value = measuring.*std::get<std::size_t Measuring::*>(entry.field);
    if (entry.kind == Kind::kItems && value == evaluation::kAlone) continue;
    const Status in_range = check_range(entry.name, value, entry.least, entry.most);
    if (in_range) continue;
    Error error = in_range.error();
    if (entry.kind == Kind::kItems) error.expected += ", or alone";
    return error;
  }
  return success();
}

}  // namespace posittune::session
