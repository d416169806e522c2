#include "posittune/session/machine.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "posittune/base/threads.h"
#include "posittune/base/version.h"
#include "posittune/engine/path_speed.h"
#include "posittune/engine/settings.h"
#include "posittune/kernels/dispatch.h"

namespace posittune::session {
namespace {

using engine::Path;

constexpr std::array<Path, 3> kPaths = {Path::kInt8, Path::kBf16, Path::kFp32};

// The paths in the order they are tried, then those that are passed over.
std::vector<records::MachinePath> products(bool forced) {
  const std::vector<Path> order = engine::path_order();
  // Forced paths need no times.
  const engine::PathTimes times = forced ? engine::PathTimes{} : engine::path_times();
  std::vector<Path> all = order;
  for (const Path path : kPaths) {
    if (std::find(all.begin(), all.end(), path) == all.end()) all.push_back(path);
  }
  const auto fp32 = std::find(order.begin(), order.end(), Path::kFp32);
  std::vector<records::MachinePath> rows;
  for (const Path path : all) {
    const bool used = path == Path::kFp32 || std::find(order.begin(), fp32, path) != fp32;
    rows.push_back({.name = std::string(engine::name(path)),
                    .works = engine::path_works(path),
                    .used = used,
                    .tried = std::find(order.begin(), order.end(), path) != order.end(),
                    .gflops = times.of(path) > 0 ? engine::kTimedGflop / times.of(path) : 0});
  }
  return rows;
}

}  // namespace

Result<records::Machine> machine() {
  if (const auto first = engine::most_preferred_path(); !first) return first.error();
  const auto chosen = kernels::choose_target();
  if (!chosen) return chosen.error();
  const char* forced = std::getenv(kernels::kTargetVariable);
  records::Machine found{.version = kVersion,
                         .threads = hardware_threads(),
                         .kernels = (*chosen)->name,
                         .forced = forced != nullptr && *forced != '\0',
                         .targets = {},
                         .products_forced = engine::path_is_forced(),
                         .products = products(engine::path_is_forced()),
                         .kernel_variable = kernels::kTargetVariable,
                         .product_variable = engine::kPathVariable};
  for (const kernels::TargetEntry& target : kernels::targets())
    found.targets.push_back({target.name, target.supported()});
  return found;
}

}  // namespace posittune::session
