// Products and convolutions of small integers, which are exact in any order: what the plans mean,
// in whichever version of oneDNN this build has.

#include "posittune/engine/onednn.h"

#include <gtest/gtest.h>

#include <unordered_map>
#include <vector>

namespace posittune::engine {
namespace {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Floats = std::vector<float>;
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

dnnl::memory memory(const Desc& desc, Floats& values) {
  return {desc, onednn_cpu(), values.data()};
}

void run(const dnnl::primitive& primitive, std::unordered_map<int, dnnl::memory> arguments) {
  dnnl::stream stream(onednn_cpu());
  primitive.execute(stream, arguments);
  stream.wait();
}

TEST(Onednn, OneEngineForTheProcess) {
  EXPECT_EQ(&onednn_cpu(), &onednn_cpu());
  EXPECT_EQ(onednn_cpu().get_kind(), dnnl::engine::kind::cpu);
}

// dst is m x n, src m x k, weights k x n.
TEST(Onednn, MatmulPlan) {
  const Desc src({2, 3}, Type::f32, Tag::ab), weights({3, 2}, Type::f32, Tag::ab),
      dst({2, 2}, Type::f32, Tag::ab);
  Floats x = {1, 2, 3, 4, 5, 6}, w = {1, -1, 2, 0, 0, 3}, y(4);
  run(dnnl::matmul(matmul_plan(src, weights, dst)), {{DNNL_ARG_SRC, memory(src, x)},
                                                     {DNNL_ARG_WEIGHTS, memory(weights, w)},
                                                     {DNNL_ARG_DST, memory(dst, y)}});
  EXPECT_EQ(y, (Floats{5, 8, 14, 14}));
}

TEST(Onednn, AttributesReachThePlan) {
  const Desc any({64, 64}, Type::f32, Tag::ab);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  EXPECT_EQ(matmul_plan(any, any, any, attributes).get_primitive_attr().get_scratchpad_mode(),
            dnnl::scratchpad_mode::user);
  EXPECT_EQ(matmul_plan(any, any, any).get_primitive_attr().get_scratchpad_mode(),
            dnnl::scratchpad_mode::library);
}

TEST(Onednn, WithoutAKernelAPlanThrows) {
  const Desc src({2, 3}, Type::f32, Tag::ab), wrong({4, 2}, Type::f32, Tag::ab),
      dst({2, 2}, Type::f32, Tag::ab);
  EXPECT_THROW(matmul_plan(src, wrong, dst), dnnl::error);
  EXPECT_THROW(convolution_plan<dnnl::convolution_forward>(dnnl::algorithm::convolution_direct, src,
                                                           wrong, dst, {{1}, {0}, {0}, {0}}, {}),
               dnnl::error);
}

// One image of one channel, by a kernel of one channel; axes: item, channel, position.
template <class Primitive>
Floats convolved(dnnl::algorithm algorithm, Floats x, Floats w, std::size_t out,
                 const ConvolutionWindow& window) {
  const auto line = [](std::size_t size) {
    return Desc(Dims{1, 1, static_cast<dnnl::memory::dim>(size)}, Type::f32, Tag::abc);
  };
  const Desc src = line(x.size()), weights = line(w.size()), dst = line(out);
  Floats y(out);
  run(Primitive(convolution_plan<Primitive>(algorithm, src, weights, dst, window, {})),
      {{DNNL_ARG_SRC, memory(src, x)},
       {DNNL_ARG_WEIGHTS, memory(weights, w)},
       {DNNL_ARG_DST, memory(dst, y)}});
  return y;
}

// Dilations count skipped elements: 1 is a kernel over every second element.
TEST(Onednn, ConvolutionPlanOfAWindow) {
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const Floats x = {1, 2, 3, 4, 5, 6}, w = {1, 10, 100};
  using Forward = dnnl::convolution_forward;
  EXPECT_EQ(convolved<Forward>(algorithm, x, w, 4, {{1}, {0}, {0}, {0}}),
            (Floats{321, 432, 543, 654}));
  EXPECT_EQ(convolved<Forward>(algorithm, x, w, 2, {{1}, {1}, {0}, {0}}), (Floats{531, 642}));
  EXPECT_EQ(convolved<Forward>(algorithm, x, w, 2, {{3}, {0}, {0}, {0}}), (Floats{321, 654}));
  // One zero in front and two behind.
  EXPECT_EQ(convolved<Forward>(algorithm, x, w, 7, {{1}, {0}, {1}, {2}}),
            (Floats{210, 321, 432, 543, 654, 65, 6}));
}

// Each input adds its multiple of the kernel, a stride of 2 apart.
TEST(Onednn, ConvolutionPlanOfATransposedOne) {
  EXPECT_EQ(convolved<dnnl::deconvolution_forward>(dnnl::algorithm::deconvolution_direct, {1, 2},
                                                   {1, 10, 100}, 5, {{2}, {0}, {0}, {0}}),
            (Floats{1, 10, 102, 20, 200}));
}

}  // namespace
}  // namespace posittune::engine
