#pragma once

// Codecs that image.h uses. Internal to the room.
//
// libjpeg and libpng report errors by longjmp, which must not leave a frame that holds C++ objects:
// each codec's state lies outside the function that calls setjmp.

#include <cstddef>
#include <span>
#include <string>

#include "posittune/data/image.h"

namespace posittune::data {

struct DecodeProblem {
  std::string text;  // empty: none
  bool unsupported = false;
};

using EncodedBytes = std::span<const std::byte>;

// Decoders: fill image.size, the pixels as they are stored (unless `size_only`), and the
// orientation of EXIF (see orientation.h).
DecodeProblem decode_jpeg(EncodedBytes bytes, bool size_only, Image& image, int& orientation);
DecodeProblem decode_png(EncodedBytes bytes, bool size_only, Image& image, int& orientation);

}  // namespace posittune::data
