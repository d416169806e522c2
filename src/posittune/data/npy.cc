#include "posittune/data/npy.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace posittune::data {
namespace {

static_assert(std::endian::native == std::endian::little, "npy files are read as little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = std::size_t{1} << 20;
constexpr std::size_t kMaxDimensions = 64;  // NumPy's limit

Error bad_file(const std::string& path, const std::string& what, const std::string& expected = {},
               const std::string& found = {}, const std::string& hint = {}) {
  return {.kind = ErrorKind::kInput,
          .what = what,
          .where = path,
          .expected = expected,
          .found = found,
          .hint = hint};
}

// What makes any array one that we read; printable, whatever a header holds.
constexpr const char* kConvert =
    "save it with numpy.save(path, numpy.ascontiguousarray(x, dtype='<f4'))";

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 48));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

struct Header {
  std::string type;
  bool fortran = false;
  std::vector<std::size_t> shape;
};

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

std::optional<Header> parse_header(std::string_view text) {
  Header header;
  const std::string_view type = value_of(text, "descr");
  if (type.size() < 2 || (type.front() != '\'' && type.front() != '"')) return {};
  const auto end = type.find(type.front(), 1);
  if (end == std::string_view::npos) return {};
  header.type = type.substr(1, end - 1);
  const std::string_view order = value_of(text, "fortran_order");
  if (!order.starts_with("True") && !order.starts_with("False")) return {};
  header.fortran = order.starts_with("True");
  auto shape = parse_shape(value_of(text, "shape"));
  if (!shape) return {};
  header.shape = std::move(*shape);
  return header;
}

std::optional<std::size_t> element_count(const std::vector<std::size_t>& shape) {
  std::size_t count = 1;
  for (const std::size_t n : shape) {
    if (n != 0 && count > SIZE_MAX / 8 / n) return {};
    count *= n;
  }
  return count;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "(";
  for (const std::size_t n : shape) text += std::to_string(n) + ", ";
  if (shape.size() > 1) text.resize(text.size() - 2);
  if (shape.size() == 1) text.pop_back();
  return text + ")";
}

}  // namespace

NpyReader::NpyReader(InputFile file, std::uint64_t offset, std::vector<std::size_t> shape,
                     std::size_t size)
    : file_(std::move(file)), offset_(offset), shape_(std::move(shape)), size_(size) {}

Result<NpyReader> NpyReader::open(const std::string& path) {
  auto file = InputFile::open(path);
  if (!file) return file.error();
  char prefix[12] = {};
  const std::size_t head = std::min<std::size_t>(sizeof prefix, file->size());
  if (Status s = file->read_at(0, std::as_writable_bytes(std::span(prefix, head))); !s) {
    return s.error();
  }
  if (head < 10 || std::string_view(prefix, 6) != kMagic) {
    return bad_file(path, "not an npy file", "a file made by numpy.save");
  }
  const int version = static_cast<unsigned char>(prefix[6]);
  if (version < 1 || version > 3) {
    return bad_file(path, "npy format version is not known", "1 to 3", std::to_string(version));
  }
  std::uint32_t length = 0;
  std::memcpy(&length, prefix + 8, version == 1 ? 2 : 4);
  const std::uint64_t start = version == 1 ? 10 : 12;
  if (length > kMaxHeader || start + length > file->size()) {
    return bad_file(path, "npy header is truncated");
  }
  std::string text(length, '\0');
  if (Status s = file->read_at(start, std::as_writable_bytes(std::span(text.data(), text.size())));
      !s) {
    return s.error();
  }
  const auto header = parse_header(text);
  const auto count = header ? element_count(header->shape) : std::nullopt;
  if (!count)
    return bad_file(path, "npy header cannot be read", "one plain array of float32", "", kConvert);
  if (header->type != "<f4") {
    return bad_file(path, "array has another type", "float32 ('<f4')",
                    "'" + printable(header->type) + "'", kConvert);
  }
  if (header->fortran && header->shape.size() > 1) {
    return bad_file(path, "array is in Fortran order", "C order", "", kConvert);
  }
  const std::uint64_t expected = start + length + std::uint64_t{4} * *count;
  if (file->size() != expected) {
    return bad_file(path, "file size does not match the shape " + shape_text(header->shape),
                    std::to_string(expected) + " bytes", std::to_string(file->size()) + " bytes");
  }
  return NpyReader(std::move(*file), start + length, header->shape, *count);
}

Status NpyReader::read(std::size_t first, std::span<float> out) const {
  return file_.read_at(offset_ + std::uint64_t{4} * first, std::as_writable_bytes(out));
}

Result<NpyWriter> NpyWriter::create(const std::string& path, const std::string& type,
                                    const std::vector<std::size_t>& shape) {
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape_text(shape) + ", }";
  // The data begins at a multiple of 64 bytes.
  header.append((128 - 10 - (header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  const char size[2] = {static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  std::string start = std::string(kMagic) + std::string("\x01\x00", 2);
  start.append(size, 2);
  if (Status s = file->write(start + header); !s) return s.error();
  return NpyWriter(std::move(*file));
}

}  // namespace posittune::data
