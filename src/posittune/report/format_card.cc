#include "posittune/report/format_card.h"

#include <fmt/format.h>

#include <cmath>

#include "posittune/formats/codec.h"
#include "posittune/formats/family.h"
#include "posittune/report/plot.h"

namespace posittune::report {
namespace {

using formats::Format;
using formats::Traits;

std::string number(double v) {
  if (v == 0) return "0";
  const double log = std::log2(v);
  if (log == std::round(log) && std::fabs(log) > 6) return fmt::format("2^{:.0f}", log);
  return fmt::format("{:.6g}", v);
}

std::string nan_text(const Format& f, const Traits& t) {
  if (!t.nan_code) return "no code: quantize keeps NaN, encode gives the largest value";
  return fmt::format("{} = {}", formats::family_ops(f.family).nan_label,
                     binary(*t.nan_code, f.bits));
}

std::string decimals_at_one(const Format& format) {
  for (const auto& point : formats::decimal_accuracy(format)) {
    if (point.x > 1) return fmt::format("{:.2f}", point.decimals);
  }
  return "-";
}

}  // namespace

std::string family_name(const Format& format) {
  return format.block != 0 ? "mx" : std::string(formats::family_ops(format.family).label);
}

std::string binary(std::uint64_t code, int bits) {
  std::string text;
  for (int i = bits - 1; i >= 0; --i) text += (code >> i & 1) != 0 ? '1' : '0';
  return text;
}

std::string card(const Format& f) {
  const Traits t = formats::traits(f);
  std::string text = formats::name(f) + (t.standard ? "\n" : "  (NON-STANDARD)\n");
  const auto line = [&text](const char* label, const std::string& value) {
    text += fmt::format("  {:<18} {}\n", label, value);
  };
  line("source", t.source);
  line("layout", formats::layout(f));
  if (f.block != 0) line("bits per element", fmt::format("{:.4g}", f.bits + 8.0 / f.block));
  line("largest", number(t.max));
  line("smallest positive", number(t.min));
  if (t.min_normal != t.min) line("smallest normal", number(t.min_normal));
  line("range", fmt::format("{:.1f} octaves, {:.1f} decades", std::log2(t.max / t.min),
                            std::log10(t.max / t.min)));
  line("epsilon at 1", t.epsilon == 0 ? "1 is the largest value" : number(t.epsilon));
  line("decimals above 1", decimals_at_one(f));
  const formats::FloatRange floats = formats::float_range(f);
  if (floats.high < t.max || floats.low > t.min) {
    line("in float32 arrays", fmt::format("clamped to {} .. {}, what float32 holds of it",
                                          number(floats.low), number(floats.high)));
  }
  line("significand", fmt::format("at most {} bits with the hidden one", t.significand_bits));
  line("zero", t.has_negative_zero ? "two, +0 and -0" : "one, unsigned");
  line("NaN", nan_text(f, t));
  line("infinities", t.has_infinity ? "two" : "none");
  line("rounding", formats::family_ops(f.family).rounding(f));
  line("overflow", formats::family_ops(f.family).overflow(f));
  if (f.block != 0) line("shared scale", "E8M0, 2^(floor(log2(absmax)) - emax of the element)");
  return text;
}

std::string format_table(const std::vector<Format>& rows) {
  std::string text =
      fmt::format("{:<12} {:>4} {:>11} {:>11} {:>11} {:>5} {:>8}  {}\n", "format", "bits",
                  "smallest", "largest", "eps at 1", "sig.", "decimals", "source");
  for (const Format& f : rows) {
    const Traits t = formats::traits(f);
    text +=
        fmt::format("{:<12} {:>4} {:>11} {:>11} {:>11} {:>5} {:>8}  {}\n", formats::name(f), f.bits,
                    number(t.min), number(t.max), t.epsilon == 0 ? "-" : number(t.epsilon),
                    t.significand_bits, decimals_at_one(f), t.source);
  }
  return text;
}

std::string accuracy_plot(const std::vector<Format>& chosen) {
  Plot plot{.title = "Decimal accuracy, worst case between neighbouring values",
            .x_label = "magnitude",
            .y_label = "decimals",
            .log2_x = true,
            .series = {}};
  for (const Format& format : chosen) {
    Series series{.name = formats::name(format), .x = {}, .y = {}};
    for (const formats::AccuracyPoint& point : formats::decimal_accuracy(format, 1024)) {
      series.x.push_back(point.x);
      series.y.push_back(point.decimals);
    }
    plot.series.push_back(std::move(series));
  }
  return to_svg(plot);
}

}  // namespace posittune::report
