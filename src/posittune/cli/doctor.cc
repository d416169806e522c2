// posittune doctor: what this machine can run and what will be used.

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>

#include "posittune/cli/cli.h"
#include "posittune/cli/common_options.h"
#include "posittune/engine/path_speed.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/report/machine_text.h"
#include "posittune/session/machine.h"

namespace posittune::cli {
namespace {

Status doctor(bool json, Streams streams) {
  const auto machine = session::machine();
  if (!machine) return machine.error();
  streams.out << (json ? records::json_text(*machine) : report::machine_text(*machine));
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto json = std::make_shared<bool>(false);
  declare_json(app, *json);
  app.footer(std::string("The environment variable ") + kernels::kTargetVariable +
             "=scalar|avx2|avx512 forces the kernels, " + engine::kPathVariable +
             "=fp32|bf16|int8 the products.");
  return [json, streams] { return doctor(*json, streams); };
}

}  // namespace

extern const Command kDoctor = {"doctor", "what this machine can run and which kernels are used",
                                declare};

}  // namespace posittune::cli
