#include "posittune/report/rounding_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "posittune/base/printable.h"

namespace posittune::report {
namespace {

std::string scale_text(const records::Rounding& of) {
  if (of.scales.size() == 1) return fmt::format("{} ({})", of.scales.front(), of.rule);
  const auto [low, high] = std::ranges::minmax_element(of.scales);
  return fmt::format("{} scales, {:g} to {:g} ({})", of.scales.size(), *low, *high, of.rule);
}

std::string sqnr_text(const records::Rounding& of) {
  if (of.noise != 0) return fmt::format("{:.2f} dB", of.sqnr_db);
  return of.signal == 0 ? "-" : "exact";
}

// "saturated  12 (0.5 %)"
std::string share_line(const char* label, std::uint64_t count, std::uint64_t all,
                       const std::string& remark = "") {
  const double share =
      all == 0 ? 0.0 : 100.0 * static_cast<double>(count) / static_cast<double>(all);
  return fmt::format("{:<10} {} ({:.3g} %){}\n", label, count, share, remark);
}

std::string nonfinite_remark(const records::Rounding& of) {
  if (of.nonfinite == 0) return "";
  return "  <- NaN or infinities in the input" + (of.nan_name.empty() ? "" : ": " + of.nan_name);
}

}  // namespace

std::string rounding_text(const records::Rounding& of) {
  std::string text =
      fmt::format("format     {}{}\nscale      {}\nelements   {}\nSQNR       {}\nmax error  {:g}\n",
                  of.format, of.standard ? "" : "  (NON-STANDARD)", scale_text(of), of.elements,
                  sqnr_text(of), of.max_error);
  text += share_line("saturated", of.saturated, of.elements);
  if (of.overflowed > 0)
    text +=
        share_line("overflowed", of.overflowed, of.elements, "  <- finite values became infinite");
  return text + share_line("to zero", of.to_zero, of.elements) +
         share_line("nonfinite", of.nonfinite, of.elements, nonfinite_remark(of)) +
         fmt::format("written    {} ({}) in {:.2f} s\n", printable(of.output),
                     of.codes ? "codes" : "float32", of.seconds);
}

}  // namespace posittune::report
