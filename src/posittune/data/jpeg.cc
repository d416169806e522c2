// jpeglib.h needs size_t and FILE before it, jerror.h needs jpeglib.h.
// clang-format off
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>

#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "posittune/data/image_codecs.h"
#include "posittune/data/orientation.h"

namespace posittune::data {
namespace {

// A progressive file of many scans over a large picture takes minutes; real ones have about ten.
constexpr int kMaxScans = 256;

struct Decoder {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf on_error{};
  char message[JMSG_LENGTH_MAX] = {};
  bool unsupported = false;
  Image* image = nullptr;
  int orientation = 1;
};

Decoder& decoder_of(j_common_ptr jpeg) { return *static_cast<Decoder*>(jpeg->client_data); }

[[noreturn]] void fail(j_common_ptr jpeg) {
  Decoder& decoder = decoder_of(jpeg);
  jpeg->err->format_message(jpeg, decoder.message);
  decoder.unsupported = jpeg->err->msg_code == JERR_CONVERSION_NOTIMPL;
  std::longjmp(decoder.on_error, 1);
}

// Level -1 is damaged data that libjpeg would patch up; higher ones are traces.
void warn(j_common_ptr jpeg, int level) {
  if (level < 0) fail(jpeg);
}

void ignore(j_common_ptr) {}

void watch_scans(j_common_ptr jpeg) {
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMaxScans) return;
  Decoder& decoder = decoder_of(jpeg);
  std::snprintf(decoder.message, sizeof decoder.message, "more than %d scans", kMaxScans);
  std::longjmp(decoder.on_error, 1);
}

// Allocation may throw: reported, not passed through C frames.
bool make_room(Image& image) {
  try {
    image.rgb.resize(image.size.width * image.size.height * 3);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void say(Decoder& decoder, const char* text) {
  std::snprintf(decoder.message, sizeof decoder.message, "%s", text);
}

// The orientation in the first APP1 segment with EXIF; 1 without one.
int orientation_of(const jpeg_decompress_struct& jpeg) {
  for (const jpeg_marker_struct* marker = jpeg.marker_list; marker != nullptr;
       marker = marker->next) {
    if (marker->data_length < kExifMark.size() ||
        std::memcmp(marker->data, kExifMark.data(), kExifMark.size()) != 0) {
      continue;
    }
    return exif_orientation(std::as_bytes(std::span(marker->data, marker->data_length)));
  }
  return 1;
}

// Holds nothing with a destructor: see image_codecs.h.
void run(Decoder& decoder, EncodedBytes bytes, bool size_only) {
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  if (setjmp(decoder.on_error) != 0) return;
  jpeg_create_decompress(&jpeg);
  jpeg.client_data = &decoder;
  jpeg.progress = &decoder.progress;
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&jpeg, TRUE);
  decoder.orientation = orientation_of(jpeg);
  decoder.image->size = {jpeg.image_width, jpeg.image_height};
  if (!acceptable(decoder.image->size)) return say(decoder, "too many pixels");
  if (size_only) return;
  jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg);
  if (!make_room(*decoder.image)) return say(decoder, "not enough memory");
  const std::size_t row = decoder.image->size.width * 3;
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW at = decoder.image->rgb.data() + jpeg.output_scanline * row;
    jpeg_read_scanlines(&jpeg, &at, 1);
  }
  jpeg_finish_decompress(&jpeg);
}

}  // namespace

DecodeProblem decode_jpeg(EncodedBytes bytes, bool size_only, Image& image, int& orientation) {
  Decoder decoder;
  decoder.image = &image;
  decoder.jpeg.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = fail;
  decoder.errors.emit_message = warn;
  decoder.errors.output_message = ignore;
  decoder.progress.progress_monitor = watch_scans;
  decoder.jpeg.client_data = &decoder;  // for an error inside jpeg_create_decompress
  run(decoder, bytes, size_only);
  jpeg_destroy_decompress(&decoder.jpeg);
  orientation = decoder.orientation;
  return {decoder.message, decoder.unsupported};
}

}  // namespace posittune::data
