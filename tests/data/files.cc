// jpeglib.h needs size_t and FILE before it.
// clang-format off
#include "tests/data/files.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include <jpeglib.h>
#include <png.h>
#include <zip.h>
// clang-format on

namespace posittune::data {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

std::string png_file(unsigned width, unsigned height, int type, int bits, std::size_t row_bytes,
                     std::vector<std::uint8_t> samples, const std::vector<std::uint8_t>& colours,
                     bool interlaced) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep bytes, std::size_t count) {
        static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(bytes), count);
      },
      nullptr);
  png_set_IHDR(png, info, width, height, bits, type,
               interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette;
  for (std::size_t i = 0; i + 2 < colours.size(); i += 3) {
    palette.push_back({colours[i], colours[i + 1], colours[i + 2]});
  }
  if (!palette.empty()) {
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  }
  png_write_info(png, info);
  require(samples.size() == row_bytes * height, "samples fill the image");
  std::vector<png_bytep> rows;
  for (unsigned y = 0; y < height; ++y) rows.push_back(samples.data() + y * row_bytes);
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

}  // namespace

std::string npy_bytes(const std::string& type, const std::string& shape, const std::string& data) {
  const std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  std::string out = "\x93NUMPY";
  out += '\x01';
  out += '\0';
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  return out + header + data;
}

std::string zip_bytes(const ZipEntries& entries, bool deflate) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* buffer = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_t* archive = zip_open_from_source(buffer, ZIP_TRUNCATE, &error);
  require(archive != nullptr, "an archive in memory can be made");
  zip_source_keep(buffer);
  for (const auto& [name, bytes] : entries) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    require(index >= 0, "an entry can be added");
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                             deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  require(zip_close(archive) == 0, "the archive can be written");
  zip_stat_t about;
  zip_source_stat(buffer, &about);
  std::string out(about.size, '\0');
  zip_source_open(buffer);
  require(zip_source_read(buffer, out.data(), out.size()) == static_cast<zip_int64_t>(out.size()),
          "the archive can be read");
  zip_source_close(buffer);
  zip_source_free(buffer);
  return out;
}

std::string png_bytes(unsigned width, unsigned height, int channels, int bits,
                      const std::vector<std::uint8_t>& samples, bool interlaced) {
  constexpr int kTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                            PNG_COLOR_TYPE_RGB_ALPHA};
  const std::size_t row = std::size_t{width} * static_cast<std::size_t>(channels * bits / 8);
  return png_file(width, height, kTypes[channels - 1], bits, row, samples, {}, interlaced);
}

std::string palette_png_bytes(unsigned width, unsigned height,
                              const std::vector<std::uint8_t>& colours,
                              const std::vector<std::uint8_t>& indices) {
  return png_file(width, height, PNG_COLOR_TYPE_PALETTE, 8, width, indices, colours, false);
}

std::string jpeg_bytes(unsigned width, unsigned height, int channels,
                       const std::vector<std::uint8_t>& samples, bool progressive) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 95, TRUE);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  std::vector<std::uint8_t> row(std::size_t{width} * static_cast<std::size_t>(channels));
  for (std::size_t y = 0; y < height; ++y) {
    std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(y * row.size()), row.size(),
                row.begin());
    JSAMPROW at = row.data();
    jpeg_write_scanlines(&jpeg, &at, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string out(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return out;
}

testing::AssertionResult is_error(const Error& error, ErrorKind kind,
                                  const std::vector<std::string>& parts) {
  if (error.kind != kind) {
    return testing::AssertionFailure()
           << "kind " << static_cast<int>(error.kind) << ": " << error.message();
  }
  for (const std::string& part : parts) {
    if (error.message().find(part) == std::string::npos) {
      return testing::AssertionFailure() << "no '" << part << "' in: " << error.message();
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace posittune::data
