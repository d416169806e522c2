// Names of formats: the parser, the nearest known names.

#include <algorithm>
#include <cctype>
#include <numeric>

#include "posittune/base/nearest.h"
#include "posittune/formats/block.h"
#include "posittune/formats/family.h"

namespace posittune::formats {

namespace {

std::string normalize(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!std::isspace(static_cast<unsigned char>(c))) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

// Long garbage is cut in what we echo and compare: distances are quadratic.
constexpr std::size_t kMaxEcho = 48;

}  // namespace

const FamilyOps& family_ops(Family family) {
  return *kFamilies[static_cast<std::size_t>(family)].ops;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<int> take_number(std::string_view& text) {
  std::size_t digits = 0;
  int value = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits == 3) return {};
    value = value * 10 + (text[digits++] - '0');
  }
  if (digits == 0) return {};
  text.remove_prefix(digits);
  return value;
}

std::string layout(const Format& format) {
  const std::string bits = family_ops(format.family).layout(element(format));
  if (format.block == 0) return bits;
  return "block of " + std::to_string(format.block) + " x (" + bits + ") + one E8M0 scale";
}

double centre(const Format& format) {
  return format.block != 0 ? 1.0 : family_ops(format.family).centre(format);
}

std::string name(const Format& format) {
  return format.block != 0 ? block_name(format) : family_ops(format.family).name(format);
}

Result<Format> parse_format(std::string_view text) {
  const std::string normal = normalize(text);
  if (const auto format = parse_block(normal)) return *format;
  for (const auto& [unused, family] : kFamilies) {
    if (const auto format = family->parse(normal)) return *format;
  }
  std::string echo(text.substr(0, kMaxEcho));
  for (char& c : echo) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';  // not to a terminal
  }
  std::string known;
  for (const std::string& near : nearest_names(normal)) known += (known.empty() ? "" : ", ") + near;
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown format '" + echo + (text.size() > kMaxEcho ? "..." : "") + "'",
               .expected =
                   "posit<n,es> (n 2..32, es 0..4), int2..int16, fpN_eXmY, fp32, fp16, "
                   "bf16, mxfp8, mxfp6, mxfp4, mxint8",
               .hint = "did you mean " + known + "? see `posittune formats`"};
}

std::vector<Format> known_formats() {
  std::vector<Format> all;
  for (const auto& [unused, family] : kFamilies) {
    const auto some = family->known();
    all.insert(all.end(), some.begin(), some.end());
  }
  const auto blocks = known_blocks();
  all.insert(all.end(), blocks.begin(), blocks.end());
  return all;
}

std::vector<std::string> nearest_names(std::string_view text, std::size_t count) {
  const std::string normal = normalize(text.substr(0, kMaxEcho));
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const Format& format : known_formats()) {
    std::string known = name(format);
    // Another first letter counts as three more: 'posit' means posit<8,1> rather than fp32.
    const bool same_start = !normal.empty() && normal.front() == known.front();
    const std::size_t distance = 2 * edit_distance(normal, known) + (same_start ? 0 : 6);
    ranked.emplace_back(distance, std::move(known));
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i)
    names.push_back(ranked[i].second);
  return names;
}

}  // namespace posittune::formats
