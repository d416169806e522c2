// posittune doctor: what this machine can run and what will be used.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "posittune/base/threads.h"
#include "posittune/base/version.h"
#include "posittune/cli/cli.h"
#include "posittune/engine/settings.h"
#include "posittune/kernels/dispatch.h"

namespace posittune::cli {
namespace {

// How quantized layers multiply, best first.
constexpr std::array<engine::Path, 3> kPaths = {engine::Path::kInt8, engine::Path::kBf16, engine::Path::kFp32};

Status doctor(bool json, Streams streams) {
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
    for (const engine::Path path : kPaths) {
      document["products"].push_back({{"name", engine::name(path)}, {"used", engine::path_works(path)}});
    }
    fmt::print(streams.out, "{}\n", document.dump(2));
    return success();
  }
  fmt::print(streams.out, "posittune {}\nthreads  {}\nkernels  {}{}\n", kVersion,
             hardware_threads(), (*chosen)->name,
             is_forced ? fmt::format(" (forced by {})", kernels::kTargetVariable) : "");
  for (const kernels::TargetEntry& target : kernels::targets()) {
    fmt::print(streams.out, "  {:<8} {}\n", target.name,
               target.supported() ? "supported" : "not on this processor");
  }
  fmt::print(streams.out, "products\n");
  for (const engine::Path path : kPaths) {
    fmt::print(streams.out, "  {:<8} {}\n", engine::name(path),
               engine::path_works(path) ? "used where it is exact" : "not on this processor: fp32 instead");
  }
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "one JSON document on stdout");
  app.footer(std::string("The environment variable ") + kernels::kTargetVariable +
             "=scalar|avx2|avx512 forces the kernels.");
  return [json, streams] { return doctor(*json, streams); };
}

}  // namespace

const Command kDoctor = {"doctor", "what this machine can run and which kernels are used", declare};

}  // namespace posittune::cli
