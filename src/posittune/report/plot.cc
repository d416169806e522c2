#include "posittune/report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace posittune::report {
namespace {

constexpr double kWidth = 640, kHeight = 360, kLeft = 56, kRight = 16, kTop = 36, kBottom = 48;
// Colour-blind safe (Okabe and Ito).
constexpr const char* kColors[] = {"#0072b2", "#d55e00", "#009e73",
                                   "#cc79a7", "#e69f00", "#56b4e9"};

constexpr std::size_t kMostDots = 32;

struct Axis {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void include(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  void settle() {
    if (!(low <= high)) low = 0, high = 1;
    if (low == high) low -= 0.5, high += 0.5;
  }
  double fraction(double v) const { return (v - low) / (high - low); }
  // A step of 1, 2 or 5 times a power of ten that gives at most `most` ticks.
  double step(int most) const {
    const double raw = (high - low) / most;
    const double base = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
      if (factor * base >= raw) return factor * base;
    }
    return 10 * base;
  }
};

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

double across(const Axis& axis, double v) {
  return kLeft + axis.fraction(v) * (kWidth - kLeft - kRight);
}
double down(const Axis& axis, double v) {
  return kHeight - kBottom - axis.fraction(v) * (kHeight - kTop - kBottom);
}

std::string label(double x, double y, const std::string& anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escape(text));
}

std::string ticks(const Plot& plot, const Axis& x, const Axis& y) {
  std::string svg;
  const double x_step = plot.log2_x ? std::max(1.0, std::ceil((x.high - x.low) / 10)) : x.step(8);
  for (double v = std::ceil(x.low / x_step) * x_step; v <= x.high + 1e-9; v += x_step) {
    const double at = across(x, v);
    svg +=
        fmt::format("<path class=\"grid\" d=\"M{0:.1f} {1}V{2}\"/>\n", at, kTop, kHeight - kBottom);
    svg += label(at, kHeight - kBottom + 16, "middle",
                 plot.log2_x ? fmt::format("2^{:.0f}", v) : fmt::format("{:g}", v));
  }
  const double y_step = y.step(6);
  for (double v = std::ceil(y.low / y_step) * y_step; v <= y.high + 1e-9; v += y_step) {
    const double at = down(y, v);
    svg +=
        fmt::format("<path class=\"grid\" d=\"M{1} {0:.1f}H{2}\"/>\n", at, kLeft, kWidth - kRight);
    svg += label(kLeft - 6, at + 4, "end", fmt::format("{:g}", std::fabs(v) < 1e-12 ? 0 : v));
  }
  return svg;
}

}  // namespace

std::string to_svg(const Plot& plot) {
  Axis x, y;
  const auto x_of = [&plot](double v) { return plot.log2_x ? std::log2(v) : v; };
  for (const Series& series : plot.series) {
    for (const double v : series.x) x.include(x_of(v));
    for (const double v : series.y) y.include(v);
  }
  x.settle();
  y.settle();
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\">\n<style>text{{font:12px sans-serif;fill:#222}}.grid{{stroke:#ddd;fill:none}}"
      ".line{{fill:none;stroke-width:1.8}}</style>\n<rect width=\"{0}\" height=\"{1}\" "
      "fill=\"#fff\"/>\n",
      kWidth, kHeight);
  svg += label(kLeft, 22, "start", plot.title);
  svg += ticks(plot, x, y);
  svg += label((kLeft + kWidth - kRight) / 2, kHeight - 10, "middle", plot.x_label);
  svg += fmt::format(
      "<text transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
      kHeight / 2, escape(plot.y_label));
  for (std::size_t s = 0; s < plot.series.size(); ++s) {
    const Series& series = plot.series[s];
    const char* color = kColors[s % std::size(kColors)];
    // Colours repeat with another stroke.
    const std::string dash = s < std::size(kColors) ? ""
                                                    : fmt::format(" stroke-dasharray=\"{0} {0}\"",
                                                                  2 + 2 * (s / std::size(kColors)));
    // Dots where they can be told apart.
    const bool dots = series.x.size() <= kMostDots;
    std::string points, marks;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!std::isfinite(series.y[i])) continue;
      const double at_x = across(x, x_of(series.x[i])), at_y = down(y, series.y[i]);
      points += fmt::format("{:.2f},{:.2f} ", at_x, at_y);
      if (dots)
        marks += fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"2.5\" fill=\"{}\"/>\n", at_x,
                             at_y, color);
    }
    svg += fmt::format("<polyline class=\"line\" stroke=\"{}\"{} points=\"{}\"/>\n", color, dash,
                       points) +
           marks;
    if (!series.name.empty()) {
      const double at = kTop + 16 + 16 * static_cast<double>(s);
      svg += fmt::format("<path class=\"line\" stroke=\"{}\"{} d=\"M{} {}h18\"/>\n", color, dash,
                         kWidth - kRight - 130, at - 4);
      svg += label(kWidth - kRight - 106, at, "start", series.name);
    }
  }
  return svg + "</svg>\n";
}

}  // namespace posittune::report
