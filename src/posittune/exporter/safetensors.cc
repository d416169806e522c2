#include "posittune/exporter/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <tuple>
#include <utility>

namespace posittune::exporter {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMostHeader = 100'000'000;  // as the format's own library has it

Error bad_file(const std::string& where, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "not a safetensors file",
          .where = where,
          .expected = expected,
          .found = found};
}

std::uint64_t from_little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[i - 1]);
  return value;
}

std::string little_endian(std::uint64_t value) {
  std::string text;
  for (std::uint64_t i = 0; i < kLengthBytes; ++i)
    text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

// Where each tensor lies; kInput for a name twice.
Status place(std::vector<StoredTensor>& tensors, SafetensorsHeader& header) {
  std::ranges::sort(tensors, [](const StoredTensor& a, const StoredTensor& b) {
    const std::size_t a_size = element_size(a.dtype), b_size = element_size(b.dtype);
    return std::tie(b_size, a.name) < std::tie(a_size, b.name);
  });
  std::uint64_t end = 0;
  std::map<std::string, int> seen;
  for (const StoredTensor& tensor : tensors) {
    if (seen[tensor.name]++ > 0) {
      return Error{
          .kind = ErrorKind::kInput, .what = "two tensors of one name", .where = tensor.name};
    }
    std::uint64_t bytes = element_size(tensor.dtype);
    for (const std::uint64_t size : tensor.shape) bytes *= size;
    header.tensors.push_back({tensor.name, tensor.dtype, tensor.shape, end, end + bytes});
    end += bytes;
  }
  return success();
}

}  // namespace

std::size_t element_size(std::string_view dtype) {
  constexpr std::array<std::pair<std::string_view, std::size_t>, 16> kTypes = {{{"BOOL", 1},
                                                                                {"U8", 1},
                                                                                {"I8", 1},
                                                                                {"F8_E4M3", 1},
                                                                                {"F8_E5M2", 1},
                                                                                {"F8_E8M0", 1},
                                                                                {"U16", 2},
                                                                                {"I16", 2},
                                                                                {"F16", 2},
                                                                                {"BF16", 2},
                                                                                {"U32", 4},
                                                                                {"I32", 4},
                                                                                {"F32", 4},
                                                                                {"U64", 8},
                                                                                {"I64", 8},
                                                                                {"F64", 8}}};
  const auto found = std::ranges::find(kTypes, dtype, &decltype(kTypes)::value_type::first);
  return found == kTypes.end() ? 0 : found->second;
}

SafetensorsFile::SafetensorsFile(InputFile file, SafetensorsHeader header, std::uint64_t data)
    : file_(std::move(file)), header_(std::move(header)), data_(data) {
  for (std::size_t i = 0; i < header_.tensors.size(); ++i) by_name_[header_.tensors[i].name] = i;
}

Result<SafetensorsFile> SafetensorsFile::open(const std::string& path) {
  auto file = InputFile::open(path);
  if (!file) return file.error();
  if (file->size() < kLengthBytes) {
    return bad_file(path, "8 bytes with the length of a header",
                    std::to_string(file->size()) + " bytes");
  }
  std::array<std::byte, kLengthBytes> length_bytes{};
  if (const Status read = file->read_at(0, length_bytes); !read) return read.error();
  const std::uint64_t length = from_little_endian(length_bytes);
  const std::uint64_t most = std::min(file->size() - kLengthBytes, kMostHeader);
  if (length > most) {
    return bad_file(path, "a header of at most " + std::to_string(most) + " bytes",
                    std::to_string(length));
  }
  std::string json(length, '\0');
  const Status read = file->read_at(kLengthBytes, std::as_writable_bytes(std::span(json)));
  if (!read) return read.error();
  const std::uint64_t data = kLengthBytes + length;
  auto header = parse_header(json, file->size() - data, path);
  if (!header) return header.error();
  return SafetensorsFile(std::move(*file), std::move(*header), data);
}

const TensorEntry* SafetensorsFile::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &header_.tensors[found->second];
}

Result<std::string> SafetensorsFile::read(const TensorEntry& tensor) const {
  std::string bytes(tensor.end - tensor.begin, '\0');
  const Status read = file_.read_at(data_ + tensor.begin, std::as_writable_bytes(std::span(bytes)));
  if (!read) return read.error();
  return bytes;
}

Status write_safetensors(const std::string& path,
                         const std::map<std::string, std::string>& metadata,
                         std::vector<StoredTensor> tensors) {
  SafetensorsHeader header{.metadata = metadata, .tensors = {}};
  if (const Status placed = place(tensors, header); !placed) return placed.error();
  auto text = header_text(header);
  if (!text) return text.error();
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  if (const Status ok = file->write(little_endian(text->size()) + *text); !ok) return ok.error();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto bytes = tensors[i].bytes();
    if (!bytes) return bytes.error();
    const std::uint64_t promised = header.tensors[i].end - header.tensors[i].begin;
    if (bytes->size() != promised) {
      return Error{.kind = ErrorKind::kInternal,
                   .what = "a tensor's bytes do not fit its shape",
                   .where = tensors[i].name,
                   .expected = std::to_string(promised) + " bytes",
                   .found = std::to_string(bytes->size())};
    }
    if (const Status ok = file->write(*bytes); !ok) return ok.error();
  }
  return file->commit();
}

}  // namespace posittune::exporter
