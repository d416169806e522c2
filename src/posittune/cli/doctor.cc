// posittune doctor: what this machine can run and what will be used.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "posittune/base/threads.h"
#include "posittune/base/version.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/json_output.h"
#include "posittune/engine/path_speed.h"
#include "posittune/engine/settings.h"
#include "posittune/kernels/dispatch.h"

namespace posittune::cli {
namespace {

// How quantized layers multiply.
constexpr std::array<engine::Path, 3> kPaths = {engine::Path::kInt8, engine::Path::kBf16,
                                                engine::Path::kFp32};

std::string use_of(engine::Path path, bool first) {
  if (!engine::path_works(path)) return "not on this processor";
  return first ? "used where it is exact" : "used where the ones before it are not exact";
}

// The paths in the order they are tried, then those that are passed over.
std::vector<engine::Path> paths_to_show(const std::vector<engine::Path>& order) {
  std::vector<engine::Path> all = order;
  for (const engine::Path path : kPaths) {
    if (std::find(all.begin(), all.end(), path) == all.end()) all.push_back(path);
  }
  return all;
}

void print_products(bool forced, Streams streams) {
  const std::vector<engine::Path> order = engine::path_order();
  // Forced paths need no times.
  const engine::PathTimes times = forced ? engine::PathTimes{} : engine::path_times();
  fmt::print(
      streams.out, "products{}\n",
      forced ? fmt::format(" (forced by {})", engine::kPathVariable) : ", the fastest first");
  for (const engine::Path path : paths_to_show(order)) {
    const auto at = std::find(order.begin(), order.end(), path);
    const bool held_back = at == order.end() && engine::path_works(path);
    const std::string rate = times.of(path) > 0 ? fmt::format(" ({:.0f} GFLOP/s on one thread)",
                                                              engine::kTimedGflop / times.of(path))
                                                : "";
    // After fp32, which is exact for all, nothing is used.
    const bool after_fp32 = std::find(order.begin(), at, engine::Path::kFp32) != at;
    fmt::print(streams.out, "  {:<8} {}{}\n", engine::name(path),
               held_back    ? fmt::format("held back by {}", engine::kPathVariable)
               : after_fp32 ? std::string(engine::path_works(path) ? "not used: slower than fp32"
                                                                   : use_of(path, false))
                            : use_of(path, at == order.begin()),
               rate);
  }
}

nlohmann::ordered_json products_json(bool forced) {
  const std::vector<engine::Path> order = engine::path_order();
  const engine::PathTimes times = forced ? engine::PathTimes{} : engine::path_times();
  const auto fp32 = std::find(order.begin(), order.end(), engine::Path::kFp32);
  nlohmann::ordered_json products;
  for (const engine::Path path : paths_to_show(order)) {
    const bool used = path == engine::Path::kFp32 || std::find(order.begin(), fp32, path) != fp32;
    products.push_back(
        {{"name", engine::name(path)}, {"works", engine::path_works(path)}, {"used", used}});
    if (times.of(path) > 0) products.back()["gflops"] = engine::kTimedGflop / times.of(path);
  }
  return products;
}

Status doctor(bool json, Streams streams) {
  if (const auto first = engine::most_preferred_path(); !first) return first.error();
  const bool products_forced = engine::path_is_forced();
  const auto chosen = kernels::choose_target();
  if (!chosen) return chosen.error();
  const char* forced = std::getenv(kernels::kTargetVariable);
  const bool is_forced = forced != nullptr && *forced != '\0';
  if (json) {
    nlohmann::ordered_json document = {{"version", kVersion},
                                       {"threads", hardware_threads()},
                                       {"kernels", (*chosen)->name},
                                       {"forced", is_forced}};
    for (const kernels::TargetEntry& target : kernels::targets()) {
      document["targets"].push_back({{"name", target.name}, {"supported", target.supported()}});
    }
    document["products_forced"] = products_forced;
    document["products"] = products_json(products_forced);
    print_json(document, streams.out);
    return success();
  }
  fmt::print(streams.out, "posittune {}\nthreads  {}\nkernels  {}{}\n", kVersion,
             hardware_threads(), (*chosen)->name,
             is_forced ? fmt::format(" (forced by {})", kernels::kTargetVariable) : "");
  for (const kernels::TargetEntry& target : kernels::targets()) {
    fmt::print(streams.out, "  {:<8} {}\n", target.name,
               target.supported() ? "supported" : "not on this processor");
  }
  print_products(products_forced, streams);
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "print the results as one JSON document on stdout");
  app.footer(std::string("The environment variable ") + kernels::kTargetVariable +
             "=scalar|avx2|avx512 forces the kernels, " + engine::kPathVariable +
             "=fp32|bf16|int8 the products.");
  return [json, streams] { return doctor(*json, streams); };
}

}  // namespace

const Command kDoctor = {"doctor", "what this machine can run and which kernels are used", declare};

}  // namespace posittune::cli
