// posittune quantize: rounds or encodes an npy array, chunk by chunk.

#include "posittune/session/quantize.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/command_tree.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/quant/scale_rules.h"
#include "posittune/report/rounding_text.h"

namespace posittune::cli {
namespace {

struct Options {
  std::string input, output, format, rule;
  double scale = 1;
  bool has_scale = false;
  std::optional<int> axis;
  bool codes = false, json = false;
  int threads = 0;
};

Status quantize(const Options& options, Streams streams) {
  const auto start = std::chrono::steady_clock::now();
  if (const auto target = kernels::choose_target(); !target) return target.error();
  auto format = formats::parse_format(options.format);
  if (!format) return of_field(format.error(), "format");
  auto rule = quant::parse_scale_rule(options.rule);
  if (!rule) return of_field(rule.error(), "rule");
  const auto scale = static_cast<float>(options.scale);
  if (!(scale > 0) || !std::isfinite(scale) || !std::isfinite(1 / scale)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "scale is not usable",
                 .where = "`scale`",
                 .expected = "a positive number that float32 holds, as does its reciprocal",
                 .found = fmt::format("{}", options.scale)};
  }
  auto array = data::NpyReader::open(options.input);
  if (!array) return array.error();
  auto layout = session::make_layout(array->shape(), options.axis, *format);
  if (!layout) return layout.error();
  Terminal terminal(streams);
  session::QuantizeJob job{.format = *format,
                           .rule = *rule,
                           .given_scale = options.has_scale ? std::optional(scale) : std::nullopt,
                           .output = options.output,
                           .codes = options.codes,
                           .threads = options.threads,
                           .array = std::move(*array),
                           .layout = *layout,
                           .observer = terminal};
  if (Status s = choose_scales(job); !s) return s;
  if (Status s = write_array(job); !s) return s;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  records::Rounding rounding = record_of(job);
  rounding.seconds = elapsed.count();
  streams.out << (options.json ? records::json_text(rounding) : report::rounding_text(rounding));
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  const CLI::Validator not_empty(
      [](const std::string& path) { return path.empty() ? "is empty" : ""; }, "", "not_empty");
  app.add_option("IN", options->input,
                 "array of numbers (.npy); other types than float32 are rounded to it")
      ->type_name("FILE")
      ->required()
      ->check(not_empty);
  offer(app.add_option("-f,--format", options->format, "number format, see `posittune formats`")
            ->required(),
        format_words());
  app.add_option("-o,--output", options->output, "result (.npy)")
      ->type_name("FILE")
      ->required()
      ->check(not_empty);
  CLI::Option* scale =
      app.add_option(
             "--scale", options->scale,
             "multiply by S before rounding and divide by it after: q(x) = Q(x * S) * (1 / S)")
          ->option_text("S");
  app.add_option("--rule", options->rule, "how the scale is chosen. " + quant::scale_rules_help())
      ->default_val("none")
      ->excludes(scale);
  app.add_option_function<int>(
         "--axis", [options](int axis) { options->axis = axis; },
         "one scale for each index of this axis (0: output channels); default: one for the array")
      ->option_text("K");
  app.add_flag(
      "--codes", options->codes,
      "write codes (uint8, uint16 or uint32) instead of float32, and beside them NAME.scales.npy "
      "(unless all scales are 1) and, for MX formats, NAME.exponents.npy");
  declare_json(app, options->json);
  declare_threads(app, options->threads);
  return [options, scale, streams] {
    options->has_scale = scale->count() > 0;
    return quantize(*options, streams);
  };
}

}  // namespace

extern const Command kQuantize = {"quantize",
                                  "round an array file (.npy) to a format, or encode it", declare};

}  // namespace posittune::cli
