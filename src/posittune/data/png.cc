#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

#include "posittune/data/image_codecs.h"
#include "posittune/data/orientation.h"

namespace posittune::data {
namespace {

constexpr png_uint_32 kMaxSide = 1u << 24;
constexpr png_alloc_size_t kMaxChunk = std::size_t{1} << 26;

// Deflate cannot do better (RFC 1951, 3.2.5): a small file cannot make us allocate much.
constexpr std::size_t kDeflateRatio = 1032;

struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  EncodedBytes rest;
  char message[192] = {};
  Image* image = nullptr;
  std::vector<png_bytep> rows;
};

void say(Decoder& decoder, const char* text) {
  std::snprintf(decoder.message, sizeof decoder.message, "%s", text);
}

[[noreturn]] void fail(png_structp png, png_const_charp text) {
  say(*static_cast<Decoder*>(png_get_error_ptr(png)), text);
  png_longjmp(png, 1);
}

// Warnings of parts that hold no pixels, as colour profiles; damage to pixels is an error.
void ignore(png_structp, png_const_charp) {}

void read_some(png_structp png, png_bytep out, std::size_t count) {
  Decoder& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > decoder.rest.size()) png_error(png, "file ends too early");
  std::memcpy(out, decoder.rest.data(), count);
  decoder.rest = decoder.rest.subspan(count);
}

// Allocation may throw: reported, not passed through C frames.
bool make_room(Decoder& decoder) {
  Image& image = *decoder.image;
  try {
    image.rgb.resize(image.size.width * image.size.height * 3);
    decoder.rows.resize(image.size.height);
  } catch (const std::bad_alloc&) {
    return false;
  }
  for (std::size_t y = 0; y < decoder.rows.size(); ++y) {
    decoder.rows[y] = image.rgb.data() + y * image.size.width * 3;
  }
  return true;
}

std::uint32_t big_endian(EncodedBytes bytes) {
  std::uint32_t value = 0;
  for (const std::byte b : bytes.first(4)) value = value << 8 | std::to_integer<std::uint32_t>(b);
  return value;
}

// The eXIf chunk (PNG 3, 11.3.4.5) wherever it stands: it may follow the pixels, which libpng shows
// only to who decodes them all. Empty without one; false when its checksum is wrong.
bool find_exif(EncodedBytes file, EncodedBytes& exif) {
  constexpr std::size_t kSignature = 8, kAround = 12;  // length, name, checksum
  for (EncodedBytes rest = file.subspan(std::min(kSignature, file.size()));
       rest.size() >= kAround;) {
    const std::size_t length = big_endian(rest);
    if (length > rest.size() - kAround) return true;
    const EncodedBytes named = rest.subspan(4, length + 4);
    if (std::memcmp(named.data(), "eXIf", 4) == 0) {
      exif = named.subspan(4);
      const auto* text = reinterpret_cast<const Bytef*>(named.data());
      return crc32(0, text, static_cast<uInt>(named.size())) ==
             big_endian(rest.subspan(8 + length));
    }
    rest = rest.subspan(length + kAround);
  }
  return true;
}

// Holds nothing with a destructor: see image_codecs.h.
void run(Decoder& decoder, bool size_only) {
  png_structp png = decoder.png;
  if (setjmp(png_jmpbuf(png)) != 0) return;
  png_set_user_limits(png, kMaxSide, kMaxSide);
  png_set_chunk_malloc_max(png, kMaxChunk);
  png_set_read_fn(png, &decoder, read_some);
  png_read_info(png, decoder.info);
  decoder.image->size = {png_get_image_width(png, decoder.info),
                         png_get_image_height(png, decoder.info)};
  if (!acceptable(decoder.image->size)) return say(decoder, "too many pixels");
  if (size_only) return;
  if (decoder.image->size.height * png_get_rowbytes(png, decoder.info) / kDeflateRatio >
      decoder.rest.size()) {
    return say(decoder, "file ends too early for its size in pixels");
  }
  png_set_expand(png);  // palette to RGB, 1, 2, 4 bits to 8, transparency to alpha
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, decoder.info);
  if (png_get_rowbytes(png, decoder.info) != decoder.image->size.width * 3) {
    return say(decoder, "unexpected row size");
  }
  if (!make_room(decoder)) return say(decoder, "not enough memory");
  png_read_image(png, decoder.rows.data());
  png_read_end(png, nullptr);
}

}  // namespace

DecodeProblem decode_png(EncodedBytes bytes, bool size_only, Image& image, int& orientation) {
  Decoder decoder;
  decoder.rest = bytes;
  decoder.image = &image;
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, fail, ignore);
  if (decoder.png != nullptr) decoder.info = png_create_info_struct(decoder.png);
  if (decoder.info == nullptr) {
    say(decoder, "libpng cannot start");
  } else {
    run(decoder, size_only);
  }
  png_destroy_read_struct(&decoder.png, &decoder.info, nullptr);
  EncodedBytes exif;
  if (decoder.message[0] == '\0' && !find_exif(bytes, exif)) say(decoder, "eXIf: CRC error");
  orientation = exif_orientation(exif);
  return {decoder.message, false};
}

}  // namespace posittune::data
