// posittune quantize: rounds or encodes an npy array, chunk by chunk.

#include "posittune/session/quantize.h"

#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/json_output.h"
#include "posittune/cli/terminal.h"
#include "posittune/kernels/dispatch.h"

namespace posittune::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string input, output, format, rule;
  double scale = 1;
  bool has_scale = false;
  std::optional<int> axis;
  bool codes = false, json = false;
  int threads = 0;
};

std::string scale_text(const session::QuantizeJob& job) {
  const auto [low, high] = std::minmax_element(job.scales.begin(), job.scales.end());
  const std::string rule = job.given_scale ? "given" : std::string(quant::name(job.rule));
  if (job.scales.size() == 1) return fmt::format("{} ({})", job.scales.front(), rule);
  return fmt::format("{} scales, {:g} to {:g} ({})", job.scales.size(), *low, *high, rule);
}

void print_report(const session::QuantizeJob& job, bool json, double seconds, std::ostream& out) {
  const kernels::Difference& d = job.difference;
  const auto share = [&d](std::uint64_t n) {
    return d.count == 0 ? 0.0 : 100.0 * static_cast<double>(n) / static_cast<double>(d.count);
  };
  if (json) {
    Json row = {{"format", formats::name(job.format)},
                {"rule", job.given_scale ? "given" : std::string(quant::name(job.rule))},
                {"elements", d.count},
                {"sqnr_db", std::isfinite(d.sqnr_db()) ? Json(d.sqnr_db()) : Json(nullptr)},
                {"exact", d.noise == 0},
                {"max_error", d.max_error},
                {"saturated", d.saturated},
                {"overflowed", d.overflowed},
                {"to_zero", d.to_zero},
                {"nonfinite", d.nonfinite},
                {"scales", job.scales},
                {"output", job.output},
                {"seconds", seconds}};
    print_json(Json{{"rows", Json::array({row})}}, out);
    return;
  }

  fmt::print(out, "format     {}{}\n", formats::name(job.format),
             formats::traits(job.format).standard ? "" : "  (NON-STANDARD)");
  fmt::print(out, "scale      {}\nelements   {}\n", scale_text(job), d.count);
  fmt::print(out, "SQNR       {}\n",
             d.signal == 0 && d.noise == 0 ? "-"
             : d.noise == 0                ? "exact"
                                           : fmt::format("{:.2f} dB", d.sqnr_db()));
  fmt::print(out, "max error  {:g}\n", d.max_error);
  fmt::print(out, "saturated  {} ({:.3g} %)\n", d.saturated, share(d.saturated));
  if (d.overflowed > 0) {
    fmt::print(out, "overflowed {} ({:.3g} %)  <- finite values became infinite\n", d.overflowed,
               share(d.overflowed));
  }
  fmt::print(out, "to zero    {} ({:.3g} %)\n", d.to_zero, share(d.to_zero));
  fmt::print(out, "nonfinite  {} ({:.3g} %){}\n", d.nonfinite, share(d.nonfinite),
             d.nonfinite == 0 ? ""
             : job.format.family == formats::Family::kPosit
                 ? "  <- NaN or infinities in the input: NaR"
                 : "  <- NaN or infinities in the input");
  fmt::print(out, "written    {} ({}) in {:.2f} s\n", job.output, job.codes ? "codes" : "float32",
             seconds);
}

Status quantize(const Options& options, Streams streams) {
  const auto start = std::chrono::steady_clock::now();
  if (const auto target = kernels::choose_target(); !target) return target.error();
  auto format = formats::parse_format(options.format);
  if (!format) return format.error();
  auto rule = quant::parse_scale_rule(options.rule);
  if (!rule) return rule.error();
  const auto scale = static_cast<float>(options.scale);
  if (!(scale > 0) || !std::isfinite(scale) || !std::isfinite(1 / scale)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "scale is not usable",
                 .where = "--scale",
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
  print_report(job, options.json, elapsed.count(), streams.out);
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  const CLI::Validator not_empty(
      [](const std::string& path) { return path.empty() ? "is empty" : ""; }, "", "not_empty");
  app.add_option("IN", options->input,
                 "array of numbers (.npy); other types than float32 are rounded to it")
      ->required()
      ->check(not_empty);
  app.add_option("-f,--format", options->format, "number format, see `posittune formats`")
      ->required();
  app.add_option("-o,--output", options->output, "result (.npy)")->required()->check(not_empty);
  CLI::Option* scale = app.add_option("--scale", options->scale,
                                      "q(x) = Q(x * S) * (1 / S), one S for the whole array")
                           ->option_text("S");
  app.add_option("--rule", options->rule,
                 fmt::format("choose the scale: {}", fmt::join(quant::scale_rule_names(), ", ")))
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
  app.add_flag("--json", options->json, "print the results as one JSON document on stdout");
  app.add_option("--threads", options->threads, "processor threads to use (0: all)")
      ->check(CLI::Range(0, 1024));
  return [options, scale, streams] {
    options->has_scale = scale->count() > 0;
    return quantize(*options, streams);
  };
}

}  // namespace

const Command kQuantize = {"quantize", "round an array file (.npy) to a format, or encode it",
                           declare};

}  // namespace posittune::cli
