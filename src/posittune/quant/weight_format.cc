#include "posittune/quant/weight_format.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace posittune::quant {
namespace {

using formats::Format;

constexpr int kStarEs = 2;  // '*' is es = 0 to this: larger ones suit no weights at few bits

Error refused(const std::string& what, const Format& format, const std::string& expected) {
  return {.kind = ErrorKind::kUsage,
          .what = what,
          .expected = expected,
          .found = formats::name(format)};
}

// One name, or with a star those of all es.
Status expand(std::string_view name, std::vector<Format>& into) {
  const std::size_t star = name.find('*');
  for (int es = 0; es <= (star == std::string_view::npos ? 0 : kStarEs); ++es) {
    std::string one(name);
    if (star != std::string_view::npos) one.replace(star, 1, std::to_string(es));
    auto format = formats::parse_format(one);
    const bool wrong =
        !format || (star != std::string_view::npos && format->family != formats::Family::kPosit);
    if (wrong && star != std::string_view::npos) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "'*' stands for the es of a posit only",
                   .expected = "posit<N,*>",
                   .found = std::string(name)};
    }
    if (!format) return format.error();
    into.push_back(*format);
  }
  return success();
}

// The es of `format` as a star, when the alternatives are the other ones.
bool is_star(const Format& format, std::span<const Format> alternatives) {
  if (format.family != formats::Family::kPosit || format.exp_bits != 0 ||
      alternatives.size() != kStarEs)
    return false;
  for (int es = 1; es <= kStarEs; ++es) {
    Format expected = format;
    expected.exp_bits = static_cast<std::uint8_t>(es);
    if (alternatives[static_cast<std::size_t>(es) - 1] != expected) return false;
  }
  return true;
}

}  // namespace

Status check_alternatives(const Format& format, std::span<const Format> alternatives) {
  if (alternatives.empty()) return success();
  std::vector<Format> before = {format};
  if (format.block > 0)
    return refused("rows cannot choose among formats of MX blocks", format,
                   "posits, floats or ints");
  for (const Format& other : alternatives) {
    if (other.block > 0)
      return refused("rows cannot choose among formats of MX blocks", other,
                     "posits, floats or ints");
    if (other.bits != format.bits) {
      return refused("formats that rows choose among have equal bits", other,
                     std::to_string(format.bits) + " bits, as " + formats::name(format));
    }
    if (std::find(before.begin(), before.end(), other) != before.end()) {
      return refused("a format that rows choose is named twice", other, "different formats");
    }
    before.push_back(other);
  }
  return success();
}

Status parse_weight_format(std::string_view text, WeightSetting& setting) {
  std::vector<Format> formats;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t bar = std::min(text.find('|', first), text.size());
    if (const Status ok = expand(text.substr(first, bar - first), formats); !ok) return ok;
    first = bar + 1;
  }
  const std::span<const Format> others = std::span(formats).subspan(1);
  if (const Status ok = check_alternatives(formats.front(), others); !ok) {
    Error error = ok.error();
    error.where = "'" + std::string(text) + "'";
    return error;
  }
  setting.format = formats.front();
  setting.alternatives.assign(others.begin(), others.end());
  return success();
}

std::vector<std::string> split_formats(std::span<const std::string> lists) {
  std::vector<std::string> names;
  for (const std::string& list : lists) {
    int depth = 0;
    std::string name;
    for (const char c : list + ",") {
      depth += c == '<' ? 1 : c == '>' ? -1 : 0;
      if (c == ',' && depth <= 0) {
        names.push_back(std::exchange(name, ""));
      } else {
        name += c;
      }
    }
    if (!name.empty()) names.push_back(name);  // an open bracket: the parser will say so
  }
  return names;
}

std::string format_text(const Format& format, std::span<const Format> alternatives) {
  std::string text = formats::name(format);
  if (is_star(format, alternatives)) {
    text.replace(text.find(",0>"), 2, ",*");
    return text;
  }
  for (const Format& other : alternatives) text += "|" + formats::name(other);
  return text;
}

std::string rounding_text(const WeightSetting& setting) {
  std::string text;
  if (setting.rounding != Rounding::kNearest) text = name(setting.rounding);
  if (setting.bias_correction) text += text.empty() ? "bias" : "+bias";
  return text;
}

bool needs_calibration(const WeightSetting& setting) {
  return setting.input_weighted || setting.bias_correction ||
         setting.rounding == Rounding::kCompensated;
}

bool needs_calibration(const ActivationSetting& setting) {
  return setting.scale != ActivationScale::kToken && entry(setting.rule).of_data();
}

}  // namespace posittune::quant
