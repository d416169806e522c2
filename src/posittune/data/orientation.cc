#include "posittune/data/orientation.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace posittune::data {
namespace {

constexpr std::uint32_t kTag = 0x0112;
constexpr std::size_t kEntry = 12;  // tag (2), type (2), count (4), value (4)

// A TIFF structure's numbers, in its byte order; 0 beyond its end.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool begins() {
    if (bytes_.size() < 8) return false;
    big_ = bytes_[0] == std::byte{'M'};
    const auto order = big_ ? std::byte{'M'} : std::byte{'I'};
    return bytes_[0] == order && bytes_[1] == order && number(2, 2) == 42;
  }
  std::uint32_t number(std::size_t at, std::size_t width) const {
    if (at > bytes_.size() || width > bytes_.size() - at) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t place = big_ ? i : width - 1 - i;
      value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at + place]);
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_ = false;
};

// Bytes of one value of an integer type (BYTE, SHORT, LONG); 0 for others.
std::size_t width_of(std::uint32_t type) {
  return type == 1 ? 1 : type == 3 ? 2 : type == 4 ? 4 : 0;
}

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
  if (tiff.size() >= kExifMark.size() &&
      std::memcmp(tiff.data(), kExifMark.data(), kExifMark.size()) == 0) {
    tiff = tiff.subspan(kExifMark.size());
  }
  Tiff file(tiff);
  if (!file.begins()) return 1;
  const std::size_t directory = file.number(4, 4);
  const std::size_t entries = file.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + i * kEntry;
    if (at + kEntry > tiff.size()) break;
    if (file.number(at, 2) != kTag) continue;
    const std::size_t width = width_of(file.number(at + 2, 2));
    const std::uint32_t value = file.number(at + 8, width);
    const bool one = file.number(at + 4, 4) == 1;
    return one && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

ImageSize upright(ImageSize size, int orientation) {
  if (orientation >= 5) std::swap(size.width, size.height);
  return size;
}

Image upright(Image image, int orientation) {
  if (orientation <= 1) return image;
  const ImageSize from = image.size;
  Image out{upright(from, orientation), std::vector<std::uint8_t>(image.rgb.size())};
  const bool swapped = orientation >= 5;
  // Where the stored row or column that a shown one is from counts from the end.
  const bool mirror_x =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  for (std::size_t y = 0; y < out.size.height; ++y) {
    for (std::size_t x = 0; x < out.size.width; ++x) {
      const std::size_t column = swapped ? y : x, row = swapped ? x : y;
      const std::size_t from_x = mirror_x ? from.width - 1 - column : column;
      const std::size_t from_y = mirror_y ? from.height - 1 - row : row;
      std::copy_n(image.rgb.data() + (from_y * from.width + from_x) * 3, 3,
                  out.rgb.data() + (y * out.size.width + x) * 3);
    }
  }
  return out;
}

}  // namespace posittune::data
