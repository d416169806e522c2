#include "posittune/exporter/coded_weight.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "posittune/kernels/arrays.h"

namespace posittune::exporter {
namespace {

// A group under construction: codes one by one, and its runs.
struct Rows {
  CodeGroup group;
  std::vector<std::uint32_t> codes;
  std::vector<const engine::RowRun*> runs;
};

// The scales of a run, `per_row` for each of its rows.
void append_scales(const engine::RowRun& run, std::size_t per_row, std::vector<float>& scales) {
  if (run.scales.size() == run.count * per_row) {
    scales.insert(scales.end(), run.scales.begin(), run.scales.end());
  } else {
    scales.insert(scales.end(), run.count * per_row, run.scales.front());
  }
}

std::uint8_t index_of(const formats::Format& format, std::vector<formats::Format>& formats) {
  const auto found = std::ranges::find(formats, format);
  const auto index = static_cast<std::uint8_t>(found - formats.begin());
  if (found == formats.end()) formats.push_back(format);
  return index;
}

void add_run(const engine::QuantizedWeight& weight, const engine::RowRun& run, Rows& to) {
  const std::uint8_t format = index_of(formats::plain(run.format), to.group.formats);
  const std::size_t blocks = weight.rows == 0 ? 0 : weight.exponents.size() / weight.rows;
  for (std::size_t r = run.first; r < run.first + run.count; ++r) {
    to.group.rows.push_back(static_cast<std::uint32_t>(r));
    to.group.format_of.push_back(format);
    const auto codes = std::span(weight.codes).subspan(r * weight.cols, weight.cols);
    to.codes.insert(to.codes.end(), codes.begin(), codes.end());
    if (run.format.block == 0) continue;
    const auto exponents = std::span(weight.exponents).subspan(r * blocks, blocks);
    to.group.exponents.insert(to.group.exponents.end(), exponents.begin(), exponents.end());
  }
  to.runs.push_back(&run);
}

Status finish(const engine::QuantizedWeight& weight, Rows& rows) {
  CodeGroup& group = rows.group;
  const std::size_t per_row = weight.group == 0 ? 1 : pieces(weight.cols, weight.group);
  // Runs that follow each other with the same single scale are one.
  const auto& first = rows.runs.front()->scales;
  const bool one = std::ranges::all_of(rows.runs, [&](const engine::RowRun* run) {
    return run->scales.size() == 1 && run->scales == first;
  });
  if (one) {
    group.scales = first;
  } else {
    for (const engine::RowRun* run : rows.runs) append_scales(*run, per_row, group.scales);
  }
  if (group.formats.size() == 1) group.format_of.clear();
  group.packed.resize(kernels::packed_bytes(rows.codes.size(), group.bits));
  return kernels::pack<std::uint32_t>(rows.codes, group.bits, group.packed);
}

Error misfit(const std::string& found) {
  return {.kind = ErrorKind::kInput, .what = "the parts of a weight do not fit", .found = found};
}

Status check_group(const CodeGroup& group, const CodedWeight& weight) {
  const std::size_t rows = group.rows.size();
  if (group.bits < 1 || group.bits > 32)
    return misfit("codes of " + std::to_string(group.bits) + " bits");
  if (group.formats.empty() || group.formats.size() > 256) return misfit("no format, or too many");
  bool blocks = false;
  for (const formats::Format& format : group.formats) {
    blocks = format.block > 0;
    if (format.bits != group.bits || blocks != (group.formats.front().block > 0))
      return misfit(formats::name(format) + " among codes of " + std::to_string(group.bits) +
                    " bits");
  }
  if (group.format_of.empty() ? group.formats.size() > 1 : group.format_of.size() != rows)
    return misfit(std::to_string(group.format_of.size()) + " formats of " + std::to_string(rows) +
                  " rows");
  if (std::ranges::any_of(group.format_of,
                          [&](std::uint8_t f) { return f >= group.formats.size(); }))
    return misfit("a row of an unknown format");
  if (group.packed.size() != kernels::packed_bytes(rows * weight.cols, group.bits))
    return misfit(std::to_string(group.packed.size()) + " bytes of codes");
  const std::size_t per_row = weight.group == 0 ? 1 : pieces(weight.cols, weight.group);
  if (group.scales.size() != 1 && group.scales.size() != rows * per_row)
    return misfit(std::to_string(group.scales.size()) + " scales");
  if (std::ranges::any_of(group.scales, [](float s) { return !std::isfinite(s) || s <= 0; }))
    return misfit("a scale that is not positive");
  if (group.exponents.size() != (blocks ? rows * pieces(weight.cols, kBlock) : 0))
    return misfit(std::to_string(group.exponents.size()) + " exponents");
  return success();
}

}  // namespace

Result<CodedWeight> coded(const engine::QuantizedWeight& weight) {
  // MX blocks have exponents beside their codes, and are kept apart.
  std::map<std::pair<int, bool>, Rows> by_bits;
  for (const engine::RowRun& run : weight.runs) {
    Rows& rows = by_bits[{run.format.bits, run.format.block > 0}];
    rows.group.bits = run.format.bits;
    add_run(weight, run, rows);
  }
  CodedWeight made{.rows = weight.rows,
                   .cols = weight.cols,
                   .group = weight.group,
                   .compensated = weight.compensated,
                   .groups = {}};
  for (auto& [bits, rows] : by_bits) {
    if (const Status packed = finish(weight, rows); !packed) return packed.error();
    made.groups.push_back(std::move(rows.group));
  }
  return made;
}

Result<std::vector<std::uint32_t>> unpacked(const CodeGroup& group, std::size_t cols) {
  std::vector<std::uint32_t> codes(group.rows.size() * cols);
  if (const Status done = kernels::unpack<std::uint32_t>(group.packed, group.bits, codes); !done)
    return done.error();
  return codes;
}

Status check(const CodedWeight& weight) {
  std::vector<bool> seen(weight.rows, false);
  for (const CodeGroup& group : weight.groups) {
    if (const Status ok = check_group(group, weight); !ok) return ok;
    for (const std::uint32_t row : group.rows) {
      if (row >= weight.rows || seen[row]) return misfit("row " + std::to_string(row));
      seen[row] = true;
    }
  }
  if (std::ranges::find(seen, false) != seen.end()) return misfit("a row without codes");
  return success();
}

Result<std::vector<float>> decoded(const CodedWeight& weight, int threads) {
  if (const Status ok = check(weight); !ok) return ok.error();
  std::vector<float> values(weight.rows * weight.cols), row_values(weight.cols);
  const std::size_t per_row = weight.group == 0 ? 1 : pieces(weight.cols, weight.group);
  for (const CodeGroup& group : weight.groups) {
    auto codes = unpacked(group, weight.cols);
    if (!codes) return codes.error();
    const std::size_t blocks = group.rows.empty() ? 0 : group.exponents.size() / group.rows.size();
    for (std::size_t r = 0; r < group.rows.size(); ++r) {
      const formats::Format& format =
          group.formats[group.format_of.empty() ? 0 : group.format_of[r]];
      const bool single = group.scales.size() == 1;
      const auto scales =
          std::span(group.scales).subspan(single ? 0 : r * per_row, single ? 1 : per_row);
      const kernels::Scales grid{scales, scales.size() == 1 ? 0 : weight.group};
      const auto row = std::span(*codes).subspan(r * weight.cols, weight.cols);
      const auto y = std::span(values).subspan(group.rows[r] * weight.cols, weight.cols);
      Status done = success();
      if (format.block == 0) {
        done =
            kernels::decode<std::uint32_t>(format, row, {1, weight.cols}, grid, y, {}, {threads});
      } else {
        const std::vector<std::uint8_t> bytes(row.begin(), row.end());
        done = kernels::decode<std::uint8_t>(format, bytes, {1, weight.cols}, grid, y,
                                             std::span(group.exponents).subspan(r * blocks, blocks),
                                             {threads});
      }
      if (!done) return done.error();
    }
  }
  return values;
}

bool powers_of_two(const std::vector<float>& scales) {
  return std::ranges::all_of(scales, [](float scale) {
    const auto bits = std::bit_cast<std::uint32_t>(scale);
    return (bits & 0x807fffffU) == 0 && bits >> 23 > 0 && bits >> 23 < 255;
  });
}

}  // namespace posittune::exporter
