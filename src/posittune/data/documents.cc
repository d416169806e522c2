#include "posittune/data/documents.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "posittune/base/interrupt.h"

namespace posittune::data {
namespace {

// Bytes of the character at the front; 0 when it is none (RFC 3629, section 4).
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return first == 0 ? 0 : 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  // The second byte excludes longer forms than needed, surrogates, and code points above 10FFFF.
  const std::uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

bool is_text(std::string_view line) {
  while (!line.empty()) {
    const std::size_t length = character_length(line);
    if (length == 0) return false;
    line.remove_prefix(length);
  }
  return true;
}

}  // namespace

Result<std::vector<std::string>> split_documents(const std::string& path, std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<std::string> documents;
  bool inside = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    if (number % 4096 == 0) {
      if (Status going = check_interrupt(); !going) return going.error();
    }
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!is_text(line)) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "not a text in UTF-8",
                   .where = path + ", line " + std::to_string(number)};
    }
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
      inside = false;
      continue;
    }
    if (inside) {
      documents.back().append("\n").append(line);
    } else {
      documents.emplace_back(line);
    }
    inside = true;
  }
  if (documents.empty()) {
    return Error{.kind = ErrorKind::kInput, .what = "file holds no text", .where = path};
  }
  return documents;
}

}  // namespace posittune::data
