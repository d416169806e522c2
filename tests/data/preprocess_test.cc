// Pixels to a network's input, by hand.

#include "posittune/data/preprocess.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/data/files.h"

namespace posittune::data {
namespace {

using Floats = std::vector<float>;

Image image_of(std::size_t width, std::size_t height, const std::vector<std::uint8_t>& rgb) {
  return {{width, height}, rgb};
}

Floats run(const Image& image, const Preprocessing& options) {
  Floats out(options.width * options.height * 3, -99);
  Resizer resizer;
  const Status s = preprocess(image, options, resizer, out);
  EXPECT_TRUE(s.ok()) << (s.ok() ? "" : s.error().message());
  return out;
}

TEST(Preprocess, LayoutAndChannels) {
  const Image image = image_of(2, 1, {1, 2, 3, 4, 5, 6});
  Preprocessing options{.height = 1, .width = 2, .scale = 1};
  EXPECT_EQ(run(image, options), (Floats{1, 4, 2, 5, 3, 6}));
  options.bgr = true;
  EXPECT_EQ(run(image, options), (Floats{3, 6, 2, 5, 1, 4}));
  options.nhwc = true;
  EXPECT_EQ(run(image, options), (Floats{3, 2, 1, 6, 5, 4}));
  options.bgr = false;
  EXPECT_EQ(run(image, options), (Floats{1, 2, 3, 4, 5, 6}));
}

TEST(Preprocess, NormalisesInTheNetworksOrder) {
  const Image image = image_of(1, 1, {255, 0, 51});
  Preprocessing options{.height = 1, .width = 1};
  EXPECT_EQ(run(image, options), (Floats{1, 0, 0.2f}));
  options.mean = {0.5, 0.25, 0.2};
  options.std = {0.25, 0.5, 0.1};
  EXPECT_EQ(run(image, options), (Floats{2, -0.5, 0}));
  options.bgr = true;  // mean and std of the first channel are now those of blue
  EXPECT_EQ(run(image, options), (Floats{static_cast<float>((0.2 - 0.5) / 0.25), -0.5, 8}));
}

TEST(Preprocess, AnotherSizeIsAnErrorUnlessResized) {
  Floats out(3);
  Resizer resizer;
  const Status s =
      preprocess(image_of(2, 1, {1, 2, 3, 4, 5, 6}), {.height = 1, .width = 1}, resizer, out);
  ASSERT_FALSE(s.ok());
  EXPECT_TRUE(is_error(s.error(), ErrorKind::kInput, {"1 x 1", "2 x 1", "letterbox"}));
}

// Output pixel i has its centre at (i + 0.5) * from / to - 0.5 of the input; edges repeat.
float bilinear(const Floats& plane, std::size_t width, std::size_t height, double x, double y) {
  const auto at = [&](double px, double py) {
    const auto cx = static_cast<std::size_t>(std::clamp(px, 0.0, static_cast<double>(width - 1)));
    const auto cy = static_cast<std::size_t>(std::clamp(py, 0.0, static_cast<double>(height - 1)));
    return static_cast<double>(plane[cy * width + cx]);
  };
  const double x0 = std::floor(x), y0 = std::floor(y), fx = x - x0, fy = y - y0;
  return static_cast<float>((1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0)) +
                            fy * ((1 - fx) * at(x0, y0 + 1) + fx * at(x0 + 1, y0 + 1)));
}

TEST(Resizer, EqualsTheFormula) {
  Resizer resizer;
  for (const auto& [from, to] : {std::pair<ImageSize, ImageSize>{{4, 3}, {7, 5}},
                                 {{4, 3}, {2, 2}},
                                 {{9, 8}, {4, 3}},
                                 {{1, 1}, {3, 2}},
                                 {{5, 1}, {3, 4}}}) {
    Floats planes(from.width * from.height * 3);
    for (std::size_t i = 0; i < planes.size(); ++i)
      planes[i] = static_cast<float>((i * 37 + 11) % 256);
    Floats out(to.width * to.height * 3);
    const Status s = resizer.resize(planes, from, out, to);
    ASSERT_TRUE(s.ok()) << s.error().message();
    const double sx = static_cast<double>(from.width) / static_cast<double>(to.width);
    const double sy = static_cast<double>(from.height) / static_cast<double>(to.height);
    for (std::size_t c = 0; c < 3; ++c) {
      const auto begin = planes.begin() + static_cast<std::ptrdiff_t>(c * from.width * from.height);
      const Floats plane(begin, begin + static_cast<std::ptrdiff_t>(from.width * from.height));
      for (std::size_t y = 0; y < to.height; ++y) {
        for (std::size_t x = 0; x < to.width; ++x) {
          const float expected =
              bilinear(plane, from.width, from.height, (static_cast<double>(x) + 0.5) * sx - 0.5,
                       (static_cast<double>(y) + 0.5) * sy - 0.5);
          // Weights and sums in float: a few units of 255 * 2^-24, times the pixel's position.
          EXPECT_NEAR(out[(c * to.height + y) * to.width + x], expected, 1e-3)
              << from.width << "x" << from.height << " at " << x << ", " << y;
        }
      }
    }
  }
}

Placement placed_in(ImageSize original, ImageSize network, Resize resize,
                    std::size_t short_side = 0) {
  return place(original, {.height = network.height,
                          .width = network.width,
                          .resize = resize,
                          .short_side = short_side});
}

TEST(Place, Stretch) {
  const Placement p = placed_in({100, 50}, {200, 25}, Resize::kStretch);
  EXPECT_EQ(p, (Placement{{200, 25}, 0, 0, 2, 0.5}));
}

TEST(Place, Letterbox) {
  // Wide: 192 / 100 limits; the height 96 leaves 96, half above.
  EXPECT_EQ(placed_in({100, 50}, {192, 192}, Resize::kLetterbox),
            (Placement{{192, 96}, 0, 48, 1.92, 1.92}));
  // Tall, with an odd rest: 10 x 3 -> width 6 * 5 / 10 = 3, 3 left of 6: 1 before, 2 behind.
  EXPECT_EQ(placed_in({5, 10}, {6, 6}, Resize::kLetterbox), (Placement{{3, 6}, 1, 0, 0.6, 0.6}));
  // Never less than a pixel.
  EXPECT_EQ(placed_in({1000, 1}, {10, 10}, Resize::kLetterbox).inside, (ImageSize{10, 1}));
}

// torchvision 0.22: Resize(short side), then CenterCrop(size).
TEST(Place, CenterCrop) {
  // 100 x 50: the height becomes 4, the width 8; 8 - 4 is cut, 2 on the left.
  EXPECT_EQ(placed_in({100, 50}, {4, 4}, Resize::kCenterCrop),
            (Placement{{8, 4}, -2, 0, 0.08, 0.08}));
  // The long side is rounded down: 256 * 500 / 333 = 384.4; (384 - 224) / 2, (256 - 224) / 2.
  const Placement usual = placed_in({500, 333}, {224, 224}, Resize::kCenterCrop, 256);
  EXPECT_EQ(usual.inside, (ImageSize{384, 256}));
  EXPECT_EQ(usual.left, -80);
  EXPECT_EQ(usual.top, -16);
  // Odd surpluses: 1 -> 0.5 -> 0, 3 -> 1.5 -> 2, 5 -> 2.5 -> 2, as Python's round().
  EXPECT_EQ(placed_in({7, 5}, {4, 4}, Resize::kCenterCrop, 5).left, -2);
  EXPECT_EQ(placed_in({7, 5}, {4, 4}, Resize::kCenterCrop, 5).top, 0);
  EXPECT_EQ(placed_in({9, 5}, {4, 4}, Resize::kCenterCrop, 5).left, -2);
  // A network that is not square: the short side is its larger one.
  EXPECT_EQ(placed_in({60, 40}, {30, 20}, Resize::kCenterCrop).inside, (ImageSize{45, 30}));
}

// The crop of an image that is not resized is a copy.
TEST(Preprocess, CenterCropCuts) {
  std::vector<std::uint8_t> rgb;
  for (int i = 0; i < 4 * 2; ++i) rgb.insert(rgb.end(), 3, static_cast<std::uint8_t>(i));
  const Floats out = run(image_of(4, 2, rgb),
                         {.height = 2, .width = 2, .resize = Resize::kCenterCrop, .scale = 1});
  EXPECT_EQ(Floats(out.begin(), out.begin() + 4), (Floats{1, 2, 5, 6}));
}

TEST(Place, LetterboxPadsAndBoxesFollow) {
  // 2 x 1 into 4 x 4: scaled to 4 x 2, one row of padding above and below.
  const Image image = image_of(2, 1, {200, 200, 200, 200, 200, 200});
  const Preprocessing options{
      .height = 4, .width = 4, .resize = Resize::kLetterbox, .pad = 7, .scale = 1};
  const Floats out = run(image, options);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t y = i / 4 % 4;
    EXPECT_EQ(out[i], y == 0 || y == 3 ? 7 : 200) << i;
  }
  const records::Box box =
      placed({0.5f, 0.25f, 1, 0.5f, 3, true}, placed_in({2, 1}, {4, 4}, Resize::kLetterbox));
  EXPECT_EQ(box.x, 1);
  EXPECT_EQ(box.y, 1.5);
  EXPECT_EQ(box.width, 2);
  EXPECT_EQ(box.height, 1);
  EXPECT_EQ(box.category, 3);
  EXPECT_TRUE(box.crowd);
}

}  // namespace
}  // namespace posittune::data
