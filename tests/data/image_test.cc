// PNG and JPEG files made by the libraries' writers; Pillow's pixels are in data_peers_test.py.

#include "posittune/data/image.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

using Bytes = std::vector<std::uint8_t>;

class Images : public testing::Test {
 protected:
  Result<Image> read(const std::string& bytes) {
    std::filesystem::remove(path());  // a new file is faster than one cut to nothing
    write_bytes(path(), bytes);
    return read_image(path());
  }
  std::string path() const { return folder_.file("x.img"); }
  void expect_pixels(const std::string& bytes, ImageSize size, const Bytes& rgb) {
    const auto image = read(bytes);
    ASSERT_TRUE(image.ok()) << image.error().message();
    EXPECT_EQ(image->size, size);
    EXPECT_EQ(image->rgb, rgb);
    const auto alone = read_image_size(path());
    ASSERT_TRUE(alone.ok());
    EXPECT_EQ(*alone, size);
  }
  void expect_error(const std::string& bytes, ErrorKind kind, const std::string& text) {
    const auto image = read(bytes);
    ASSERT_FALSE(image.ok()) << text;
    EXPECT_TRUE(is_error(image.error(), kind, {text, path()}));
  }
  TemporaryFolder folder_;
};

TEST_F(Images, PngOfEveryKind) {
  expect_pixels(png_bytes(2, 1, 3, 8, {1, 2, 3, 250, 251, 252}), {2, 1}, {1, 2, 3, 250, 251, 252});
  expect_pixels(png_bytes(1, 2, 1, 8, {7, 200}), {1, 2}, {7, 7, 7, 200, 200, 200});
  // Alpha is dropped, not mixed with a background.
  expect_pixels(png_bytes(1, 1, 4, 8, {10, 20, 30, 0}), {1, 1}, {10, 20, 30});
  expect_pixels(png_bytes(1, 1, 2, 8, {90, 128}), {1, 1}, {90, 90, 90});
  // 16 bits: the nearest of 255 / 65535 times; 0x01ff is 1.99, its high byte 1.
  expect_pixels(png_bytes(1, 1, 3, 16, {0x01, 0xff, 0x00, 0x7f, 0xff, 0xff}), {1, 1}, {2, 0, 255});
  expect_pixels(palette_png_bytes(2, 1, {9, 8, 7, 100, 110, 120}, {1, 0}), {2, 1},
                {100, 110, 120, 9, 8, 7});
}

TEST_F(Images, InterlacedPngIsTheSame) {
  Bytes samples;
  for (int i = 0; i < 5 * 7 * 3; ++i) samples.push_back(static_cast<std::uint8_t>(i * 2));
  expect_pixels(png_bytes(5, 7, 3, 8, samples, true), {5, 7}, samples);
}

Bytes gradient(unsigned width, unsigned height, int channels) {
  Bytes samples;
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        samples.push_back(
            static_cast<std::uint8_t>(40 + x * 2 + y + static_cast<unsigned>(c) * 20));
      }
    }
  }
  return samples;
}

TEST_F(Images, Jpeg) {
  for (const bool progressive : {false, true}) {
    const Bytes samples = gradient(33, 17, 3);
    const auto image = read(jpeg_bytes(33, 17, 3, samples, progressive));
    ASSERT_TRUE(image.ok()) << image.error().message();
    EXPECT_EQ(image->size, (ImageSize{33, 17}));
    ASSERT_EQ(image->rgb.size(), samples.size());
    // Quality 95 and halved chroma: a smooth gradient comes back within a few steps.
    for (std::size_t i = 0; i < samples.size(); ++i) {
      ASSERT_LE(std::abs(image->rgb[i] - samples[i]), 6) << i;
    }
  }
}

TEST_F(Images, GreyJpegHasThreeEqualChannels) {
  const auto image = read(jpeg_bytes(16, 16, 1, Bytes(256, 77)));
  ASSERT_TRUE(image.ok()) << image.error().message();
  EXPECT_EQ(image->rgb, Bytes(768, 77));
}

TEST_F(Images, CmykJpegIsNotSupported) {
  expect_error(jpeg_bytes(8, 8, 4, Bytes(256, 50)), ErrorKind::kUnsupported,
               "kind that is not read");
}

TEST_F(Images, EveryTruncationIsAnError) {
  const std::string png = png_bytes(9, 9, 3, 8, gradient(9, 9, 3));
  for (std::size_t n = 0; n < png.size(); ++n) {
    const auto image = read(png.substr(0, n));
    ASSERT_FALSE(image.ok()) << n;
    EXPECT_EQ(image.error().kind, ErrorKind::kInput);
  }
  for (const bool progressive : {false, true}) {
    const std::string jpeg = jpeg_bytes(33, 17, 3, gradient(33, 17, 3), progressive);
    for (std::size_t n = 0; n < jpeg.size() - 2; ++n) {
      const auto image = read(jpeg.substr(0, n));
      ASSERT_FALSE(image.ok()) << n;
      EXPECT_EQ(image.error().kind, ErrorKind::kInput);
    }
  }
}

TEST_F(Images, DamagedBytesNeverCrash) {
  for (const std::string& bytes :
       {png_bytes(9, 9, 3, 8, gradient(9, 9, 3)), png_bytes(9, 9, 4, 16, Bytes(648, 5), true),
        jpeg_bytes(17, 9, 3, gradient(17, 9, 3)), jpeg_bytes(17, 9, 3, gradient(17, 9, 3), true)}) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const int flip : {0x01, 0x40, 0xff}) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        const auto image = read(damaged);
        EXPECT_TRUE(image.ok() || !image.error().what.empty());
      }
    }
  }
}

TEST_F(Images, HugeSizesAreRefusedBeforeMemoryIsTaken) {
  std::string png = png_bytes(1, 1, 3, 8, {1, 2, 3});
  for (std::size_t at : {16u, 20u}) png.replace(at, 4, std::string("\x00\xff\xff\xff", 4));
  EXPECT_FALSE(read(png).ok());
  std::string jpeg = jpeg_bytes(8, 8, 1, Bytes(64, 9));
  const std::size_t frame = jpeg.find("\xff\xc0");  // marker, length, precision, height, width
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  expect_error(jpeg, ErrorKind::kInput, "too many pixels");
}

TEST_F(Images, OtherFiles) {
  expect_error("GIF89a", ErrorKind::kInput, "JPEG or PNG");
  expect_error("", ErrorKind::kInput, "JPEG or PNG");
  EXPECT_FALSE(read_image(folder_.file("none.png")).ok());
  EXPECT_FALSE(read_image(folder_.file("")).ok());
}

}  // namespace
}  // namespace posittune::data
