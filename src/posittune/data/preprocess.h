#pragma once

// From the pixels of a file to one row of a network's input.

#include <memory>
#include <span>

#include "posittune/base/result.h"
#include "posittune/data/data_spec.h"
#include "posittune/data/image.h"
#include "posittune/records/annotations.h"

namespace posittune::data {

// Where a picture lies in the network's input: x -> x * scale_x + left, the same for y.
struct Placement {
  ImageSize inside;                 // size after scaling, before padding
  std::size_t left = 0, top = 0;    // padding before it; the rest is behind
  double scale_x = 1, scale_y = 1;  // inside / original, each side
  bool operator==(const Placement&) const = default;
};

// For letterbox the factor is min(width / original width, height / original height), sides are
// rounded to the nearest pixel (at least 1), and an odd padding has its smaller half first.
Placement place(ImageSize original, ImageSize network, Resize resize);

// Pixels of the file to pixels of the network.
records::Box placed(const records::Box& box, const Placement& placement);

// Bilinear, half-pixel centres, edges repeated, on floats; OpenVINO's Interpolate. One for all
// images of a set; calls from several threads take turns.
class Resizer {
 public:
  Resizer();
  ~Resizer();
  // planes: 3 x from.height x from.width, out: 3 x to.height x to.width.
  Status resize(std::span<const float> planes, ImageSize from, std::span<float> out, ImageSize to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One row of the network's input, NCHW or NHWC: resized, padded, normalised, channels in order.
// out.size() == height * width * 3 of `options`, whose size must be set. With Resize::kNone the
// image must have that size.
Status preprocess(const Image& image, const Preprocessing& options, Resizer& resizer,
                  std::span<float> out);

}  // namespace posittune::data
