#pragma once

// Convolutions on oneDNN: one image, or a band of its output rows, at a time and on one thread.

#include <cstddef>
#include <dnnl.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "posittune/engine/geometry.h"
#include "posittune/engine/settings.h"

namespace posittune::engine {

// A band of an image: output positions [out_first, out_first + out_count) along the first spatial
// dimension, and the input positions they need; positions outside the image are padding.
struct Band {
  std::size_t out_first = 0, out_count = 0, in_first = 0, in_count = 0;
  std::ptrdiff_t pad_begin = 0, pad_end = 0;
};

// Cuts an image into one band, or up to `most` of about equal height, depending on its sizes only.
std::vector<Band> make_bands(const Geometry& geometry, std::size_t most);

// Weights in the layout that a primitive prefers.
struct WeightForm {
  dnnl::memory::desc layout;
  std::shared_ptr<const PreparedWeight> made_from;
  std::vector<std::byte> bytes;
};

// A primitive for one size of image and one band, with the layouts it prefers.
class ConvolutionPlan {
 public:
  using Type = dnnl::memory::data_type;  // type of images and weights: f32 or bf16; results are f32
  // Makes the plan. Throws dnnl::error where oneDNN has no kernel for it.
  ConvolutionPlan(const Geometry& geometry, const Band& band, Type type);

  const dnnl::memory::desc& weights() const { return weights_; }
  // Fills `form` with the weights in this plan's layout, unless it holds them already.
  void renew(WeightForm& form, const std::shared_ptr<const PreparedWeight>& weight,
             const void* values) const;

  // Runs on whole images in plain layout: src (in_channels x in), dst (out_channels x out), of
  // which the band is written. May be called from any thread.
  void run(const void* src, const WeightForm& weights, float* dst) const;

 private:
  // oneDNN's handles of one run: they cost about a microsecond each to make, so they are kept.
  struct Call {
    dnnl::memory plain_src, src, weights, dst, plain_dst, scratchpad;
    std::unordered_map<int, dnnl::memory> convolution, to_src, from_dst;
  };

  template <class Primitive>
  void fill(const typename Primitive::primitive_desc& made);
  std::unique_ptr<Call> make_call() const;
  std::unique_ptr<Call> take_call() const;

  std::size_t src_offset_ = 0, dst_offset_ = 0, element_ = 4;  // elements; bytes of one
  dnnl::memory::desc src_, weights_, dst_, plain_src_, plain_weights_, plain_dst_, scratchpad_;
  dnnl::primitive convolution_;
  dnnl::reorder to_src_, from_dst_;  // empty when the primitive takes plain operands
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Call>> idle_;  // one per call that ran at the same time
};

}  // namespace posittune::engine
