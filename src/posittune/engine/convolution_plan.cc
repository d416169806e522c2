#include "posittune/engine/convolution_plan.h"

#include <algorithm>
#include <cstdint>

#include "posittune/engine/gemm.h"
#include "posittune/engine/onednn.h"

namespace posittune::engine {
namespace {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

dnnl::memory::dim dim(std::size_t value) { return static_cast<dnnl::memory::dim>(value); }

template <class Values>
Dims dims(const Values& values) {
  return Dims(values.begin(), values.end());
}

Dims with_spatial(Dims shape, const std::vector<std::size_t>& spatial) {
  for (const std::size_t size : spatial) shape.push_back(dim(size));
  return shape;
}

// A row-major array of `shape`, as a piece of one whose dimensions are `whole`.
dnnl::memory::desc plain(const Dims& shape, const Dims& whole, Type type) {
  Dims strides(whole.size(), 1);
  for (std::size_t d = whole.size() - 1; d-- > 0;) strides[d] = strides[d + 1] * whole[d + 1];
  return {shape, type, strides};
}

// Vectors of a line's alignment in a buffer that only grows.
std::byte* aligned(std::vector<std::byte>& buffer, std::size_t bytes) {
  constexpr std::size_t kLine = 64;
  if (buffer.size() < bytes + kLine) buffer.resize(bytes + kLine);
  const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
  return buffer.data() + (kLine - address % kLine) % kLine;
}

dnnl::memory memory_at(const dnnl::memory::desc& layout, const void* data) {
  return {layout, onednn_cpu(), const_cast<void*>(data)};
}

dnnl::reorder between(const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  return dnnl::reorder(dnnl::reorder::primitive_desc(onednn_cpu(), from, onednn_cpu(), to));
}

}  // namespace

std::vector<Band> make_bands(const Geometry& geometry, std::size_t most) {
  const ConvolutionParameters& parameters = geometry.parameters;
  const std::size_t out = geometry.out[0], in = geometry.in[0];
  const Band whole{0, out, 0, in, geometry.pads_begin[0], geometry.pads_end[0]};
  constexpr std::size_t kLeastRows = 4;
  const std::size_t count = std::min(most, out / kLeastRows);
  if (count <= 1 || parameters.transposed) return {whole};
  const auto stride = static_cast<std::ptrdiff_t>(parameters.strides[0]);
  const auto extent =
      static_cast<std::ptrdiff_t>((parameters.kernel[0] - 1) * parameters.dilations[0] + 1);
  std::vector<Band> bands;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = out * i / count, last = out * (i + 1) / count;
    const std::ptrdiff_t low = static_cast<std::ptrdiff_t>(first) * stride - geometry.pads_begin[0];
    const std::ptrdiff_t high =
        (static_cast<std::ptrdiff_t>(last) - 1) * stride - geometry.pads_begin[0] + extent;
    const std::ptrdiff_t from = std::max<std::ptrdiff_t>(0, low);
    const std::ptrdiff_t to = std::min(static_cast<std::ptrdiff_t>(in), high);
    if (to <= from) return {whole};  // a band of padding alone
    bands.push_back({first, last - first, static_cast<std::size_t>(from),
                     static_cast<std::size_t>(to - from), from - low, high - to});
  }
  return bands;
}

template <class Primitive>
void ConvolutionPlan::fill(const typename Primitive::primitive_desc& made) {
  src_ = made.src_desc();
  weights_ = made.weights_desc();
  dst_ = made.dst_desc();
  scratchpad_ = made.scratchpad_desc();
  convolution_ = Primitive(made);
  if (src_ != plain_src_) to_src_ = between(plain_src_, src_);
  if (dst_ != plain_dst_) from_dst_ = between(dst_, plain_dst_);
}

ConvolutionPlan::ConvolutionPlan(const Geometry& geometry, const Band& band, Type type) {
  one_openmp_thread();  // a primitive remembers the number of threads of its making
  const ConvolutionParameters& parameters = geometry.parameters;
  const std::size_t groups = parameters.groups;
  Dims weight_dims;
  if (groups > 1) weight_dims.push_back(dim(groups));
  weight_dims.push_back(dim(parameters.out_channels / groups));
  weight_dims.push_back(dim(parameters.in_channels / groups));
  weight_dims = with_spatial(weight_dims, parameters.kernel);
  const Dims whole_src = with_spatial({1, dim(parameters.in_channels)}, geometry.in);
  const Dims whole_dst = with_spatial({1, dim(parameters.out_channels)}, geometry.out);
  Dims src_dims = whole_src, dst_dims = whole_dst;
  src_dims[2] = dim(band.in_count);
  dst_dims[2] = dim(band.out_count);
  Dims begin = dims(geometry.pads_begin), end = dims(geometry.pads_end);
  begin[0] = band.pad_begin;
  end[0] = band.pad_end;
  Dims dilations = dims(parameters.dilations);
  for (auto& dilation : dilations) --dilation;  // oneDNN counts the skipped elements

  element_ = type == Type::f32 ? 4 : 2;
  src_offset_ = band.in_first * geometry.in_positions() / geometry.in[0];
  dst_offset_ = band.out_first * geometry.out_positions() / geometry.out[0];
  plain_src_ = plain(src_dims, whole_src, type);
  plain_weights_ = plain(weight_dims, weight_dims, type);
  plain_dst_ = plain(dst_dims, whole_dst, Type::f32);
  const dnnl::memory::desc src(src_dims, type, Tag::any), weights(weight_dims, type, Tag::any);
  const dnnl::memory::desc dst(dst_dims, Type::f32, Tag::any);
  const ConvolutionWindow window{dims(parameters.strides), dilations, begin, end};
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (parameters.transposed) {
    fill<dnnl::deconvolution_forward>(convolution_plan<dnnl::deconvolution_forward>(
        dnnl::algorithm::deconvolution_direct, src, weights, dst, window, attributes));
  } else {
    fill<dnnl::convolution_forward>(convolution_plan<dnnl::convolution_forward>(
        dnnl::algorithm::convolution_direct, src, weights, dst, window, attributes));
  }
}

void ConvolutionPlan::renew(WeightForm& form, const std::shared_ptr<const PreparedWeight>& weight,
                            const void* values) const {
  if (form.made_from == weight) return;
  one_openmp_thread();
  const dnnl::stream stream(onednn_cpu());
  form.made_from.reset();  // until the bytes are whole again
  form.layout = weights_;
  form.bytes.resize(weights_.get_size() + 64);
  between(plain_weights_, weights_)
      .execute(stream,
               {{DNNL_ARG_FROM, memory_at(plain_weights_, values)},
                {DNNL_ARG_TO, memory_at(weights_, aligned(form.bytes, weights_.get_size()))}});
  form.made_from = weight;
}

std::unique_ptr<ConvolutionPlan::Call> ConvolutionPlan::make_call() const {
  auto call = std::make_unique<Call>();
  const auto nowhere = [](const dnnl::memory::desc& layout) {
    return dnnl::memory(layout, onednn_cpu(), DNNL_MEMORY_NONE);
  };
  call->plain_src = nowhere(plain_src_);
  call->plain_dst = nowhere(plain_dst_);
  call->src = to_src_ ? nowhere(src_) : call->plain_src;
  call->dst = from_dst_ ? nowhere(dst_) : call->plain_dst;
  call->weights = nowhere(weights_);
  call->scratchpad = nowhere(scratchpad_);
  call->to_src = {{DNNL_ARG_FROM, call->plain_src}, {DNNL_ARG_TO, call->src}};
  call->from_dst = {{DNNL_ARG_FROM, call->dst}, {DNNL_ARG_TO, call->plain_dst}};
  call->convolution = {{DNNL_ARG_SRC, call->src},
                       {DNNL_ARG_WEIGHTS, call->weights},
                       {DNNL_ARG_DST, call->dst},
                       {DNNL_ARG_SCRATCHPAD, call->scratchpad}};
  return call;
}

std::unique_ptr<ConvolutionPlan::Call> ConvolutionPlan::take_call() const {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return make_call();
  auto call = std::move(idle_.back());
  idle_.pop_back();
  return call;
}

void ConvolutionPlan::run(const void* src, const WeightForm& weights, float* dst) const {
  one_openmp_thread();
  thread_local std::vector<std::byte> buffers[3];
  thread_local const dnnl::stream stream(onednn_cpu());
  auto call = take_call();
  const auto* from = static_cast<const std::byte*>(src) + src_offset_ * element_;
  call->plain_src.set_data_handle(const_cast<std::byte*>(from));
  call->plain_dst.set_data_handle(dst + dst_offset_);
  if (to_src_) call->src.set_data_handle(aligned(buffers[0], src_.get_size()));
  if (from_dst_) call->dst.set_data_handle(aligned(buffers[1], dst_.get_size()));
  // Sized when it was made: this only finds its aligned start.
  call->weights.set_data_handle(
      aligned(const_cast<WeightForm&>(weights).bytes, weights_.get_size()));
  call->scratchpad.set_data_handle(aligned(buffers[2], scratchpad_.get_size()));
  if (to_src_) to_src_.execute(stream, call->to_src);
  convolution_.execute(stream, call->convolution);
  if (from_dst_) from_dst_.execute(stream, call->from_dst);
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(call));
}

}  // namespace posittune::engine
