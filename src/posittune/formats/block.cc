#include "posittune/formats/block.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "posittune/formats/codec.h"

namespace posittune::formats {
namespace {

constexpr std::uint8_t kBlock = 32;

Format fraction_int8() {
  Format format = integer(8);
  format.variant = kIntFraction;
  return format;
}

struct Named {
  std::string_view name, alias;
  Format element;
};

// OCP MX v1.0, table 1. The short name stands for the element that is used most.
const std::array<Named, 6>& concrete_formats() {
  static const std::array<Named, 6> all = {{{"mxfp8", "mxfp8_e4m3", minifloat(4, 3)},
                                            {"mxfp8_e5m2", "", minifloat(5, 2)},
                                            {"mxfp6", "mxfp6_e2m3", minifloat(2, 3)},
                                            {"mxfp6_e3m2", "", minifloat(3, 2)},
                                            {"mxfp4", "mxfp4_e2m1", minifloat(2, 1)},
                                            {"mxint8", "", fraction_int8()}}};
  return all;
}

// Exponent of the largest normal element: 8, 15, 2, 4, 2, 0.
int max_element_exponent(const Format& format) { return std::ilogb(traits(element(format)).max); }

}  // namespace

Format element(const Format& format) {
  Format plain = format;
  plain.block = 0;
  return plain;
}

Format mx(const Format& plain) {
  assert(plain.block == 0);
  Format format = plain;
  format.block = kBlock;
  return format;
}

int shared_exponent(const Format& format, float absmax) {
  if (absmax == 0) return -127;
  return std::clamp(std::ilogb(absmax) - max_element_exponent(format), -127, 127);
}

std::string block_name(const Format& format) {
  for (const Named& named : concrete_formats()) {
    if (named.element == element(format)) return std::string(named.name);
  }
  return "mx-" + name(element(format));  // not reachable through parse_format
}

std::optional<Format> parse_block(std::string_view text) {
  for (const Named& named : concrete_formats()) {
    if (text == named.name || (!named.alias.empty() && text == named.alias)) {
      return mx(named.element);
    }
  }
  return {};
}

std::vector<Format> known_blocks() {
  std::vector<Format> all;
  for (const Named& named : concrete_formats()) all.push_back(mx(named.element));
  return all;
}

}  // namespace posittune::formats
