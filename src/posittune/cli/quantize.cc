// posittune quantize: rounds or encodes an npy array, chunk by chunk.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "posittune/cli/array_chunks.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/progress.h"
#include "posittune/data/npy.h"
#include "posittune/kernels/arrays.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/statistics.h"
#include "posittune/quant/scale_rules.h"

namespace posittune::cli {
namespace {

using formats::Format;
using Json = nlohmann::ordered_json;

// 16 MiB of floats: large enough that threads and disk are busy, small against any memory.
constexpr std::size_t kChunkElements = std::size_t{4} << 20;

struct Options {
  std::string input, output, format, rule;
  double scale = 1;
  bool has_scale = false;
  std::optional<int> axis;
  bool codes = false, json = false;
  int threads = 0;
};

struct Job {
  const Options& options;
  Format format;
  quant::ScaleRule rule;
  data::NpyReader array;
  Layout layout;
  std::vector<float> scales;  // one per channel
  kernels::Difference difference;
  Streams streams;

  kernels::Options threads() const { return {.threads = options.threads}; }
};

// Scales of the rows of a chunk, as the kernels want them.
std::vector<float> row_scales(const Job& job, const Chunk& chunk) {
  if (job.layout.channels == 1) return {job.scales.front()};
  std::vector<float> scales(chunk.shape.rows);
  for (std::size_t i = 0; i < scales.size(); ++i) {
    scales[i] = job.scales[job.layout.channel(chunk.row + i)];
  }
  return scales;
}

Result<std::vector<kernels::Statistics>> channel_statistics(Job& job, Progress& progress) {
  std::vector<kernels::Statistics> channels(job.layout.channels);
  Status s = for_each_chunk(job.array, job.layout, kChunkElements, [&](const Chunk& chunk) -> Status {
    auto rows = kernels::row_statistics(chunk.x, chunk.shape, job.threads());
    if (!rows) return rows.error();
    for (std::size_t i = 0; i < rows->size(); ++i) {
      channels[job.layout.channel(chunk.row + i)].merge((*rows)[i]);
    }
    progress.advance(chunk.shape.size());
    return success();
  });
  if (!s) return s.error();
  return channels;
}

// One pass over the array: the error of each channel's candidates, all lists of one length k.
Result<std::vector<double>> candidate_errors(Job& job, const std::vector<std::vector<float>>& lists,
                                             std::size_t k, Progress& progress) {
  std::vector<double> errors(lists.size() * k);
  Status s = for_each_chunk(job.array, job.layout, kChunkElements, [&](const Chunk& chunk) -> Status {
    std::vector<float> table;
    for (std::size_t i = 0; i < chunk.shape.rows; ++i) {
      const auto& list = lists[job.layout.channel(chunk.row + i)];
      table.insert(table.end(), list.begin(), list.end());
    }
    auto part = kernels::rounding_error(job.format, chunk.x, chunk.shape, {}, table, k, job.threads());
    if (!part) return part.error();
    for (std::size_t i = 0; i < part->size(); ++i) {
      errors[job.layout.channel(chunk.row + i / k) * k + i % k] += (*part)[i];
    }
    progress.advance(chunk.shape.size());
    return success();
  });
  if (!s) return s.error();
  return errors;
}

Status choose_scales(Job& job) {
  job.scales.assign(job.layout.channels, 1.0f);
  if (job.options.has_scale) {
    job.scales.assign(job.layout.channels, static_cast<float>(job.options.scale));
    return success();
  }
  if (job.rule == quant::ScaleRule::kNone) return success();
  const int rounds = quant::search_rounds(job.rule);
  Progress progress(job.streams, "choosing scales", job.array.size() * static_cast<std::size_t>(1 + rounds));
  auto statistics = channel_statistics(job, progress);
  if (!statistics) return statistics.error();
  std::vector<std::vector<float>> lists(job.layout.channels);
  for (int round = 0; round < std::max(1, rounds); ++round) {
    std::size_t k = 1;
    for (std::size_t c = 0; c < lists.size(); ++c) {
      lists[c] = quant::scale_candidates(job.format, job.rule, (*statistics)[c], round, job.scales[c]);
      k = std::max(k, lists[c].size());
    }
    for (auto& list : lists) list.resize(k, list.front());
    std::vector<double> errors(lists.size() * k);
    if (rounds > 0) {
      auto measured = candidate_errors(job, lists, k, progress);
      if (!measured) return measured.error();
      errors = std::move(*measured);
    }
    for (std::size_t c = 0; c < lists.size(); ++c) {
      job.scales[c] = lists[c][quant::best_candidate(std::span(errors).subspan(c * k, k))];
    }
  }
  return success();
}

const char* code_type(const Format& format) {
  return format.bits <= 8 ? "|u1" : format.bits <= 16 ? "<u2" : "<u4";
}

// Shared exponents of a block format beside its codes: NAME.npy -> NAME.exponents.npy.
std::string exponents_path(const std::string& path) {
  const std::string ending = ".npy";
  const bool known = path.size() > ending.size() && path.ends_with(ending);
  return (known ? path.substr(0, path.size() - ending.size()) : path) + ".exponents.npy";
}

struct Outputs {
  data::NpyWriter main;
  std::optional<data::NpyWriter> exponents;
};

Result<Outputs> open_outputs(const Job& job) {
  const auto& shape = job.array.shape();
  const char* type = job.options.codes ? code_type(job.format) : "<f4";
  auto main = data::NpyWriter::create(job.options.output, type, shape);
  if (!main) return main.error();
  Outputs outputs{std::move(*main), {}};
  if (job.options.codes && job.format.block != 0) {
    std::vector<std::size_t> blocks = shape;
    if (!blocks.empty()) blocks.back() = (blocks.back() + job.format.block - 1) / job.format.block;
    auto exponents = data::NpyWriter::create(exponents_path(job.options.output), "|u1", blocks);
    if (!exponents) return exponents.error();
    outputs.exponents.emplace(std::move(*exponents));
  }
  return outputs;
}

template <class Code>
Status write_codes(const Job& job, const Chunk& chunk, const kernels::Scales& scales,
                   Outputs& outputs) {
  std::vector<Code> codes(chunk.shape.size());
  std::vector<std::uint8_t> exponents;
  if (const std::size_t block = job.format.block; block != 0) {
    exponents.resize(chunk.shape.rows * ((chunk.shape.cols + block - 1) / block));
  }
  if (Status s = kernels::encode<Code>(job.format, chunk.x, chunk.shape, scales, codes, exponents,
                                       job.threads());
      !s) {
    return s;
  }
  if (outputs.exponents) {
    if (Status s = outputs.exponents->write(std::as_bytes(std::span(exponents))); !s) return s;
  }
  return outputs.main.write(std::as_bytes(std::span(codes)));
}

Status write_chunk(Job& job, const Chunk& chunk, std::vector<float>& y, Outputs& outputs) {
  const std::vector<float> values = row_scales(job, chunk);
  const kernels::Scales scales{.values = values};
  y.resize(chunk.shape.size());
  if (Status s = kernels::quantize(job.format, chunk.x, chunk.shape, scales, y, job.threads()); !s) {
    return s;
  }
  auto part = kernels::difference(job.format, chunk.x, y, chunk.shape, scales, job.threads());
  if (!part) return part.error();
  job.difference.merge(*part);
  if (!job.options.codes) return outputs.main.write(std::as_bytes(std::span(y)));
  if (job.format.bits <= 8) return write_codes<std::uint8_t>(job, chunk, scales, outputs);
  if (job.format.bits <= 16) return write_codes<std::uint16_t>(job, chunk, scales, outputs);
  return write_codes<std::uint32_t>(job, chunk, scales, outputs);
}

Status write_array(Job& job) {
  auto outputs = open_outputs(job);
  if (!outputs) return outputs.error();
  Progress progress(job.streams, "quantizing", job.array.size());
  std::vector<float> y;
  Status s = for_each_chunk(job.array, job.layout, kChunkElements, [&](const Chunk& chunk) {
    progress.advance(chunk.shape.size());
    return write_chunk(job, chunk, y, *outputs);
  });
  if (!s) return s;
  if (outputs->exponents) {
    if (Status done = outputs->exponents->commit(); !done) return done;
  }
  return outputs->main.commit();
}

std::string scale_text(const Job& job) {
  const auto [low, high] = std::minmax_element(job.scales.begin(), job.scales.end());
  const std::string rule = job.options.has_scale ? "given" : std::string(quant::name(job.rule));
  if (job.scales.size() == 1) return fmt::format("{:g} ({})", job.scales.front(), rule);
  return fmt::format("{} scales, {:g} to {:g} ({})", job.scales.size(), *low, *high, rule);
}

void print_report(const Job& job, double seconds) {
  const kernels::Difference& d = job.difference;
  const auto share = [&d](std::uint64_t n) {
    return d.count == 0 ? 0.0 : 100.0 * static_cast<double>(n) / static_cast<double>(d.count);
  };
  std::ostream& out = job.streams.out;
  if (job.options.json) {
    Json row = {{"format", formats::name(job.format)},
                {"rule", job.options.has_scale ? "given" : std::string(quant::name(job.rule))},
                {"elements", d.count},
                {"sqnr_db", std::isfinite(d.sqnr_db()) ? Json(d.sqnr_db()) : Json(nullptr)},
                {"max_error", d.max_error},
                {"saturated", d.saturated},
                {"to_zero", d.to_zero},
                {"nonfinite", d.nonfinite},
                {"scales", job.scales},
                {"output", job.options.output},
                {"seconds", seconds}};
    fmt::print(out, "{}\n", Json{{"rows", Json::array({row})}}.dump(2));
    return;
  }
  const char* nan_label = job.format.family == formats::Family::kPosit ? "NaR" : "NaN or infinity";
  fmt::print(out, "format     {}{}\n", formats::name(job.format),
             formats::traits(job.format).standard ? "" : "  (NON-STANDARD)");
  fmt::print(out, "scale      {}\nelements   {}\n", scale_text(job), d.count);
  fmt::print(out, "SQNR       {}\n", d.signal == 0 && d.noise == 0 ? "-"
                                     : std::isfinite(d.sqnr_db()) ? fmt::format("{:.2f} dB", d.sqnr_db())
                                                                  : "exact");
  fmt::print(out, "max error  {:g}\n", d.max_error);
  fmt::print(out, "saturated  {} ({:.3g} %)\n", d.saturated, share(d.saturated));
  fmt::print(out, "to zero    {} ({:.3g} %)\n", d.to_zero, share(d.to_zero));
  fmt::print(out, "{:<10} {} ({:.3g} %){}\n", nan_label, d.nonfinite, share(d.nonfinite),
             d.nonfinite > 0 ? "  <- the input holds NaN or infinities" : "");
  fmt::print(out, "written    {} ({}) in {:.2f} s\n", job.options.output,
             job.options.codes ? "codes" : "float32", seconds);
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
    return Error{.kind = ErrorKind::kUsage, .what = "scale is not usable", .where = "--scale",
                 .expected = "a positive number that float32 holds, as does its reciprocal",
                 .found = fmt::format("{:g}", options.scale)};
  }
  auto array = data::NpyReader::open(options.input);
  if (!array) return array.error();
  auto layout = make_layout(array->shape(), options.axis, *format);
  if (!layout) return layout.error();
  Job job{options, *format, *rule, std::move(*array), *layout, {}, {}, streams};
  if (Status s = choose_scales(job); !s) return s;
  if (Status s = write_array(job); !s) return s;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  print_report(job, elapsed.count());
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  app.add_option("IN", options->input, "float32 array, C order (.npy)")->required();
  app.add_option("-f,--format", options->format, "number format, see `posittune formats`")->required();
  app.add_option("-o,--output", options->output, "result (.npy)")->required();
  CLI::Option* scale = app.add_option("--scale", options->scale, "q(x) = Q(x * S) * (1 / S)")->option_text("S");
  app.add_option("--rule", options->rule,
                 "choose the scale: none, absmax, rms_pow2, mean_pow2, mse_pow2, mse")
      ->default_val("none")
      ->excludes(scale);
  app.add_option_function<int>(
         "--axis", [options](int axis) { options->axis = axis; },
         "one scale for each index of this axis (0: output channels); default: one for the array")
      ->option_text("K");
  app.add_flag("--codes", options->codes,
               "write codes (uint8, uint16 or uint32) instead of float32; MX formats also write "
               "NAME.exponents.npy");
  app.add_flag("--json", options->json, "one JSON document on stdout");
  app.add_option("--threads", options->threads, "threads (0: all)")->check(CLI::Range(0, 1024));
  return [options, scale, streams] {
    options->has_scale = scale->count() > 0;
    return quantize(*options, streams);
  };
}

}  // namespace

const Command kQuantize = {"quantize", "round or encode a float32 array file", declare};

}  // namespace posittune::cli
