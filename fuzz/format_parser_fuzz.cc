// Any text given to parse_format: a format whose codec is total, or an error that helps.

#include <cmath>
#include <limits>

#include "fuzz.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/family.h"
#include "posittune/formats/format.h"

namespace posittune::fuzz {
namespace {

using formats::Format;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool same_value(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void check_code(const Format& format, std::uint32_t code) {
  const std::string where = formats::name(format) + " code " + std::to_string(code);
  const double value = formats::decode(format, code);
  const std::uint32_t again = formats::encode(format, value);
  require(again < formats::code_count(format), "encode gives a code of the format", where);
  if (std::isfinite(value)) {
    require(same_value(formats::decode(format, again), value), "encode undoes decode", where);
  }
}

void check_input(const Format& format, double x) {
  const std::string where = formats::name(format) + " input " + std::to_string(x);
  const double rounded = formats::round(format, x);
  require(std::isnan(rounded) || !std::isnan(x), "round keeps NaN", where);
  require(same_value(formats::round(format, rounded), rounded) || std::isinf(rounded),
          "a grid value rounds to itself", where);
  if (format.family == formats::Family::kPosit && std::isfinite(x) && x != 0 &&
      format.variant == 0) {
    require(std::isfinite(rounded) && rounded != 0, "a nonzero posit is neither zero nor NaR",
            where);
  }
}

void check_format(const Format& format, Bytes bytes) {
  const auto again = formats::parse_format(formats::name(format));
  require(again.ok() && *again == format, "parse_format undoes name", formats::name(format));
  const formats::Traits traits = formats::traits(format);
  require(traits.min > 0 && traits.min <= traits.max && traits.significand_bits > 0,
          "traits are sane", formats::name(format));
  const formats::FloatRange range = formats::float_range(format);
  require(range.low > 0 && range.low <= range.high && std::isfinite(range.high),
          "float_range is positive and finite", formats::name(format));
  require(!formats::layout(format).empty(), "every format has a layout", formats::name(format));

  const auto top = static_cast<std::uint32_t>(formats::code_count(format) / 2);
  for (const std::uint32_t code : {0u, 1u, top - 1, top, top + 1, 2 * top - 1}) {
    check_code(format, code);
  }
  for (const double x : {0.0, -0.0, traits.max * 2, -traits.min / 4, kInfinity, -kInfinity,
                         std::nan(""), 1e-320, -1e300}) {
    check_input(format, x);
  }
  check_code(format, bytes.take<std::uint32_t>());
  check_input(format, bytes.take<double>());
}

}  // namespace
}  // namespace posittune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posittune::fuzz;
  // Text up to the first newline; what follows chooses codes and inputs.
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view text = all.substr(0, all.find('\n'));
  const auto format = posittune::formats::parse_format(text);
  if (format.ok()) {
    check_format(*format, Bytes(data, size));
    check_format(*format, Bytes(data + text.size(), size - text.size()));
  } else {
    require(!format.error().what.empty() && !format.error().hint.empty(), "errors help");
    require(format.error().kind == posittune::ErrorKind::kUsage, "errors are of usage");
  }
  return 0;
}
