#pragma once

// Preprocessing: from the pixels of a file to one row of a network's input.

#include <memory>
#include <span>

#include "posittune/base/result.h"
#include "posittune/data/data_spec.h"
#include "posittune/data/image.h"
#include "posittune/records/annotations.h"

namespace posittune::data {

// Placement of a picture in the network's input: x -> x * scale_x + left, the same for y.
struct Placement {
  ImageSize inside;                  // size after scaling, before padding or cutting
  std::ptrdiff_t left = 0, top = 0;  // padding before it; the rest is behind. Negative: cut off
  double scale_x = 1, scale_y = 1;   // inside / original, each side
  bool operator==(const Placement&) const = default;
};

// Places a picture. For letterbox the factor is min(width / original width, height / original
// height), sides are rounded to the nearest pixel (at least 1), and an odd padding has its smaller
// half first. For center_crop see Resize; the short side is that of `options`, whose size must be
// set.
Placement place(ImageSize original, const Preprocessing& options);

// A box in pixels of the file, moved to pixels of the network's input.
records::Box placed(const records::Box& box, const Placement& placement);

// A resizer: bilinear, half-pixel centres, edges repeated, on floats (OpenVINO's Interpolate); with
// a low-pass filter as Pillow's BILINEAR. One serves all images of a data set; concurrent calls
// wait for each other.
class Resizer {
 public:
  Resizer();
  ~Resizer();
  // Resizes planes, 3 x from.height x from.width, to out, 3 x to.height x to.width.
  Status resize(std::span<const float> planes, ImageSize from, std::span<float> out, ImageSize to,
                bool low_pass = false);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Computes one row of the network's input, NCHW or NHWC: resized, padded, normalised, channels in
// order. out.size() == height * width * 3 of `options`, whose size must be set. With Resize::kNone
// the image must have that size.
Status preprocess(const Image& image, const Preprocessing& options, Resizer& resizer,
                  std::span<float> out);

}  // namespace posittune::data
