#include "posittune/session/quantize.h"

#include <algorithm>
#include <filesystem>

#include "posittune/formats/codec.h"
#include "posittune/formats/family.h"

namespace posittune::session {
namespace {

using formats::Format;

// 16 MiB of floats: large enough that threads and disk are busy, small against any memory.
constexpr std::size_t kChunkElements = std::size_t{4} << 20;

// Scales of the rows of a chunk, as the kernels want them.
std::vector<float> row_scales(const QuantizeJob& job, const Chunk& chunk) {
  if (job.layout.channels == 1) return {job.scales.front()};
  std::vector<float> scales(chunk.shape.rows);
  for (std::size_t i = 0; i < scales.size(); ++i) {
    scales[i] = job.scales[job.layout.channel(chunk.row + i)];
  }
  return scales;
}

Result<std::vector<kernels::Statistics>> channel_statistics(QuantizeJob& job,
                                                            const Advance& advance) {
  std::vector<kernels::Statistics> channels(job.layout.channels);
  std::vector<float> buffer;
  const auto add = [&](const Chunk& chunk) -> Status {
    const ChannelRows part = channel_rows(job.layout, chunk, buffer);
    auto rows = kernels::row_statistics(part.x, part.shape, job.kernel_options());
    if (!rows) return rows.error();
    for (std::size_t i = 0; i < rows->size(); ++i) channels[part.channels[i]].merge((*rows)[i]);
    return advance(chunk.shape.size());
  };
  if (Status s = for_each_chunk(job.array, job.layout, kChunkElements, add); !s) return s.error();
  return channels;
}

// One pass over the array: the error of each channel's candidates.
Result<std::vector<std::vector<double>>> candidate_errors(QuantizeJob& job,
                                                          const kernels::ScaleLists& lists,
                                                          const Advance& advance) {
  std::vector<std::vector<double>> errors;
  std::size_t k = 1;
  for (const auto& list : lists) {
    errors.emplace_back(list.size(), 0.0);
    k = std::max(k, list.size());
  }
  std::vector<float> buffer;
  const auto add = [&](const Chunk& chunk) -> Status {
    const ChannelRows part = channel_rows(job.layout, chunk, buffer);
    kernels::ScaleLists rows_lists;
    for (const std::size_t channel : part.channels) rows_lists.push_back(lists[channel]);
    auto rows = kernels::rounding_errors(job.format, part.x, part.shape, {}, rows_lists,
                                         part.shape.cols, job.kernel_options());
    if (!rows) return rows.error();
    for (std::size_t r = 0; r < rows->size(); ++r) {
      std::vector<double>& of = errors[part.channels[r]];
      for (std::size_t j = 0; j < of.size(); ++j) of[j] += (*rows)[r][j];
    }
    return advance(chunk.shape.size());
  };
  // A chunk's scales and errors are to stay as small as the chunk itself.
  const std::size_t limit = std::max(job.layout.cols, kChunkElements / k);
  if (Status s = for_each_chunk(job.array, job.layout, limit, add); !s) return s.error();
  return errors;
}

}  // namespace

Status choose_scales(QuantizeJob& job) {
  job.scales.assign(job.layout.channels, job.given_scale.value_or(1.0f));
  if (job.given_scale || !quant::entry(job.rule).of_data()) return success();
  job.format = quant::scaled_format(job.format, job.rule);
  const auto passes = static_cast<std::size_t>(1 + quant::search_rounds(job.rule));
  const Advance advance =
      job.observer.step("choosing scales", job.array.size() * passes, "elements");
  auto statistics = channel_statistics(job, advance);
  if (!statistics) return statistics.error();
  std::vector<quant::Unit> units;
  for (const kernels::Statistics& channel : *statistics)
    units.push_back(quant::plain_unit(channel));
  const quant::Measure measure{
      .all =
          [&](const kernels::ScaleLists& lists) { return candidate_errors(job, lists, advance); },
      .part = nullptr};
  auto scales = quant::search_scales(job.format, job.rule, units, measure);
  if (!scales) return scales.error();
  job.scales = std::move(*scales);
  return success();
}

namespace {

const char* code_type(const Format& format) {
  return format.bits <= 8 ? "|u1" : format.bits <= 16 ? "<u2" : "<u4";
}

// NAME.npy -> NAME.KIND.npy
std::string companion_path(const std::string& path, const std::string& kind) {
  const std::string ending = ".npy";
  const bool known = path.size() > ending.size() && path.ends_with(ending);
  return (known ? path.substr(0, path.size() - ending.size()) : path) + "." + kind + ending;
}

struct Outputs {
  data::NpyWriter main;
  std::optional<data::NpyWriter> exponents, scales;
  // Left by earlier codes of this name, which these do not have: readers would apply them.
  std::vector<std::string> stale;
};

Status keep_input(const QuantizeJob& job, const std::string& kind, const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::equivalent(path, job.array.path(), ignored)) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "the " + kind + " of the codes would replace the input",
               .where = path,
               .hint = "give another `output`"};
}

// A file beside the output; it must not be the input.
Result<data::NpyWriter> open_companion(const QuantizeJob& job, const std::string& kind,
                                       const std::string& type,
                                       const std::vector<std::size_t>& shape) {
  const std::string path = companion_path(job.output, kind);
  if (Status s = keep_input(job, kind, path); !s) return s.error();
  return data::NpyWriter::create(path, type, shape);
}

bool has_scales(const QuantizeJob& job) {
  return std::any_of(job.scales.begin(), job.scales.end(), [](float s) { return s != 1.0f; });
}

Result<Outputs> open_outputs(const QuantizeJob& job) {
  const auto& shape = job.array.shape();
  const char* type = job.codes ? code_type(job.format) : "<f4";
  auto main = data::NpyWriter::create(job.output, type, shape);
  if (!main) return main.error();
  Outputs outputs{std::move(*main), {}, {}, {}};
  if (job.codes && job.format.block != 0) {
    std::vector<std::size_t> blocks = shape;
    if (!blocks.empty()) blocks.back() = (blocks.back() + job.format.block - 1) / job.format.block;
    auto exponents = open_companion(job, "exponents", "|u1", blocks);
    if (!exponents) return exponents.error();
    outputs.exponents.emplace(std::move(*exponents));
  }
  if (job.codes && has_scales(job)) {
    auto scales = open_companion(job, "scales", "<f4", {job.scales.size()});
    if (!scales) return scales.error();
    if (Status s = scales->write(std::as_bytes(std::span(job.scales))); !s) return s.error();
    outputs.scales.emplace(std::move(*scales));
  }
  const std::pair<const char*, bool> companions[] = {{"exponents", outputs.exponents.has_value()},
                                                     {"scales", outputs.scales.has_value()}};
  for (const auto& [kind, written] : companions) {
    std::error_code ignored;
    const std::string path = companion_path(job.output, kind);
    if (written || !job.codes || !std::filesystem::is_regular_file(path, ignored)) continue;
    if (Status s = keep_input(job, kind, path); !s) return s.error();
    outputs.stale.push_back(path);
  }
  return outputs;
}

// All files reach the disk before the first appears under its name.
Status commit(Outputs& outputs) {
  std::vector<data::NpyWriter*> files;
  if (outputs.exponents) files.push_back(&*outputs.exponents);
  if (outputs.scales) files.push_back(&*outputs.scales);
  files.insert(files.begin(), &outputs.main);
  for (data::NpyWriter* file : files) {
    if (Status s = file->sync(); !s) return s;
  }
  for (const std::string& path : outputs.stale) {
    std::error_code failed;
    std::filesystem::remove(path, failed);
    if (!failed) continue;
    return Error{.kind = ErrorKind::kInput,
                 .what = "a file of earlier codes cannot be removed",
                 .where = path,
                 .found = failed.message(),
                 .hint = "remove it, or give another `output`"};
  }
  for (data::NpyWriter* file : files) {
    Status s = file->commit();
    if (s) continue;
    if (file == files.front()) return s;
    Error error = s.error();
    error.hint =
        "the codes were written, this file beside them was not: they do not belong together";
    return error;
  }
  return success();
}

template <class Code>
Status write_codes(const QuantizeJob& job, const Chunk& chunk, const kernels::Scales& scales,
                   Outputs& outputs) {
  std::vector<Code> codes(chunk.shape.size());
  std::vector<std::uint8_t> exponents;
  if (const std::size_t block = job.format.block; block != 0) {
    exponents.resize(chunk.shape.rows * ((chunk.shape.cols + block - 1) / block));
  }
  if (Status s = kernels::encode<Code>(job.format, chunk.x, chunk.shape, scales, codes, exponents,
                                       job.kernel_options());
      !s) {
    return s;
  }
  if (outputs.exponents) {
    if (Status s = outputs.exponents->write(std::as_bytes(std::span(exponents))); !s) return s;
  }
  return outputs.main.write(std::as_bytes(std::span(codes)));
}

Status write_chunk(QuantizeJob& job, const Chunk& chunk, std::vector<float>& y, Outputs& outputs) {
  const std::vector<float> values = row_scales(job, chunk);
  const kernels::Scales scales{.values = values};
  y.resize(chunk.shape.size());
  if (Status s =
          kernels::quantize(job.format, chunk.x, chunk.shape, scales, y, job.kernel_options());
      !s) {
    return s;
  }
  auto part =
      kernels::difference(job.format, chunk.x, y, chunk.shape, scales, job.kernel_options());
  if (!part) return part.error();
  job.difference.merge(*part);
  if (!job.codes) return outputs.main.write(std::as_bytes(std::span(y)));
  if (job.format.bits <= 8) return write_codes<std::uint8_t>(job, chunk, scales, outputs);
  if (job.format.bits <= 16) return write_codes<std::uint16_t>(job, chunk, scales, outputs);
  return write_codes<std::uint32_t>(job, chunk, scales, outputs);
}

}  // namespace

Status write_array(QuantizeJob& job) {
  auto outputs = open_outputs(job);
  if (!outputs) return outputs.error();
  const Advance advance = job.observer.step("quantizing", job.array.size(), "elements");
  std::vector<float> y;
  Status s = for_each_chunk(job.array, job.layout, kChunkElements, [&](const Chunk& chunk) {
    if (const Status go_on = advance(chunk.shape.size()); !go_on) return go_on;
    return write_chunk(job, chunk, y, *outputs);
  });
  if (!s) return s;
  return commit(*outputs);
}

records::Rounding record_of(const QuantizeJob& job) {
  const kernels::Difference& difference = job.difference;
  const std::string_view nan = formats::family_ops(job.format.family).nan_label;
  return {.format = formats::name(job.format),
          .standard = formats::traits(job.format).standard,
          .nan_name = nan == "NaN" ? "" : std::string(nan),
          .rule = job.given_scale ? "given" : std::string(quant::name(job.rule)),
          .scales = job.scales,
          .elements = difference.count,
          .saturated = difference.saturated,
          .overflowed = difference.overflowed,
          .to_zero = difference.to_zero,
          .nonfinite = difference.nonfinite,
          .signal = difference.signal,
          .noise = difference.noise,
          .sqnr_db = difference.sqnr_db(),
          .max_error = difference.max_error,
          .output = job.output,
          .codes = job.codes};
}

}  // namespace posittune::session
