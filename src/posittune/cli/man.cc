// posittune man: the manual page, from the same texts as --help.

#include <CLI/CLI.hpp>
#include <ostream>

#include "posittune/base/version.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/manual_page.h"
#include "posittune/engine/settings.h"
#include "posittune/kernels/dispatch.h"

namespace posittune::cli {
namespace {

std::vector<Variable> environment() {
  return {{kernels::kTargetVariable,
           "scalar, avx2 or avx512: the instructions that kernels for arrays use. By default the "
           "best of this processor."},
          {engine::kPathVariable,
           "fp32, bf16 or int8: how products are computed. By default the fastest that is exact."},
          {"POSITTUNE_ZOO", "The folder of the models that zoo:NAME stands for."},
          {"POSITTUNE_RTL", "The folder of the hardware units."}};
}

Action declare(CLI::App& app, Streams streams) {
  app.footer("To read it without an installation: posittune man | man -l -");
  return [&app, streams] {
    streams.out << manual_page(command_tree(*app.get_parent()), kVersion, environment());
    return success();
  };
}

}  // namespace

extern const Command kMan = {"man", "the manual page of all commands, for man", declare};

}  // namespace posittune::cli
