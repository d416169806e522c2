#pragma once

// One interface for oneDNN 2.6 to 3.x. Version 3 removed the operation descriptors: their contents
// are given to the primitive descriptor itself. Scales and zero points changed as well; they are
// not used here, our own code scales sums.

#include <dnnl.hpp>

namespace posittune::engine {

// The engine of this process's CPU.
inline const dnnl::engine& onednn_cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// The plan of y = x * w; throws dnnl::error where there is no kernel. dst is m x n, src m x k,
// weights k x n.
inline dnnl::matmul::primitive_desc matmul_plan(const dnnl::memory::desc& src,
                                                const dnnl::memory::desc& weights,
                                                const dnnl::memory::desc& dst,
                                                const dnnl::primitive_attr& attributes = {}) {
#if DNNL_VERSION_MAJOR < 3
  return {dnnl::matmul::desc(src, weights, dst), attributes, onednn_cpu()};
#else
  return {onednn_cpu(), src, weights, dst, attributes};
#endif
}

// The window of a convolution, by spatial dimension; dilations count skipped elements (0: dense).
struct ConvolutionWindow {
  dnnl::memory::dims strides, dilations, pads_begin, pads_end;
};

// The plan of a convolution. Primitive: dnnl::convolution_forward or dnnl::deconvolution_forward.
// Throws dnnl::error where there is no kernel.
template <class Primitive>
typename Primitive::primitive_desc convolution_plan(dnnl::algorithm algorithm,
                                                    const dnnl::memory::desc& src,
                                                    const dnnl::memory::desc& weights,
                                                    const dnnl::memory::desc& dst,
                                                    const ConvolutionWindow& window,
                                                    const dnnl::primitive_attr& attributes) {
  constexpr auto kInference = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR < 3
  return {typename Primitive::desc(kInference, algorithm, src, weights, dst, window.strides,
                                   window.dilations, window.pads_begin, window.pads_end),
          attributes, onednn_cpu()};
#else
  return {
      onednn_cpu(),     kInference,        algorithm,       src,       weights, dst, window.strides,
      window.dilations, window.pads_begin, window.pads_end, attributes};
#endif
}

}  // namespace posittune::engine
