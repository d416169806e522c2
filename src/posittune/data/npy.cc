#include "posittune/data/npy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "posittune/base/digits.h"
#include "posittune/base/half.h"
#include "posittune/data/bad_input.h"
#include "posittune/data/npy_header.h"

namespace posittune::data {
namespace {

static_assert(std::endian::native == std::endian::little, "npy files are read as little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";

}  // namespace

NpyReader::NpyReader(InputFile file, std::uint64_t offset, NpyHeader header, NumberType number)
    : file_(std::move(file)),
      offset_(offset),
      type_(std::move(header.type)),
      number_(number),
      fortran_(header.fortran),
      shape_(std::move(header.shape)),
      size_(header.count) {}

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
  const auto number = number_type(header->type);
  if (!number) {
    return bad_input(path, "array has a type that is not read", kNpyNumbers,
                     "'" + printable(header->type) + "'", kNpyConvertHint);
  }
  const std::uint64_t data = prefix->header_start + prefix->header_length;
  const std::uint64_t expected = data + std::uint64_t{number->bytes} * header->count;
  if (file->size() != expected) {
    return bad_input(path, "file size does not match the shape " + to_string(header->shape),
                     std::to_string(expected) + " bytes", std::to_string(file->size()) + " bytes");
  }
  NpyReader reader(std::move(*file), data, std::move(*header), *number);
  if (!reader.fortran_ || reader.size_ == 0) return reader;
  if (Status s = reader.reorder(); !s) return s.error();
  return reader;
}

// Rows in Fortran order are spread over the whole file.
Status NpyReader::reorder() {
  const std::uint64_t bytes = std::uint64_t{number_.bytes} * size_;
  if (2 * bytes > memory_bytes()) {
    return Error{.kind = ErrorKind::kResource,
                 .what = "array in Fortran order is larger than the memory",
                 .where = path(),
                 .found = std::to_string(bytes) + " bytes",
                 .hint = "save numpy.ascontiguousarray(x), which is read piece by piece"};
  }
  Bytes raw(bytes);
  if (Status s = file_.read_at(offset_, raw); !s) return s;
  auto ordered = to_c_order(raw, shape_, shape_.front(), number_.bytes);
  if (!ordered) return ordered.error();
  ordered_ = std::move(*ordered);
  return success();
}

namespace {

template <class T>
T number_at(const Bytes& bytes, std::size_t index) {
  T x;
  std::memcpy(&x, bytes.data() + index * sizeof x, sizeof x);
  return x;
}

// Element `index` of the Tensor's type as float32, to the nearest.
float as_float(ElementType type, const Bytes& bytes, std::size_t i) {
  switch (type) {
    case ElementType::kF32:
      return number_at<float>(bytes, i);
    case ElementType::kF64:
      return static_cast<float>(number_at<double>(bytes, i));
    case ElementType::kF16:
      return static_cast<float>(number_at<Half>(bytes, i));
    case ElementType::kI8:
      return number_at<std::int8_t>(bytes, i);
    case ElementType::kI16:
      return number_at<std::int16_t>(bytes, i);
    case ElementType::kI32:
      return static_cast<float>(number_at<std::int32_t>(bytes, i));
    case ElementType::kI64:
      return static_cast<float>(number_at<std::int64_t>(bytes, i));
    case ElementType::kU8:
    case ElementType::kBool:
      break;
  }
  return number_at<std::uint8_t>(bytes, i);
}

}  // namespace

Status NpyReader::read(std::size_t first, std::span<float> out) const {
  if (first > size() || out.size() > size() - first) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "elements past the end of an array are asked for",
                 .where = path(),
                 .expected = "at most " + std::to_string(size()) + " elements",
                 .found = std::to_string(out.size()) + " from element " + std::to_string(first)};
  }
  const std::uint64_t start = std::uint64_t{number_.bytes} * first;
  if (!fortran_ && type_ == "<f4") {
    return file_.read_at(offset_ + start, std::as_writable_bytes(out));
  }
  Bytes raw(number_.bytes * out.size());
  if (ordered_.empty()) {
    if (Status s = file_.read_at(offset_ + start, raw); !s) return s;
  } else {
    std::memcpy(raw.data(), ordered_.data() + start, raw.size());
  }
  Bytes numbers;
  if (!convert(std::move(raw), number_, type_, numbers)) {
    return bad_input(path(), "a number is larger than int64 holds", "at most 9223372036854775807");
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = as_float(number_.type, numbers, i);
    if (number_.type != ElementType::kF64 || !std::isinf(out[i])) continue;
    if (const double x = number_at<double>(numbers, i); std::isfinite(x)) {
      return bad_input(path() + ", element " + std::to_string(first + i),
                       "a number is larger than float32 holds",
                       "at most " + digits(std::numeric_limits<float>::max()), digits(x));
    }
  }
  return success();
}

Result<Tensor> NpyReader::read_all() const {
  const std::uint64_t bytes = std::uint64_t{number_.bytes} * size_;
  if (2 * bytes > memory_bytes()) {
    return Error{.kind = ErrorKind::kResource,
                 .what = "array is larger than the memory",
                 .where = path(),
                 .found = std::to_string(bytes) + " bytes"};
  }
  Bytes raw(bytes);
  if (ordered_.empty()) {
    if (Status s = file_.read_at(offset_, raw); !s) return s.error();
  } else {
    raw = ordered_;
  }
  Tensor tensor{number_.type, shape_, {}};
  if (convert(std::move(raw), number_, type_, tensor.bytes)) return tensor;
  return bad_input(path(), "a number is larger than int64 holds", "at most 9223372036854775807");
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
