// posittune rtl: a MAC unit for a format as a folder to synthesise.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/command_tree.h"
#include "posittune/hardware/package.h"
#include "posittune/session/rtl_folder.h"

namespace posittune::cli {
namespace {

struct Options {
  std::string format, activation, output, liberty;
  int pipeline = 0;
  std::size_t vectors = 2000;
  std::uint64_t seed = 1;
};

Status write_unit(const Options& options, Streams streams) {
  auto weight = formats::parse_format(options.format);
  if (!weight) return of_field(weight.error(), "format");
  auto activation =
      formats::parse_format(options.activation.empty() ? options.format : options.activation);
  if (!activation) return of_field(activation.error(), "activation");
  auto unit = hardware::unit_for(*weight, *activation, options.pipeline);
  if (!unit) return unit.error();
  const auto folder = session::rtl_folder();
  if (!folder) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "the sources of the units are not here",
                 .expected = "rtl/src in this folder or above the executable",
                 .hint = "set POSITTUNE_RTL to the project's rtl folder"};
  }
  const hardware::Vectors vectors = hardware::make_vectors(*unit, options.vectors, options.seed);
  const Status written =
      hardware::write_package(*unit, vectors, *folder, options.liberty, options.output);
  if (!written) return written.error();
  fmt::print(streams.out, "{}: {} with {} test sums\n", options.output, unit->module,
             vectors.sums.size());
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  offer(app.add_option("-f,--format", options->format,
                       "format of both operands, or of the weight alone with --activation: "
                       "posit<8,1>, int8, bf16 ...")
            ->required(),
        format_words());
  offer(app.add_option("--activation", options->activation,
                       "format of the second operand (default: the same)"),
        format_words());
  app.add_option("--pipeline", options->pipeline, "register stages before the accumulator, 0 to 3")
      ->default_val(0);
  app.add_option("--vectors", options->vectors, "number of operand pairs in the test bench")
      ->check(CLI::Range(1, 1'000'000))
      ->default_val(2000);
  app.add_option("--seed", options->seed, "seed of the test bench's random operands")
      ->default_val(1);
  app.add_option("--liberty", options->liberty,
                 "cell library (liberty file) that the synthesis script uses")
      ->type_name("FILE")
      ->envname("POSITTUNE_LIBERTY")
      ->default_val(hardware::kLiberty);
  app.add_option("-o,--output", options->output, "folder to make; it must not exist")
      ->type_name("FOLDER")
      ->required();
  app.footer(
      "The folder has the sources, a file list, a Yosys script, a self-checking test bench and its "
      "vectors.");
  return [options, streams] { return write_unit(*options, streams); };
}

}  // namespace

extern const Command kRtl = {"rtl", "a MAC unit for a format, as a folder to synthesise and test",
                             declare};

}  // namespace posittune::cli
