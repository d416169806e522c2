#include "posittune/data/preprocess.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <openvino/op/constant.hpp>
#include <openvino/op/interpolate.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <openvino/openvino.hpp>
#include <vector>

#include "posittune/base/memory.h"

namespace posittune::data {
namespace {

std::size_t scaled(std::size_t side, double factor, std::size_t most) {
  const auto rounded = static_cast<std::size_t>(std::lround(static_cast<double>(side) * factor));
  return std::clamp<std::size_t>(rounded, 1, most);
}

double ratio(std::size_t to, std::size_t from) {
  return static_cast<double>(to) / static_cast<double>(from);
}

// Planes R, G, B of 0..255.
std::vector<float> planes_of(const Image& image) {
  const std::size_t pixels = image.size.width * image.size.height;
  std::vector<float> planes(pixels * 3);
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) planes[c * pixels + i] = image.rgb[i * 3 + c];
  }
  return planes;
}

ov::CompiledModel compile_resize(bool low_pass) {
  using Base = ov::op::util::InterpolateBase;
  const auto image =
      std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 3, -1, -1});
  const auto size = std::make_shared<ov::op::v0::Parameter>(ov::element::i64, ov::Shape{2});
  const auto axes = ov::op::v0::Constant::create(ov::element::i64, {2}, {2, 3});
  Base::InterpolateAttrs attributes;
  attributes.mode =
      low_pass ? Base::InterpolateMode::BILINEAR_PILLOW : Base::InterpolateMode::LINEAR_ONNX;
  attributes.shape_calculation_mode = Base::ShapeCalcMode::SIZES;
  attributes.coordinate_transformation_mode = Base::CoordinateTransformMode::HALF_PIXEL;
  attributes.pads_begin = attributes.pads_end = {0, 0, 0, 0};
  const auto resized = std::make_shared<ov::op::v11::Interpolate>(image, size, axes, attributes);
  const auto model =
      std::make_shared<ov::Model>(ov::OutputVector{resized}, ov::ParameterVector{image, size});
  return ov::Core().compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32));
}

}  // namespace

namespace {

std::size_t short_side_of(const Preprocessing& options) {
  return options.short_side > 0 ? options.short_side : std::max(options.height, options.width);
}

// torchvision's CenterCrop: int(round(surplus / 2.0)), where Python rounds halves to even.
std::ptrdiff_t cut(std::size_t inside, std::size_t network) {
  return -static_cast<std::ptrdiff_t>(std::nearbyint(static_cast<double>(inside - network) / 2));
}

Placement center_crop(ImageSize original, ImageSize network, std::size_t short_side) {
  const bool tall = original.height > original.width;
  const std::size_t shorter = tall ? original.width : original.height;
  const std::size_t longer = tall ? original.height : original.width;
  const std::size_t long_side = short_side * longer / shorter;
  Placement placement;
  placement.inside = tall ? ImageSize{short_side, long_side} : ImageSize{long_side, short_side};
  placement.left = cut(placement.inside.width, network.width);
  placement.top = cut(placement.inside.height, network.height);
  placement.scale_x = ratio(placement.inside.width, original.width);
  placement.scale_y = ratio(placement.inside.height, original.height);
  return placement;
}

}  // namespace

Placement place(ImageSize original, const Preprocessing& options) {
  const ImageSize network{options.width, options.height};
  const Resize resize = options.resize;
  if (resize == Resize::kCenterCrop) return center_crop(original, network, short_side_of(options));
  const double x = ratio(network.width, original.width);
  const double y = ratio(network.height, original.height);
  Placement placement{network, 0, 0, x, y};
  if (resize != Resize::kLetterbox) return placement;
  const double factor = std::min(x, y);
  placement.inside = {scaled(original.width, factor, network.width),
                      scaled(original.height, factor, network.height)};
  placement.left = static_cast<std::ptrdiff_t>((network.width - placement.inside.width) / 2);
  placement.top = static_cast<std::ptrdiff_t>((network.height - placement.inside.height) / 2);
  placement.scale_x = ratio(placement.inside.width, original.width);
  placement.scale_y = ratio(placement.inside.height, original.height);
  return placement;
}

records::Box placed(const records::Box& box, const Placement& placement) {
  records::Box out = box;
  out.x = static_cast<float>(box.x * placement.scale_x + static_cast<double>(placement.left));
  out.y = static_cast<float>(box.y * placement.scale_y + static_cast<double>(placement.top));
  out.width = static_cast<float>(box.width * placement.scale_x);
  out.height = static_cast<float>(box.height * placement.scale_y);
  return out;
}

struct Resizer::State {
  std::mutex mutex;
  struct {
    ov::CompiledModel model;
    ov::InferRequest request;  // empty until the first use
  } kinds[2];                  // without and with a low-pass filter
};

Resizer::Resizer() : state_(std::make_unique<State>()) {}
Resizer::~Resizer() = default;

Status Resizer::resize(std::span<const float> planes, ImageSize from, std::span<float> out,
                       ImageSize to, bool low_pass) {
  const std::scoped_lock lock(state_->mutex);
  try {
    auto& [model, request] = state_->kinds[low_pass ? 1 : 0];
    if (!request) {
      model = compile_resize(low_pass);
      request = model.create_infer_request();
    }
    ov::Tensor image(ov::element::f32, {1, 3, from.height, from.width});
    std::copy(planes.begin(), planes.end(), image.data<float>());
    ov::Tensor size(ov::element::i64, {2});
    size.data<std::int64_t>()[0] = static_cast<std::int64_t>(to.height);
    size.data<std::int64_t>()[1] = static_cast<std::int64_t>(to.width);
    request.set_input_tensor(0, image);
    request.set_input_tensor(1, size);
    request.infer();
    const ov::Tensor result = request.get_output_tensor();
    if (result.get_size() != out.size()) {
      return Error{.what = "resized image has another size", .where = "Interpolate"};
    }
    std::copy_n(result.data<const float>(), out.size(), out.begin());
    return success();
  } catch (const std::exception& problem) {
    if (memory_ended(problem.what())) return out_of_memory("resizing an image");
    return Error{.what = "resizing an image failed", .found = problem.what()};
  }
}

Status preprocess(const Image& image, const Preprocessing& options, Resizer& resizer,
                  std::span<float> out) {
  const ImageSize network{options.width, options.height};
  if (options.resize == Resize::kNone && image.size != network) {
    return Error{
        .kind = ErrorKind::kInput,
        .what = "image has another size than the model's input",
        .expected = std::to_string(network.width) + " x " + std::to_string(network.height),
        .found = std::to_string(image.size.width) + " x " + std::to_string(image.size.height),
        .hint = kResizeHint};
  }
  const Placement placement = place(image.size, options);
  const ImageSize inside = placement.inside;
  if (!acceptable(inside)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "image is too long for its width to be cropped",
                 .expected = "at most " + std::to_string(kMaxPixels) + " pixels once resized",
                 .found = std::to_string(inside.width) + " x " + std::to_string(inside.height)};
  }
  std::vector<float> planes = planes_of(image);
  if (image.size != inside) {
    std::vector<float> resized(inside.width * inside.height * 3);
    const bool low_pass = options.resize == Resize::kCenterCrop;
    if (Status s = resizer.resize(planes, image.size, resized, inside, low_pass); !s) return s;
    planes = std::move(resized);
  }
  const std::size_t area = network.width * network.height;
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t colour = options.bgr ? 2 - c : c;
    const std::size_t step = options.nhwc ? 3 : 1, start = options.nhwc ? c : c * area;
    const auto normal = [&](double pixel) {
      return static_cast<float>((pixel * options.scale - options.mean[c]) / options.std[c]);
    };
    const float pad = normal(options.pad);
    const float* plane = planes.data() + colour * inside.width * inside.height;
    for (std::size_t y = 0; y < network.height; ++y) {
      // Before the picture the difference wraps round and is larger than any side.
      const std::size_t from_y = y - static_cast<std::size_t>(placement.top);
      for (std::size_t x = 0; x < network.width; ++x) {
        const std::size_t from_x = x - static_cast<std::size_t>(placement.left);
        const bool is_inside = from_y < inside.height && from_x < inside.width;
        out[start + (y * network.width + x) * step] =
            is_inside ? normal(plane[from_y * inside.width + from_x]) : pad;
      }
    }
  }
  return success();
}

}  // namespace posittune::data
