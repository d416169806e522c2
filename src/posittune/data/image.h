#pragma once

// Images: JPEG and PNG files as pixels.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::data {

struct ImageSize {
  std::size_t width = 0, height = 0;
  bool operator==(const ImageSize&) const = default;
};

struct Image {
  ImageSize size;
  std::vector<std::uint8_t> rgb;  // height x width x 3
};

// The largest number of pixels; larger images are refused before memory for them is allocated.
inline constexpr std::size_t kMaxPixels = std::size_t{1} << 26;
inline bool acceptable(ImageSize size) {
  return size.width > 0 && size.height > 0 && size.width <= kMaxPixels / size.height;
}

// Reads an image by its content, whatever its name. A JPEG is decoded as libjpeg does by default
// (accurate integer transform, smooth chroma), which is what Pillow shows. A PNG's grey and palette
// become RGB, 16 bits are rounded to 8; alpha is dropped, the colours kept as they are (as Pillow's
// convert("RGB") and OpenCV do). The picture stands upright: the orientation of EXIF (a JPEG's
// APP1, a PNG's eXIf) is applied as Pillow's exif_transpose and OpenCV's imread do. Gamma and
// colour profiles are ignored. kInput: not JPEG or PNG, truncated, or damaged (also where libjpeg
// only warns). kUnsupported: CMYK JPEG.
Result<Image> read_image(const std::string& path);

// The size of the upright picture, from the header alone; the pixels may be damaged.
Result<ImageSize> read_image_size(const std::string& path);

}  // namespace posittune::data
