#include "posittune/data/npy.h"

#include <algorithm>
#include <bit>

#include "posittune/data/npy_header.h"

namespace posittune::data {
namespace {

static_assert(std::endian::native == std::endian::little, "npy files are read as little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";

Error bad_file(const std::string& path, const std::string& what, const std::string& expected = {},
               const std::string& found = {}, const std::string& hint = {}) {
  return {.kind = ErrorKind::kInput,
          .what = what,
          .where = path,
          .expected = expected,
          .found = found,
          .hint = hint};
}

}  // namespace

NpyReader::NpyReader(InputFile file, std::uint64_t offset, std::vector<std::size_t> shape,
                     std::size_t size)
    : file_(std::move(file)), offset_(offset), shape_(std::move(shape)), size_(size) {}

Result<NpyReader> NpyReader::open(const std::string& path) {
  auto file = InputFile::open(path);
  if (!file) return file.error();
  std::byte start[kNpyPrefixBytes] = {};
  const std::span head(start, std::min<std::size_t>(sizeof start, file->size()));
  if (Status s = file->read_at(0, head); !s) return s.error();
  const auto prefix = parse_npy_prefix(path, head, file->size());
  if (!prefix) return prefix.error();
  std::string text(prefix->header_length, '\0');
  if (Status s = file->read_at(prefix->header_start,
                               std::as_writable_bytes(std::span(text.data(), text.size())));
      !s) {
    return s.error();
  }
  auto header = parse_npy_header(path, text);
  if (!header) return header.error();
  if (header->fortran) {
    return bad_file(path, "array is in Fortran order", "C order", "",
                    "save numpy.ascontiguousarray(x)");
  }
  if (header->type != "<f4") {
    return bad_file(path, "array has another type", "float32 ('<f4')",
                    "'" + printable(header->type) + "'", kNpyConvertHint);
  }
  const std::uint64_t data = prefix->header_start + prefix->header_length;
  const std::uint64_t expected = data + std::uint64_t{4} * header->count;
  if (file->size() != expected) {
    return bad_file(path, "file size does not match the shape " + to_string(header->shape),
                    std::to_string(expected) + " bytes", std::to_string(file->size()) + " bytes");
  }
  return NpyReader(std::move(*file), data, std::move(header->shape), header->count);
}

Status NpyReader::read(std::size_t first, std::span<float> out) const {
  return file_.read_at(offset_ + std::uint64_t{4} * first, std::as_writable_bytes(out));
}

Result<NpyWriter> NpyWriter::create(const std::string& path, const std::string& type,
                                    const std::vector<std::size_t>& shape) {
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + to_string(shape) + ", }";
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
