#pragma once

// Orientation by EXIF: how the camera was held.

#include <cstddef>
#include <span>
#include <string_view>

#include "posittune/data/image.h"

namespace posittune::data {

// The mark at the beginning of a JPEG's APP1 segment with EXIF; the TIFF structure follows.
inline constexpr std::string_view kExifMark{"Exif\0\0", 6};

// The orientation, 1 to 8: tag 0x0112 of the first directory of a TIFF structure (EXIF 2.32,
// 4.6.4). It is 1, upright, where the structure cannot be read, or the tag is missing or has
// another value, as in Pillow and OpenCV.
int exif_orientation(std::span<const std::byte> tiff);

// The size of the upright picture; orientations 5 to 8 swap width and height.
ImageSize upright(ImageSize size, int orientation);

// The upright picture, as Pillow's exif_transpose.
Image upright(Image image, int orientation);

}  // namespace posittune::data
