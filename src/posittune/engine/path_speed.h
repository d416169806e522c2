#pragma once

// How fast this machine multiplies on each path. Instructions alone do not tell: some processors
// have bf16 at half the rate of their fp32, others at twice.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "posittune/engine/settings.h"

namespace posittune::engine {

// Seconds of one product of one shape, on one thread; 0: the path does not work here.
struct PathTimes {
  double int8 = 0, bf16 = 0, fp32 = 0;

  double of(Path path) const;
};

// Billions of operations in the product that is timed, 128 x 512 x 768.
inline constexpr double kTimedGflop = 2e-9 * 128 * 512 * 768;

// The best of a few runs of each, in turns: about 10 ms in all.
PathTimes measure_path_times();

// $XDG_CACHE_HOME/posittune/paths.json, or ~/.cache/posittune/paths.json; empty where neither
// variable is set.
std::string path_times_file();

// What `file` holds for this processor and oneDNN; else what `measure` says, which is written
// there. A file that cannot be read or written is no error: it is as if there were none.
PathTimes kept_path_times(const std::string& file, const std::function<PathTimes()>& measure);

// Those of this machine: read or measured once in a process.
const PathTimes& path_times();

// The paths that work, the fastest first. A wider path comes before a narrower one only if it is a
// tenth faster, so that noise does not change results from run to run. It does not depend on the
// number of threads: results do not.
std::vector<Path> order_by_speed(const PathTimes& times);

// Whether POSITTUNE_PATH takes the choice by speed away (settings.h).
bool path_is_forced();

// Paths in the order they are tried: those that the variable leaves, or the fastest first. A
// variable with an unknown value counts as unset here.
std::vector<Path> path_order();

// Which path products take that are exact in int8, and in bf16: "int8 formats: int8, bf16 formats:
// fp32". Sums may differ in their last bits between paths: it is part of what results depend on.
std::string product_paths();

// As choose_path of settings.h: the first of `order` that is exact.
Path choose_path(const std::optional<formats::Format>& weight,
                 const std::optional<formats::Format>& activation, bool scale_per_group,
                 quant::Accumulate accumulate, std::span<const Path> order);

}  // namespace posittune::engine
