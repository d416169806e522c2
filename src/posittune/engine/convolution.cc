// Convolutions, transposed or not.

#include <algorithm>
#include <atomic>
#include <map>
#include <tuple>
#include <utility>

#include "posittune/base/threads.h"
#include "posittune/engine/convolution_plan.h"
#include "posittune/engine/exact_dot.h"
#include "posittune/engine/gemm.h"
#include "posittune/engine/geometry.h"
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

  Status run(const LayerSetting& setting, const ov::TensorVector& inputs, ov::Tensor& output,
             Scratch& scratch, int threads) override {
    const ov::Shape in = inputs[0].get_shape(), out = output.get_shape();
    const kernels::Shape shape = tokens(0, in);
    if (output.get_size() == 0) return success();
    const std::vector<std::size_t> in_sizes(in.begin() + 2, in.end()), out_sizes(out.begin() + 2, out.end());
    const Geometry sizes = geometry(parameters_, in_sizes, out_sizes);
    const std::span<const float> x(inputs[0].data<const float>(), shape.size());
    float* y = output.data<float>();
    const Epilogue* epilogue = setting.epilogue.get();
    if (x.empty()) {  // images of padding alone
      std::fill_n(y, output.get_size(), 0.0F);
      finish(epilogue, sizes, shape.rows, y, threads);
      return success();
    }
    if (setting.path == Path::kBf16) return run_bf16(setting, sizes, x, shape, y, scratch, threads);
    auto operand = quantized_operand(setting.activation[0], x, shape, scratch.x, threads);
    if (!operand) return operand.error();
    if (setting.path == Path::kQuire) {
      run_exact(*setting.weight, sizes, *operand, shape.rows, y, threads);
      finish(epilogue, sizes, shape.rows, y, threads);
      return success();
    }
    const float* weights = setting.weight->values->data();
    if (is_pointwise(sizes)) {
      run_pointwise(epilogue, weights, sizes.out_positions(), *operand, shape.rows, y, threads);
      return success();
    }
    if (!parameters_.transposed) {
      return multiply(setting, sizes, *operand, weights, Type::f32, epilogue, shape.rows, y, threads);
    }
    const Status done = multiply(setting, sizes, *operand, weights, Type::f32, nullptr, shape.rows, y, threads);
    if (done) finish(epilogue, sizes, shape.rows, y, threads);
    return done;
  }

 private:
  bool is_pointwise(const Geometry& sizes) const {
    const auto ones = [](const std::vector<std::size_t>& values) {
      return std::all_of(values.begin(), values.end(), [](std::size_t value) { return value == 1; });
    };
    return !parameters_.transposed && parameters_.groups == 1 && parameters_.taps() == 1 && ones(parameters_.strides) &&
           sizes.in == sizes.out;
  }

  // Of one tap, a convolution is the product of the weights and an image as it lies: no layouts to
  // change. Pieces are, like bands, chosen by the sizes only.
  void run_pointwise(const Epilogue* epilogue, const float* weights, std::size_t positions, const float* x,
                     std::size_t images, float* y, int threads) const {
    constexpr std::size_t kLeastColumns = 128;  // of a piece that is a good product
    const std::size_t in = parameters_.in_channels, out = parameters_.out_channels;
    const std::size_t pieces = images < kManyImages ? kBands : 1;
    const bool columns = positions >= pieces * kLeastColumns;
    const std::size_t row_pieces = columns ? 1 : pieces, column_pieces = columns ? pieces : 1;
    parallel_for(images * pieces, threads, [&](std::size_t task) {
      const std::size_t image = task / pieces, row = task % pieces % row_pieces, column = task % pieces % column_pieces;
      const std::size_t first = out * row / row_pieces, last = out * (row + 1) / row_pieces;
      const std::size_t left = positions * column / column_pieces, right = positions * (column + 1) / column_pieces;
      if (first == last) return;
      float* sums = y + (image * out + first) * positions + left;
      gemm_fp32_part({last - first, right - left, in}, weights + first * in, x + image * in * positions + left, sums,
                     positions);
      for (std::size_t c = first; epilogue != nullptr && c < last; ++c, sums += positions) {
        apply(*epilogue, c, {sums, right - left});
      }
    });
  }

  Status run_bf16(const LayerSetting& setting, const Geometry& sizes, std::span<const float> x,
                  kernels::Shape shape, float* y, Scratch& scratch, int threads) {
    const ActivationQuantizer& quantizer = *setting.activation[0];
    auto scales = activation_scales(quantizer, x, shape, threads);
    if (!scales) return scales.error();
    auto& buffer = scratch.bf16[0];
    if (buffer.size() < x.size()) buffer.resize(x.size());
    Status done = kernels::to_bf16(quantizer.format, x, shape, {*scales}, {buffer.data(), x.size()}, {threads});
    if (!done) return done.error();
    done = multiply(setting, sizes, buffer.data(), setting.weight->bf16.data(), Type::bf16, nullptr, shape.rows, y,
                    threads);
    if (!done) return done.error();
    const std::size_t channels = parameters_.out_channels, positions = sizes.out_positions();
    const std::vector<float>& rows = setting.weight->unscale;
    parallel_for(shape.rows * channels, threads, [&](std::size_t i) {
      const float image = 1.0F / (*scales)[scales->size() == 1 ? 0 : i / channels];
      const float factor = image * rows[rows.size() == 1 ? 0 : i % channels];
      const std::span<float> sums(y + i * positions, positions);
      for (float& sum : sums) sum *= factor;
      if (setting.epilogue) apply(*setting.epilogue, i % channels, sums);
    });
    return success();
  }

  void finish(const Epilogue* epilogue, const Geometry& sizes, std::size_t images, float* y, int threads) const {
    if (epilogue == nullptr) return;
    const std::size_t channels = parameters_.out_channels, positions = sizes.out_positions();
    parallel_for(images * channels, threads, [&](std::size_t i) {
      apply(*epilogue, i % channels, {y + i * positions, positions});
    });
  }

  // Images one by one where there are several, else bands of them: by the sizes only, so that results
  // do not depend on the number of threads.
  static constexpr std::size_t kManyImages = 4, kBands = 4;

  template <class T>
  Status multiply(const LayerSetting& setting, const Geometry& sizes, const T* x, const T* weights, Type type,
                  const Epilogue* epilogue, std::size_t images, float* y, int threads) {
    try {
      const std::vector<Band> bands = make_bands(sizes, images < kManyImages ? kBands : 1);
      std::vector<std::pair<const ConvolutionPlan*, const WeightForm*>> plans;
      for (const Band& band : bands) {
        const ConvolutionPlan& plan = plan_for(sizes, band, type, epilogue);
        WeightForm& form = form_for(plan.weights());
        plan.renew(form, setting.weight, weights);
        plans.emplace_back(&plan, &form);
      }
      const std::size_t in = parameters_.in_channels * sizes.in_positions();
      const std::size_t out = parameters_.out_channels * sizes.out_positions();
      std::atomic<bool> failed = false;
      parallel_for(images * bands.size(), threads, [&](std::size_t task) {
        const std::size_t image = task / bands.size();
        const auto& [plan, form] = plans[task % bands.size()];
        try {
          plan->run(x + image * in, *form, y + image * out);
        } catch (const std::exception&) {
          failed = true;
        }
      });
      if (!failed) return success();
    } catch (const dnnl::error&) {
    }
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "oneDNN has no kernel for this convolution",
                 .hint = "set POSITTUNE_PATH=fp32, or leave the layer out with --exclude"};
  }

  const ConvolutionPlan& plan_for(const Geometry& sizes, const Band& band, Type type, const Epilogue* epilogue) {
    const Key key{sizes.in, sizes.out, band.out_first, band.out_count, type, epilogue != nullptr};
    return plans_.try_emplace(key, sizes, band, type, epilogue).first->second;
  }

  WeightForm& form_for(const dnnl::memory::desc& layout) {
    for (const auto& form : forms_) {
      if (form->layout == layout) return *form;
    }
    forms_.push_back(std::make_unique<WeightForm>());
    forms_.back()->layout = layout;
    return *forms_.back();
  }

  void run_exact(const PreparedWeight& weight, const Geometry& sizes, const float* x, std::size_t images, float* y,
                 int threads) const {
    const std::size_t in = sizes.in_positions(), out = sizes.out_positions(), columns = parameters_.columns();
    const std::size_t group_rows = parameters_.out_channels / parameters_.groups;
    parallel_for(images * parameters_.groups * out, threads, [&](std::size_t task) {
      const std::size_t position = task % out, group = task / out % parameters_.groups;
      const std::size_t image = task / out / parameters_.groups;
      thread_local std::vector<float> patch;
      patch.resize(columns);
      gather_patch(sizes, {x + image * parameters_.in_channels * in, parameters_.in_channels * in}, group, position,
                   patch);
      for (std::size_t r = group * group_rows; r < (group + 1) * group_rows; ++r) {
        y[(image * parameters_.out_channels + r) * out + position] =
            exact_dot(patch, {weight.values->data() + r * columns, columns});
      }
    });
  }

  ConvolutionParameters parameters_;
  using Key = std::tuple<std::vector<std::size_t>, std::vector<std::size_t>, std::size_t, std::size_t, Type, bool>;
  std::map<Key, ConvolutionPlan> plans_;
  std::vector<std::unique_ptr<WeightForm>> forms_;
};

}  // namespace

std::unique_ptr<Operation> make_convolution(const model::Layer& layer) {
  return std::make_unique<Convolution>(convolution_parameters(*layer.node));
}

}  // namespace posittune::engine
