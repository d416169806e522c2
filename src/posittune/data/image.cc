#include "posittune/data/image.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/data/image_codecs.h"
#include "posittune/data/orientation.h"

namespace posittune::data {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 30;
constexpr std::string_view kJpeg = "\xff\xd8\xff";
constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n";

Result<std::vector<std::byte>> read_whole(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file) return file.error();
  if (file->size() > kMaxFile) {
    return Error{.kind = ErrorKind::kResource, .what = "image file is too large", .where = path};
  }
  std::vector<std::byte> bytes(file->size());
  if (Status s = file->read_at(0, bytes); !s) return s.error();
  return bytes;
}

bool starts_with(EncodedBytes bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

Result<Image> decode(const std::string& path, bool size_only) {
  const auto bytes = read_whole(path);
  if (!bytes) return bytes.error();
  const bool jpeg = starts_with(*bytes, kJpeg);
  if (!jpeg && !starts_with(*bytes, kPng)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "not an image that is read",
                 .where = path,
                 .expected = "a JPEG or PNG file"};
  }
  Image image;
  int orientation = 1;
  const DecodeProblem problem = jpeg ? decode_jpeg(*bytes, size_only, image, orientation)
                                     : decode_png(*bytes, size_only, image, orientation);
  if (problem.text.empty() && size_only) return Image{upright(image.size, orientation), {}};
  if (problem.text.empty()) return upright(std::move(image), orientation);
  return Error{.kind = problem.unsupported ? ErrorKind::kUnsupported : ErrorKind::kInput,
               .what = problem.unsupported ? "image is of a kind that is not read"
                                           : "image is damaged or truncated",
               .where = path,
               .found = problem.text};
}

}  // namespace

Result<Image> read_image(const std::string& path) { return decode(path, false); }

Result<ImageSize> read_image_size(const std::string& path) {
  const auto image = decode(path, true);
  if (!image) return image.error();
  return image->size;
}

}  // namespace posittune::data
