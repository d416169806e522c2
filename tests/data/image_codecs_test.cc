// The codecs by themselves: sizes before pixels, orientations, problems as texts. What they decode
// is in image_test.cc.

#include "posittune/data/image_codecs.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "posittune/data/orientation.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Decode = DecodeProblem (*)(EncodedBytes, bool, Image&, int&);

struct Decoded {
  DecodeProblem problem;
  Image image;
  int orientation = 0;
};
Decoded decoded(Decode decode, const std::string& file, bool size_only = false) {
  Decoded all;
  all.problem = decode(std::as_bytes(std::span(file.data(), file.size())), size_only, all.image,
                       all.orientation);
  return all;
}

std::string big_endian(std::uint32_t value) {
  std::string text;
  for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

// A TIFF structure with one entry: tag 0x0112, SHORT, one value.
std::string tiff(char orientation) {
  return std::string("MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + orientation +
         std::string(6, '\0');
}

// Behind the SOI marker: APP1, its length, "Exif\0\0" and the structure.
std::string with_exif(const std::string& jpeg, char orientation) {
  const std::string body = std::string(kExifMark) + tiff(orientation);
  return jpeg.substr(0, 2) + "\xff\xe1" +
         big_endian(static_cast<std::uint32_t>(body.size() + 2)).substr(2) + body + jpeg.substr(2);
}

// In front of IEND: length, name, data, checksum of name and data.
std::string with_chunk(const std::string& png, char orientation, std::uint32_t checksum_error = 0) {
  const std::string body = "eXIf" + tiff(orientation);
  const auto sum = static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
  return png.substr(0, png.size() - 12) + big_endian(static_cast<std::uint32_t>(body.size() - 4)) +
         body + big_endian(sum ^ checksum_error) + png.substr(png.size() - 12);
}

const std::string kPng = png_bytes(3, 2, 3, 8, Bytes(18, 9));
const std::string kJpeg = jpeg_bytes(3, 2, 3, Bytes(18, 9));

TEST(ImageCodecs, PixelsAsTheyAreStored) {
  for (const auto& [decode, file] : {std::pair<Decode, std::string>{decode_png, kPng},
                                     {decode_png, with_chunk(kPng, 6)},
                                     {decode_jpeg, kJpeg},
                                     {decode_jpeg, with_exif(kJpeg, 6)}}) {
    const Decoded all = decoded(decode, file);
    EXPECT_EQ(all.problem.text, "");
    EXPECT_EQ(all.image.size, (ImageSize{3, 2}));  // on its side, where it is 6
    EXPECT_EQ(all.image.rgb, Bytes(18, 9));        // one colour: JPEG keeps it
  }
}

TEST(ImageCodecs, OrientationOfTheFile) {
  EXPECT_EQ(decoded(decode_png, kPng).orientation, 1);
  EXPECT_EQ(decoded(decode_jpeg, kJpeg).orientation, 1);
  for (char turn = 1; turn <= 8; ++turn) {
    for (const bool size_only : {false, true}) {
      EXPECT_EQ(decoded(decode_png, with_chunk(kPng, turn), size_only).orientation, turn);
      EXPECT_EQ(decoded(decode_jpeg, with_exif(kJpeg, turn), size_only).orientation, turn);
    }
  }
}

TEST(ImageCodecs, TheSizeAloneTakesNoPixels) {
  for (const auto& [decode, file] :
       {std::pair<Decode, std::string>{decode_png, kPng}, {decode_jpeg, kJpeg}}) {
    const Decoded all = decoded(decode, file, true);
    EXPECT_EQ(all.problem.text, "");
    EXPECT_EQ(all.image.size, (ImageSize{3, 2}));
    EXPECT_TRUE(all.image.rgb.empty());
  }
}

TEST(ImageCodecs, ProblemsAreTexts) {
  for (const auto& [decode, file] :
       {std::pair<Decode, std::string>{decode_png, kPng}, {decode_jpeg, kJpeg}}) {
    for (const std::string& wrong : {std::string(), file.substr(0, file.size() / 2)}) {
      const DecodeProblem problem = decoded(decode, wrong).problem;
      EXPECT_NE(problem.text, "");
      EXPECT_FALSE(problem.unsupported);
    }
  }
  EXPECT_EQ(decoded(decode_png, with_chunk(kPng, 6, 1)).problem.text, "eXIf: CRC error");
}

TEST(ImageCodecs, FourColoursAreNotSupported) {
  const DecodeProblem problem = decoded(decode_jpeg, jpeg_bytes(8, 8, 4, Bytes(256, 50))).problem;
  EXPECT_NE(problem.text, "");
  EXPECT_TRUE(problem.unsupported);
}

}  // namespace
}  // namespace posittune::data
