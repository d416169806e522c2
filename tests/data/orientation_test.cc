#include "posittune/data/orientation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace posittune::data {
namespace {

// Letters as pixels: rows of text.
Image picture(const std::vector<std::string>& rows) {
  Image image{{rows[0].size(), rows.size()}, {}};
  for (const std::string& row : rows) {
    for (const char letter : row) {
      for (int channel = 0; channel < 3; ++channel)
        image.rgb.push_back(static_cast<std::uint8_t>(letter + channel));
    }
  }
  return image;
}

// EXIF 2.32, table 6: where row 0 and column 0 of what is stored are in the scene.
TEST(Orientation, EightWaysToHoldACamera) {
  const std::vector<std::vector<std::string>> shown = {{"abc", "def"},       // 1: top, left
                                                       {"cba", "fed"},       // 2: top, right
                                                       {"fed", "cba"},       // 3: bottom, right
                                                       {"def", "abc"},       // 4: bottom, left
                                                       {"ad", "be", "cf"},   // 5: left, top
                                                       {"da", "eb", "fc"},   // 6: right, top
                                                       {"fc", "eb", "da"},   // 7: right, bottom
                                                       {"cf", "be", "ad"}};  // 8: left, bottom
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image expected = picture(shown[static_cast<std::size_t>(orientation - 1)]);
    const Image made = upright(picture({"abc", "def"}), orientation);
    EXPECT_EQ(made.rgb, expected.rgb) << orientation;
    EXPECT_EQ(made.size, expected.size) << orientation;
    EXPECT_EQ(upright(ImageSize{3, 2}, orientation), expected.size) << orientation;
  }
}

using Text = std::string;
Text number(unsigned value, int width, bool big) {
  Text bytes;
  for (int i = 0; i < width; ++i) {
    const int place = big ? width - 1 - i : i;
    bytes += static_cast<char>(value >> (8 * place) & 255U);
  }
  return bytes;
}

// One directory with another tag before the orientation.
Text tiff(bool big, unsigned type, unsigned count, unsigned value) {
  const auto n = [big](unsigned x, int width) { return number(x, width, big); };
  Text value_field = type == 3 ? n(value, 2) + n(0, 2) : n(value, 4);
  return (big ? "MM" : "II") + n(42, 2) + n(8, 4) + n(2, 2)     //
         + n(0x010f, 2) + n(2, 2) + n(4, 4) + Text("abc\0", 4)  // maker
         + n(0x0112, 2) + n(type, 2) + n(count, 4) + value_field + n(0, 4);
}

int read(const Text& bytes) {
  return exif_orientation(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

TEST(Orientation, IsReadInBothByteOrders) {
  for (unsigned value = 1; value <= 8; ++value) {
    for (const bool big : {false, true}) {
      EXPECT_EQ(read(tiff(big, 3, 1, value)), static_cast<int>(value));
      EXPECT_EQ(read(Text(kExifMark) + tiff(big, 3, 1, value)), static_cast<int>(value));
      EXPECT_EQ(read(tiff(big, 4, 1, value)), static_cast<int>(value));
    }
  }
}

TEST(Orientation, WhatCannotBeReadIsUpright) {
  EXPECT_EQ(read(tiff(false, 3, 1, 0)), 1);
  EXPECT_EQ(read(tiff(false, 3, 1, 9)), 1);
  EXPECT_EQ(read(tiff(false, 3, 2, 6)), 1);  // two values
  EXPECT_EQ(read(tiff(false, 5, 1, 6)), 1);  // a fraction
  EXPECT_EQ(read(""), 1);
  EXPECT_EQ(read("II*"), 1);
  EXPECT_EQ(read("MI" + tiff(true, 3, 1, 6).substr(2)), 1);
  const Text whole = tiff(true, 3, 1, 6);
  for (std::size_t size = 0; size < whole.size() - 4; ++size)  // no next directory is needed
    EXPECT_EQ(read(whole.substr(0, size)), 1) << size;
  EXPECT_EQ(read("MM" + number(42, 2, true) + number(0xffffffff, 4, true)), 1);
}

}  // namespace
}  // namespace posittune::data
