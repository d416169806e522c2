#pragma once

// EXIF orientation: how a camera was held when it wrote its pixels.

#include <cstddef>
#include <span>
#include <string_view>

#include "posittune/data/image.h"

namespace posittune::data {

// What an APP1 segment of a JPEG with EXIF begins with; the TIFF structure follows.
inline constexpr std::string_view kExifMark{"Exif\0\0", 6};

// Tag 0x0112 of the first directory of a TIFF structure (EXIF 2.32, 4.6.4), 1 to 8. What cannot be
// read, has no such tag or another value is 1, upright, as in Pillow and OpenCV.
int exif_orientation(std::span<const std::byte> tiff);

// 5 to 8 swap width and height.
ImageSize upright(ImageSize size, int orientation);

// The picture as it is to be seen: Pillow's exif_transpose.
Image upright(Image image, int orientation);

}  // namespace posittune::data
