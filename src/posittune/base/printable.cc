#include "posittune/base/printable.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace posittune {
namespace {

struct Range {
  std::uint32_t first, last;
};

// Sorted by their ends.
constexpr Range kWide[] = {{0x1100, 0x115f},   {0x231a, 0x231b},   {0x2e80, 0x303e},
                           {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
                           {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
                           {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                           {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
                           {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};
constexpr Range kCombining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},  {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x093c, 0x093c}, {0x094d, 0x094d}, {0x0e31, 0x0e31},  {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},  {0x20d0, 0x20ff}, {0x3099, 0x309a},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};
constexpr Range kUnsafe[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x200e, 0x200f},
                             {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};

template <std::size_t n>
bool contains(const Range (&ranges)[n], std::uint32_t point) {
  const Range* range = std::lower_bound(std::begin(ranges), std::end(ranges), point,
                                        [](const Range& r, std::uint32_t p) { return r.last < p; });
  return range != std::end(ranges) && point >= range->first;
}

struct Character {
  std::size_t bytes = 1;
  std::uint32_t point = 0;
  bool valid = false;
};

// The first of a text that is not empty; one byte that is not valid where it is not UTF-8
// (RFC 3629: no surrogates, nothing longer than it must be, at most U+10FFFF).
Character first_of(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {1, lead, true};
  const std::size_t bytes = lead >= 0xf0 && lead < 0xf5   ? 4
                            : lead >= 0xe0 && lead < 0xf0 ? 3
                            : lead >= 0xc2 && lead < 0xe0 ? 2
                                                          : 1;
  if (bytes == 1 || text.size() < bytes) return {};
  std::uint32_t point = lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0u) != 0x80) return {};
    point = point << 6 | (byte(i) & 0x3fu);
  }
  const bool too_long = (bytes == 3 && point < 0x800) || (bytes == 4 && point < 0x10000);
  if (too_long || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff) return {};
  return {bytes, point, true};
}

std::size_t columns_of(const Character& c) {
  return !c.valid ? 1 : contains(kCombining, c.point) ? 0 : contains(kWide, c.point) ? 2 : 1;
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character c = first_of(text);
    for (const char b : text.substr(0, c.bytes)) {
      const auto byte = static_cast<unsigned char>(b);
      if (c.valid && !contains(kUnsafe, c.point)) {
        out += b;
      } else {
        out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
      }
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string_view cut_to_width(std::string_view text, std::size_t columns) {
  std::size_t at = 0, taken = 0;
  while (at < text.size()) {
    const Character c = first_of(text.substr(at));
    taken += columns_of(c);
    if (taken > columns) break;
    at += c.bytes;
  }
  return text.substr(0, at);
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character c = first_of(text);
    width += columns_of(c);
    text.remove_prefix(c.bytes);
  }
  return width;
}

}  // namespace posittune
