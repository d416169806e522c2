// Convolutions on oneDNN, one image or one part of the channels to a thread.

#include <dnnl.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "posittune/base/threads.h"
#include "posittune/engine/exact_dot.h"
#include "posittune/engine/gemm.h"
#include "posittune/engine/geometry.h"
#include "posittune/engine/operation.h"

namespace posittune::engine {
namespace {

using Dims = dnnl::memory::dims;
using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

template <class Values>
Dims dims(const Values& values) {
  return Dims(values.begin(), values.end());
}

dnnl::memory::dim dim(std::size_t value) { return static_cast<dnnl::memory::dim>(value); }

// Row-major without gaps.
dnnl::memory::desc plain(const Dims& shape, Type type) {
  Dims strides(shape.size(), 1);
  for (std::size_t d = shape.size() - 1; d-- > 0;) strides[d] = strides[d + 1] * shape[d + 1];
  return {shape, type, strides};
}

// One image, and of its groups or output channels the part [first, first + count).
struct Part {
  std::size_t first_in, in_channels, first_out, out_channels;
};

// A primitive for one size of image and one part, with the layouts it likes.
struct Plan {
  dnnl::memory::desc src, weights, dst, plain_src, plain_weights, plain_dst;
  dnnl::primitive convolution;
  dnnl::reorder to_src, from_dst;  // empty when the primitive likes plain operands
  std::size_t scratchpad = 0;
  // The weights in their layout, of the prepared weight they were made from.
  std::shared_ptr<const PreparedWeight> made_from;
  std::vector<std::byte> made;
};

template <class Primitive, class Descriptor>
void fill(Plan& plan, const Descriptor& descriptor) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const typename Primitive::primitive_desc made(descriptor, attributes, cpu());
  plan.src = made.src_desc();
  plan.weights = made.weights_desc();
  plan.dst = made.dst_desc();
  plan.scratchpad = made.scratchpad_desc().get_size();
  plan.convolution = Primitive(made);
  const auto between = [](const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
    return dnnl::reorder(dnnl::reorder::primitive_desc(cpu(), from, cpu(), to));
  };
  if (plan.src != plan.plain_src) plan.to_src = between(plan.plain_src, plan.src);
  if (plan.dst != plan.plain_dst) plan.from_dst = between(plan.dst, plan.plain_dst);
}

Plan make_plan(const Geometry& geometry, const Part& part, Type type) {
  const ConvolutionParameters& parameters = geometry.parameters;
  const auto with_spatial = [](Dims shape, const std::vector<std::size_t>& spatial) {
    for (const std::size_t size : spatial) shape.push_back(dim(size));
    return shape;
  };
  const bool grouped = parameters.groups > 1;
  const std::size_t groups = grouped ? part.in_channels / (parameters.in_channels / parameters.groups) : 1;
  Dims weight_dims;
  if (grouped) weight_dims.push_back(dim(groups));
  weight_dims.push_back(dim(part.out_channels / groups));
  weight_dims.push_back(dim(part.in_channels / groups));
  weight_dims = with_spatial(weight_dims, parameters.kernel);
  const Dims src_dims = with_spatial({1, dim(part.in_channels)}, geometry.in);
  const Dims dst_dims = with_spatial({1, dim(part.out_channels)}, geometry.out);
  Dims dilations = dims(parameters.dilations);
  for (auto& dilation : dilations) --dilation;  // oneDNN counts the skipped elements
  const Dims strides = dims(parameters.strides);
  const Dims begin = dims(geometry.pads_begin), end = dims(geometry.pads_end);

  Plan plan;
  plan.plain_src = plain(src_dims, type);
  plan.plain_weights = plain(weight_dims, type);
  plan.plain_dst = plain(dst_dims, Type::f32);
  const dnnl::memory::desc src(src_dims, type, Tag::any), weights(weight_dims, type, Tag::any);
  const dnnl::memory::desc dst(dst_dims, Type::f32, Tag::any);
  if (parameters.transposed) {
    fill<dnnl::deconvolution_forward>(
        plan, dnnl::deconvolution_forward::desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct,
                                                src, weights, dst, strides, dilations, begin, end));
  } else {
    fill<dnnl::convolution_forward>(
        plan, dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                                              src, weights, dst, strides, dilations, begin, end));
  }
  return plan;
}

std::byte* aligned(std::vector<std::byte>& buffer, std::size_t bytes) {
  constexpr std::size_t kLine = 64;
  if (buffer.size() < bytes + kLine) buffer.resize(bytes + kLine);
  const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
  return buffer.data() + (kLine - address % kLine) % kLine;
}

void reorder(const dnnl::reorder& primitive, dnnl::memory from, dnnl::memory to, dnnl::stream& stream) {
  primitive.execute(stream, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
  stream.wait();
}

dnnl::memory memory_at(const dnnl::memory::desc& description, const void* data) {
  return {description, cpu(), const_cast<void*>(data)};
}

// One task: a part of one image, from plain operands to its plain output.
void run_part(const Plan& plan, const void* src, const void* weights, float* dst) {
  one_openmp_thread();
  thread_local std::vector<std::byte> buffers[3];
  thread_local dnnl::stream stream(cpu());
  if (plan.to_src) {
    void* own = aligned(buffers[0], plan.src.get_size());
    reorder(plan.to_src, memory_at(plan.plain_src, src), memory_at(plan.src, own), stream);
    src = own;
  }
  void* out = plan.from_dst ? aligned(buffers[1], plan.dst.get_size()) : static_cast<void*>(dst);
  const dnnl::memory::desc pad({dim(plan.scratchpad)}, Type::u8, Tag::a);
  plan.convolution.execute(stream, {{DNNL_ARG_SRC, memory_at(plan.src, src)},
                                    {DNNL_ARG_WEIGHTS, memory_at(plan.weights, weights)},
                                    {DNNL_ARG_DST, memory_at(plan.dst, out)},
                                    {DNNL_ARG_SCRATCHPAD, memory_at(pad, aligned(buffers[2], plan.scratchpad))}});
  stream.wait();
  if (plan.from_dst) reorder(plan.from_dst, memory_at(plan.dst, out), memory_at(plan.plain_dst, dst), stream);
}

class Convolution : public Operation {
 public:
  explicit Convolution(ConvolutionParameters parameters) : parameters_(std::move(parameters)) {}

  kernels::Shape tokens(std::size_t, const ov::Shape& shape) const override {
    return {shape[0], shape[0] == 0 ? 0 : ov::shape_size(shape) / shape[0]};
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
    if (setting.path == Path::kBf16) return run_bf16(setting, sizes, x, shape, output, scratch, threads);
    auto operand = quantized_operand(setting.activation[0], x, shape, scratch.x, threads);
    if (!operand) return operand.error();
    if (setting.path == Path::kQuire) {
      run_exact(*setting.weight, sizes, *operand, shape.rows, output.data<float>(), threads);
      return success();
    }
    return multiply<float>(setting, sizes, *operand, setting.weight->values->data(), Type::f32, shape.rows,
                           output.data<float>(), threads);
  }

 private:
  Status run_bf16(const LayerSetting& setting, const Geometry& sizes, std::span<const float> x,
                  kernels::Shape shape, ov::Tensor& output, Scratch& scratch, int threads) {
    const ActivationQuantizer& quantizer = *setting.activation[0];
    auto scales = activation_scales(quantizer, x, shape, threads);
    if (!scales) return scales.error();
    auto& buffer = scratch.bf16[0];
    if (buffer.size() < x.size()) buffer.resize(x.size());
    Status done = kernels::to_bf16(quantizer.format, x, shape, {*scales}, {buffer.data(), x.size()}, {threads});
    if (!done) return done.error();
    float* y = output.data<float>();
    done = multiply<std::uint16_t>(setting, sizes, buffer.data(), setting.weight->bf16.data(), Type::bf16,
                                   shape.rows, y, threads);
    if (!done) return done.error();
    const std::size_t channels = parameters_.out_channels, positions = sizes.out_positions();
    const std::vector<float>& rows = setting.weight->unscale;
    parallel_for(shape.rows * channels, threads, [&](std::size_t i) {
      const float image = 1.0F / (*scales)[scales->size() == 1 ? 0 : i / channels];
      const float factor = image * rows[rows.size() == 1 ? 0 : i % channels];
      for (std::size_t p = 0; p < positions; ++p) y[i * positions + p] *= factor;
    });
    return success();
  }

  // The parts depend on the sizes only, so that results do not depend on the number of threads.
  std::vector<Part> parts(std::size_t images) const {
    constexpr std::size_t kManyImages = 4, kParts = 4, kLeast = 16;
    const bool by_group = parameters_.groups > 1;
    const std::size_t units = by_group ? parameters_.groups : parameters_.out_channels;
    // Vectors of 16 channels stay whole.
    std::size_t step = units;
    if (images < kManyImages && units >= 2 * kLeast) {
      step = (units / kParts + kLeast - 1) / kLeast * kLeast;
    }
    std::vector<Part> list;
    for (std::size_t first = 0; first < units; first += step) {
      const std::size_t count = std::min(step, units - first);
      const std::size_t in_group = parameters_.in_channels / parameters_.groups;
      const std::size_t out_group = parameters_.out_channels / parameters_.groups;
      list.push_back(by_group ? Part{first * in_group, count * in_group, first * out_group, count * out_group}
                              : Part{0, parameters_.in_channels, first, count});
    }
    return list;
  }

  template <class T>
  Status multiply(const LayerSetting& setting, const Geometry& sizes, const T* x, const T* weights, Type type,
                  std::size_t images, float* y, int threads) {
    try {
      one_openmp_thread();  // a primitive remembers the number of threads of its making
      const std::vector<Part> list = parts(images);
      std::vector<Plan*> plans;
      for (const Part& part : list) {
        Plan& plan = plan_for(sizes, part, type);
        renew_weights(plan, setting.weight, weights + part.first_out * parameters_.columns());
        plans.push_back(&plan);
      }
      const std::size_t in = sizes.in_positions(), out = sizes.out_positions();
      std::atomic<bool> failed = false;
      parallel_for(images * list.size(), threads, [&](std::size_t task) {
        const std::size_t image = task / list.size();
        const Part& part = list[task % list.size()];
        Plan& plan = *plans[task % list.size()];
        const T* src = x + (image * parameters_.in_channels + part.first_in) * in;
        float* dst = y + (image * parameters_.out_channels + part.first_out) * out;
        try {
          run_part(plan, src, aligned(plan.made, 0), dst);
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

  Plan& plan_for(const Geometry& sizes, const Part& part, Type type) {
    const Key key{sizes.in, part.first_out, part.out_channels, static_cast<int>(type)};
    const auto known = plans_.find(key);
    if (known != plans_.end()) return known->second;
    return plans_.emplace(key, make_plan(sizes, part, type)).first->second;
  }

  static void renew_weights(Plan& plan, const std::shared_ptr<const PreparedWeight>& weight, const void* values) {
    if (plan.made_from == weight) return;
    dnnl::stream stream(cpu());
    const dnnl::reorder primitive(dnnl::reorder::primitive_desc(cpu(), plan.plain_weights, cpu(), plan.weights));
    // Sized here: aligned() must not move it afterwards.
    void* made = aligned(plan.made, plan.weights.get_size());
    reorder(primitive, memory_at(plan.plain_weights, values), memory_at(plan.weights, made), stream);
    plan.made_from = weight;
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
      gather_patch(sizes, {x + image * parameters_.in_channels * in, parameters_.in_channels * in}, group, position, patch);
      for (std::size_t r = group * group_rows; r < (group + 1) * group_rows; ++r) {
        y[(image * parameters_.out_channels + r) * out + position] =
            exact_dot(patch, {weight.values->data() + r * columns, columns});
      }
    });
  }

  ConvolutionParameters parameters_;
  using Key = std::tuple<std::vector<std::size_t>, std::size_t, std::size_t, int>;
  std::map<Key, Plan> plans_;
};

}  // namespace

std::unique_ptr<Operation> make_convolution(const model::Layer& layer) {
  return std::make_unique<Convolution>(convolution_parameters(*layer.node));
}

}  // namespace posittune::engine
