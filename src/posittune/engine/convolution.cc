// Convolutions, transposed or not.

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "posittune/base/threads.h"
#include "posittune/engine/convolution_plan.h"
#include "posittune/engine/exact_dot.h"
#include "posittune/engine/gemm.h"
#include "posittune/engine/geometry.h"
#include "posittune/engine/onednn_errors.h"
#include "posittune/engine/operation.h"

namespace posittune::engine {
namespace {

using Type = ConvolutionPlan::Type;

class Convolution : public Operation {
 public:
  explicit Convolution(ConvolutionParameters parameters) : parameters_(std::move(parameters)) {}

  kernels::Shape tokens(std::size_t, const ov::Shape& shape) const override {
    return {shape[0], shape[0] == 0 ? 0 : ov::shape_size(shape) / shape[0]};
  }

  ov::Shape token(std::size_t, const ov::Shape& shape) const override {
    return {shape.begin() + 1, shape.end()};
  }

  std::optional<ov::Shape> output_shape(const ov::Shape& x) const override {
    if (parameters_.sizes_from_input) return std::nullopt;
    const std::vector<std::size_t> in(x.begin() + 2, x.end());
    ov::Shape y = {x[0], parameters_.out_channels};
    for (const std::size_t size : output_sizes(parameters_, in)) y.push_back(size);
    return y;
  }

  bool does_epilogues() const override { return true; }

  std::size_t positions(const ov::Shape& token) const override {
    const auto sizes = patch_geometry(token);
    return sizes ? sizes->out_positions() : 0;
  }

  std::vector<float> patches(std::span<const float> image, const ov::Shape& token, Positions chosen,
                             int threads) const override {
    const auto sizes = patch_geometry(token);
    if (!sizes || image.empty() || sizes->out_positions() <= chosen.first) return {};
    const std::size_t columns = parameters_.columns();
    const std::size_t count =
        (sizes->out_positions() - chosen.first + chosen.every - 1) / chosen.every;
    std::vector<float> rows(count * columns);
    parallel_for(count, threads, [&](std::size_t i) {
      gather_patch(*sizes, image, 0, chosen.first + i * chosen.every,
                   {rows.data() + i * columns, columns});
    });
    return rows;
  }

  Status run(const LayerSetting& setting, const ov::TensorVector& inputs, ov::Tensor& output,
             Scratch& scratch, int threads) override {
    const ov::Shape in = inputs[0].get_shape(), out = output.get_shape();
    const kernels::Shape shape = tokens(0, in);
    if (output.get_size() == 0) return success();
    const std::vector<std::size_t> in_sizes(in.begin() + 2, in.end()),
        out_sizes(out.begin() + 2, out.end());
    const Geometry sizes = geometry(parameters_, in_sizes, out_sizes);
    const std::span<const float> x(inputs[0].data<const float>(), shape.size());
    float* y = output.data<float>();
    const Finish finish = [&](std::size_t, std::size_t channel, std::span<float> sums) {
      finish_sums(setting, channel, sums);
    };
    if (x.empty()) {  // images of padding alone
      std::fill_n(y, output.get_size(), 0.0F);
      finish_all(sizes, shape.rows, y, finish, threads);
      return success();
    }
    if (setting.path == Path::kBf16) return run_bf16(setting, sizes, x, shape, y, scratch, threads);
    auto operand = quantized_operand(setting.activation[0], x, shape, scratch.x, threads);
    if (!operand) return operand.error();
    if (setting.path == Path::kQuire) {
      run_exact(*setting.weight, sizes, *operand, shape.rows, y, threads);
      finish_all(sizes, shape.rows, y, finish, threads);
      return success();
    }
    const float* weights = setting.weight->values->data();
    if (!is_pointwise(sizes)) {
      return multiply(setting, sizes, *operand, weights, Type::f32, shape.rows, y, finish, threads);
    }
    run_pointwise(weights, sizes.out_positions(), *operand, shape.rows, y, finish, threads);
    return success();
  }

 private:
  // Where all rows of the weight meet the same patches.
  std::optional<Geometry> patch_geometry(const ov::Shape& token) const {
    if (parameters_.groups > 1 || parameters_.sizes_from_input) return std::nullopt;
    const std::vector<std::size_t> in(token.begin() + 1, token.end());
    return geometry(parameters_, in, output_sizes(parameters_, in));
  }

  // What is done to sums of one image and channel while they are in the cache.
  using Finish = std::function<void(std::size_t image, std::size_t channel, std::span<float> sums)>;

  static void finish_sums(const LayerSetting& setting, std::size_t channel, std::span<float> sums) {
    if (setting.shift) {
      for (float& sum : sums) sum += (*setting.shift)[channel];
    }
    if (setting.epilogue) apply(*setting.epilogue, channel, sums);
  }

  void finish_all(const Geometry& sizes, std::size_t images, float* y, const Finish& finish,
                  int threads) const {
    const std::size_t channels = parameters_.out_channels, positions = sizes.out_positions();
    parallel_for(images * channels, threads, [&](std::size_t i) {
      finish(i / channels, i % channels, {y + i * positions, positions});
    });
  }

  bool is_pointwise(const Geometry& sizes) const {
    const auto all = [](const auto& values, auto expected) {
      return std::all_of(values.begin(), values.end(),
                         [&](auto value) { return value == expected; });
    };
    return !parameters_.transposed && parameters_.groups == 1 && parameters_.taps() == 1 &&
           all(parameters_.strides, std::size_t{1}) && all(sizes.pads_begin, std::ptrdiff_t{0}) &&
           all(sizes.pads_end, std::ptrdiff_t{0});
  }

  // A convolution with a kernel of one position is the product of the weights and the image in its
  // plain layout. Few images are cut into columns or rows, by the sizes only, as bands are.
  void run_pointwise(const float* weights, std::size_t positions, const float* x,
                     std::size_t images, float* y, const Finish& finish, int threads) const {
    constexpr std::size_t kLeastColumns = 128;  // of a piece, for good products
    const std::size_t in = parameters_.in_channels, out = parameters_.out_channels;
    const std::size_t pieces = images < kManyImages ? kBands : 1;
    const bool columns = positions >= pieces * kLeastColumns;
    const std::size_t across = columns ? pieces : 1, down = columns ? 1 : pieces;
    parallel_for(images * pieces, threads, [&](std::size_t task) {
      const std::size_t image = task / pieces, column = task % across, row = task % down;
      const std::size_t first = out * row / down, last = out * (row + 1) / down;
      const std::size_t left = positions * column / across,
                        width = positions * (column + 1) / across - left;
      if (first == last) return;
      float* sums = y + (image * out + first) * positions + left;
      gemm_fp32_part({last - first, width, in}, weights + first * in,
                     x + image * in * positions + left, sums, positions);
      for (std::size_t c = first; c < last; ++c, sums += positions) finish(image, c, {sums, width});
    });
  }

  Status run_bf16(const LayerSetting& setting, const Geometry& sizes, std::span<const float> x,
                  kernels::Shape shape, float* y, Scratch& scratch, int threads) {
    const ActivationQuantizer& quantizer = *setting.activation[0];
    auto scales = activation_scales(quantizer, x, shape, threads);
    if (!scales) return scales.error();
    auto& buffer = scratch.bf16[0];
    if (buffer.size() < x.size()) buffer.resize(x.size());
    const Status done = kernels::to_bf16(quantizer.format, x, shape, {*scales},
                                         {buffer.data(), x.size()}, {threads});
    if (!done) return done.error();
    const std::vector<float>& rows = setting.weight->unscale;
    const Finish finish = [&](std::size_t image, std::size_t channel, std::span<float> sums) {
      const float of_image = 1.0F / (*scales)[scales->size() == 1 ? 0 : image];
      const float factor = of_image * rows[rows.size() == 1 ? 0 : channel];
      for (float& sum : sums) sum *= factor;
      finish_sums(setting, channel, sums);
    };
    return multiply(setting, sizes, buffer.data(), setting.weight->bf16.data(), Type::bf16,
                    shape.rows, y, finish, threads);
  }

  // Images one by one where there are several, else bands of them: by the sizes only, so that
  // results do not depend on the number of threads.
  static constexpr std::size_t kManyImages = 4, kBands = 4;

  template <class T>
  Status multiply(const LayerSetting& setting, const Geometry& sizes, const T* x, const T* weights,
                  Type type, std::size_t images, float* y, const Finish& finish, int threads) {
    try {
      const std::vector<Band> bands = make_bands(sizes, images < kManyImages ? kBands : 1);
      std::vector<std::pair<const ConvolutionPlan*, const WeightForm*>> plans;
      for (const Band& band : bands) {
        const ConvolutionPlan& plan = plan_for(sizes, band, type);
        WeightForm& form = form_for(plan.weights());
        plan.renew(form, setting.weight, weights);
        plans.emplace_back(&plan, &form);
      }
      const std::size_t in = parameters_.in_channels * sizes.in_positions();
      const std::size_t channels = parameters_.out_channels, positions = sizes.out_positions();
      const std::size_t line = positions / sizes.out[0];  // positions of one step along a band
      parallel_for(images * bands.size(), threads, [&](std::size_t task) {
        const std::size_t image = task / bands.size();
        const auto& [plan, form] = plans[task % bands.size()];
        const Band& band = bands[task % bands.size()];
        float* to = y + image * channels * positions;
        plan->run(x + image * in, *form, to);
        for (std::size_t c = 0; c < channels; ++c) {
          finish(image, c, {to + c * positions + band.out_first * line, band.out_count * line});
        }
      });
      return success();
    } catch (const dnnl::error& error) {
      if (is_memory(error)) throw std::bad_alloc();
    }
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "oneDNN has no kernel for this convolution",
                 .hint = "set POSITTUNE_PATH=fp32, or leave the layer out with `exclude`"};
  }

  const ConvolutionPlan& plan_for(const Geometry& sizes, const Band& band, Type type) {
    const Key key{sizes.in, sizes.out, band.out_first, band.out_count, type};
    return plans_.try_emplace(key, sizes, band, type).first->second;
  }

  WeightForm& form_for(const dnnl::memory::desc& layout) {
    for (const auto& form : forms_) {
      if (form->layout == layout) return *form;
    }
    forms_.push_back(std::make_unique<WeightForm>());
    forms_.back()->layout = layout;
    return *forms_.back();
  }

  void run_exact(const PreparedWeight& weight, const Geometry& sizes, const float* x,
                 std::size_t images, float* y, int threads) const {
    const std::size_t in = sizes.in_positions(), out = sizes.out_positions(),
                      columns = parameters_.columns();
    const std::size_t group_rows = parameters_.out_channels / parameters_.groups;
    parallel_for(images * parameters_.groups * out, threads, [&](std::size_t task) {
      const std::size_t position = task % out, group = task / out % parameters_.groups;
      const std::size_t image = task / out / parameters_.groups;
      thread_local std::vector<float> patch;
      patch.resize(columns);
      gather_patch(sizes, {x + image * parameters_.in_channels * in, parameters_.in_channels * in},
                   group, position, patch);
      for (std::size_t r = group * group_rows; r < (group + 1) * group_rows; ++r) {
        y[(image * parameters_.out_channels + r) * out + position] =
            exact_dot(patch, {weight.values->data() + r * columns, columns});
      }
    });
  }

  ConvolutionParameters parameters_;
  using Key = std::tuple<std::vector<std::size_t>, std::vector<std::size_t>, std::size_t,
                         std::size_t, Type>;
  std::map<Key, ConvolutionPlan> plans_;
  std::vector<std::unique_ptr<WeightForm>> forms_;
};

}  // namespace

std::unique_ptr<Operation> make_convolution(const model::Layer& layer) {
  return std::make_unique<Convolution>(convolution_parameters(*layer.node));
}

}  // namespace posittune::engine
