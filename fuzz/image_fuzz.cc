// JPEG and PNG files of any content: pixels that fill the image, or an error.

#include "fuzz.h"
#include "memory_file.h"
#include "posittune/data/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posittune;
  static const fuzz::MemoryFile file;
  file.fill(data, size);
  const auto announced = data::read_image_size(file.path());
  // A small JPEG may well be a large picture of one colour: too slow to be looked at often.
  constexpr std::size_t kPixels = std::size_t{1} << 16;
  if (announced.ok() && announced->width * announced->height > kPixels) return 0;
  const auto image = data::read_image(file.path());
  if (!image.ok()) {
    fuzz::require(!image.error().message().empty(), "errors say what is wrong");
    return 0;
  }
  fuzz::require(announced.ok() && *announced == image->size, "header and pixels agree");
  fuzz::require(image->rgb.size() == image->size.width * image->size.height * 3, "pixels fill it");
  return 0;
}
