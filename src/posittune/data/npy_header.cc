#include "posittune/data/npy_header.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "posittune/data/bad_input.h"

namespace posittune::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = std::size_t{1} << 20;
constexpr std::size_t kMaxDimensions = 64;  // NumPy's limit

// The text after 'key': in a Python dict literal; empty when the key is missing.
std::string_view value_of(std::string_view text, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = std::string(1, quote) + std::string(key) + quote;
    const auto at = text.find(quoted);
    if (at == std::string_view::npos) continue;
    text.remove_prefix(at + quoted.size());
    const auto begin = text.find_first_not_of(" :\t\r\n");
    return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
  }
  return {};
}

std::optional<std::vector<std::size_t>> parse_shape(std::string_view text) {
  if (text.empty() || text.front() != '(') return {};
  const auto end = text.find(')');
  if (end == std::string_view::npos) return {};
  std::vector<std::size_t> shape;
  std::size_t number = 0;
  bool digits = false, ended = false;
  for (const char c : text.substr(1, end - 1)) {
    if (c >= '0' && c <= '9') {
      if (ended) return {};
      const std::size_t digit = static_cast<std::size_t>(c - '0');
      if (number > (SIZE_MAX - digit) / 10) return {};
      number = number * 10 + digit;
      digits = true;
    } else if (c == ',') {
      if (!digits) return {};
      shape.push_back(number);
      number = 0;
      digits = ended = false;
    } else if (c == ' ' || c == 'L') {
      ended = digits;
    } else {
      return {};
    }
  }
  if (digits) shape.push_back(number);
  return shape.size() > kMaxDimensions ? std::nullopt : std::optional(shape);
}

std::optional<std::size_t> checked_count(const TensorShape& shape) {
  std::size_t count = 1;
  for (const std::size_t n : shape) {
    if (n != 0 && count > SIZE_MAX / 8 / n) return {};
    count *= n;
  }
  return count;
}

std::optional<NpyHeader> parse(std::string_view text) {
  NpyHeader header;
  const std::string_view type = value_of(text, "descr");
  if (type.size() < 2 || (type.front() != '\'' && type.front() != '"')) return {};
  const auto end = type.find(type.front(), 1);
  if (end == std::string_view::npos) return {};
  header.type = type.substr(1, end - 1);
  const std::string_view order = value_of(text, "fortran_order");
  if (!order.starts_with("True") && !order.starts_with("False")) return {};
  auto shape = parse_shape(value_of(text, "shape"));
  if (!shape) return {};
  header.shape = std::move(*shape);
  header.fortran = order.starts_with("True") && header.shape.size() > 1;
  const auto count = checked_count(header.shape);
  if (!count) return {};
  header.count = *count;
  return header;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 48));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

Result<NpyPrefix> parse_npy_prefix(const std::string& where, std::span<const std::byte> start,
                                   std::uint64_t length) {
  if (start.size() < 10 || std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0) {
    return bad_input(where, "not an npy file", "a file made by numpy.save");
  }
  const int version = static_cast<int>(start[6]);
  if (version < 1 || version > 3) {
    return bad_input(where, "npy format version is not known", "1 to 3", std::to_string(version));
  }
  const std::size_t digits = version == 1 ? 2 : 4;
  std::uint32_t text = 0;
  if (start.size() >= 8 + digits) std::memcpy(&text, start.data() + 8, digits);
  if (start.size() < 8 + digits || text > kMaxHeader || 8 + digits + text > length) {
    return bad_input(where, "npy header is truncated");
  }
  return NpyPrefix{8 + digits, text};
}

Result<NpyHeader> parse_npy_header(const std::string& where, std::string_view text) {
  auto header = parse(text);
  if (!header) {
    return bad_input(where, "npy header cannot be read", "one plain array of numbers", "",
                     "save numpy.ascontiguousarray(x)");
  }
  return std::move(*header);
}

}  // namespace posittune::data
