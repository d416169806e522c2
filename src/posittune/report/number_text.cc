#include "posittune/report/number_text.h"

#include <fmt/format.h>

#include <cmath>

namespace posittune::report {
namespace {

std::string with_sign(double value) { return (value > 0 ? "+" : "") + number_text(value); }

}  // namespace

std::string number_text(double value) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return "0";
  if (std::abs(value) >= 1e-3 && std::abs(value) < 1e5) return fmt::format("{:.4g}", value);
  return fmt::format("{:.2e}", value);
}

std::string decades_text(double value) {
  if (std::isnan(value)) return "-";
  return value == 0 ? "0" : fmt::format("{:.2e}", value);
}

std::string three_digits(double value) {
  return std::isfinite(value) ? fmt::format("{:.3g}", value) : "-";
}

std::string interval_text(double value, double low, double high) {
  return fmt::format("{} [{}, {}]", number_text(value), number_text(low), number_text(high));
}

std::string interval_text(const records::Estimate& estimate) {
  return interval_text(estimate.value, estimate.low, estimate.high);
}

std::string signed_interval_text(const records::Estimate& estimate) {
  return fmt::format("{} [{}, {}]", with_sign(estimate.value), with_sign(estimate.low),
                     with_sign(estimate.high));
}

std::string scaled_text(double value, std::initializer_list<const char*> units) {
  auto unit = units.begin();
  while (std::abs(value) >= 1000 && unit + 1 != units.end()) {
    value /= 1000;
    ++unit;
  }
  return std::isfinite(value) ? fmt::format("{:.4g} {}", value, *unit) : "-";
}

std::string bytes_text(double bytes) { return scaled_text(bytes, {"B", "kB", "MB", "GB"}); }

std::string energy_text(double pj) { return scaled_text(pj, {"pJ", "nJ", "uJ", "mJ", "J"}); }

std::string count_text(std::uint64_t count) {
  if (count >= 10'000'000'000) return fmt::format("{:.1f} G", static_cast<double>(count) / 1e9);
  if (count >= 10'000'000) return fmt::format("{:.1f} M", static_cast<double>(count) / 1e6);
  return fmt::format("{}", count);
}

}  // namespace posittune::report
