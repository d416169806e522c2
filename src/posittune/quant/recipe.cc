#include "posittune/quant/recipe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "posittune/quant/weight_format.h"

namespace posittune::quant {
namespace {

constexpr std::array<std::string_view, 3> kGranularities = {"tensor", "channel", "group"};
constexpr std::array<std::string_view, 3> kActivationScales = {"static", "output", "token"};
constexpr std::array<std::string_view, 2> kRoundings = {"nearest", "compensated"};

template <class Names>
int index_of(const Names& names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<int>(i);
  }
  return -1;
}

Error unknown(const std::string& what, std::string_view text, const std::string& expected) {
  return {.kind = ErrorKind::kUsage,
          .what = "unknown " + what + " '" + std::string(text) + "'",
          .expected = expected};
}

// Rows outside of windows, in the format of the setting.
RowWindow rows_between(const WeightSetting& setting, std::size_t first, std::size_t count) {
  return {first, count, setting.format, setting.rule, setting.alternatives};
}

Status check_choice(const RowWindow& part, Granularity granularity) {
  if (part.alternatives.empty()) return success();
  if (granularity != Granularity::kChannel) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "rows choose among formats by their own scales only",
                 .expected = "granularity channel",
                 .found = std::string(name(granularity)) + " for " +
                          format_text(part.format, part.alternatives)};
  }
  return check_alternatives(part.format, part.alternatives);
}

}  // namespace

std::string_view name(Granularity granularity) {
  return kGranularities[static_cast<std::size_t>(granularity)];
}

std::string granularity_text(const WeightSetting& setting) {
  std::string text(name(setting.granularity));
  return setting.granularity == Granularity::kGroup ? text + ":" + std::to_string(setting.group)
                                                    : text;
}

std::string_view name(ActivationScale scale) {
  return kActivationScales[static_cast<std::size_t>(scale)];
}

std::string_view name(Rounding rounding) { return kRoundings[static_cast<std::size_t>(rounding)]; }

Status parse_granularity(std::string_view text, WeightSetting& setting) {
  const std::size_t colon = text.find(':');
  const int index = index_of(kGranularities, text.substr(0, colon));
  const bool grouped = index == static_cast<int>(Granularity::kGroup);
  std::size_t group = 0;
  if (grouped && colon != std::string_view::npos) {
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, group);
    if (error != std::errc{} || at != end) group = 0;
  }
  if (index < 0 || grouped != (colon != std::string_view::npos) || (grouped && group == 0)) {
    return unknown("granularity", text, "tensor, channel, or group:K with K columns to a scale");
  }
  setting.granularity = static_cast<Granularity>(index);
  setting.group = group;
  return success();
}

Result<ActivationScale> parse_activation_scale(std::string_view text) {
  const int index = index_of(kActivationScales, text);
  if (index < 0) return unknown("way to choose activation scales", text, "static, output, token");
  return static_cast<ActivationScale>(index);
}

Result<Rounding> parse_rounding(std::string_view text) {
  const int index = index_of(kRoundings, text);
  if (index < 0) return unknown("rounding", text, "nearest, compensated");
  return static_cast<Rounding>(index);
}

double stored_bits(const WeightSetting& setting, std::size_t rows, std::size_t cols) {
  const auto c = static_cast<double>(cols);
  const auto bits_of = [&](const RowWindow& part) {
    if (part.count == 0) return 0.0;
    const auto r = static_cast<double>(part.count);
    double scales = 1;
    if (setting.granularity == Granularity::kChannel) scales = r;
    if (setting.granularity == Granularity::kGroup) {
      const std::size_t group = std::max<std::size_t>(1, setting.group);
      scales = r * static_cast<double>((cols + group - 1) / group);
    }
    const formats::Format& format = part.format;
    double bits = r * c * format.bits + scales * entry(part.rule).stored_bits;
    if (format.block > 0)
      bits += r * static_cast<double>((cols + format.block - 1) / format.block) * 8;
    // The rows' tags: 0 bits for one format, 1 for two, 2 for three and four.
    bits += r * static_cast<double>(std::bit_width(part.alternatives.size()));
    return bits + 8 * static_cast<double>(1 + part.alternatives.size());
  };
  const auto all = parts(setting, rows);
  if (!all) return bits_of({0, rows, setting.format, setting.rule, setting.alternatives});
  double bits = 0;
  for (const RowWindow& part : *all) bits += bits_of(part);
  return bits;
}

Result<std::vector<RowWindow>> parts(const WeightSetting& setting, std::size_t rows) {
  std::vector<RowWindow> parts;
  std::size_t next = 0;
  const RowWindow own{0, 0, setting.format, setting.rule, setting.alternatives};
  if (const Status ok = check_choice(own, setting.granularity); !ok) return ok.error();
  for (const RowWindow& window : setting.windows) {
    if (window.first < next || window.count == 0 || window.count > rows ||
        window.first > rows - window.count) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "windows of channels must be ascending, apart and inside the weight",
                   .expected = "channels " + std::to_string(next) + " to " + std::to_string(rows),
                   .found = std::to_string(window.count) + " from " + std::to_string(window.first)};
    }
    if (const Status ok = check_choice(window, setting.granularity); !ok) return ok.error();
    if (window.first > next) parts.push_back(rows_between(setting, next, window.first - next));
    parts.push_back(window);
    next = window.first + window.count;
  }
  if (next < rows) parts.push_back(rows_between(setting, next, rows - next));
  return parts;
}

}  // namespace posittune::quant
