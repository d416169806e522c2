#include "tests/engine/faults.h"

#include <new>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/group_conv.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/unsqueeze.hpp>
#include <stdexcept>

#include "tests/engine/engine_access.h"
#include "tests/model/models.h"

namespace posittune::engine {
namespace {

std::unique_ptr<Operation>& operation_of(Engine& engine, std::size_t layer) {
  return EngineTestAccess::state(engine).layers.nodes[layer]->operation;
}

// Everything but run() is the operation's own.
class FaultyOperation : public Operation {
 public:
  FaultyOperation(std::unique_ptr<Operation> inner, test::Fault fault, std::size_t from)
      : inner_(std::move(inner)), fault_(fault), left_(from) {}

  std::unique_ptr<Operation> take() { return std::move(inner_); }

  Status run(const LayerSetting& setting, const ov::TensorVector& inputs, ov::Tensor& output,
             Scratch& scratch, int threads) override {
    if (left_ > 0) {
      --left_;
      return inner_->run(setting, inputs, output, scratch, threads);
    }
    if (fault_ == test::Fault::kMemory) throw std::bad_alloc();
    if (fault_ == test::Fault::kThrow) throw std::runtime_error("thrown on purpose");
    return Error{.kind = ErrorKind::kUnsupported, .what = "failed on purpose"};
  }
  std::optional<ov::Shape> output_shape(const ov::Shape& x) const override {
    return inner_->output_shape(x);
  }
  kernels::Shape tokens(std::size_t operand, const ov::Shape& shape) const override {
    return inner_->tokens(operand, shape);
  }
  ov::Shape token(std::size_t operand, const ov::Shape& shape) const override {
    return inner_->token(operand, shape);
  }
  std::vector<float> patches(std::span<const float> x, const ov::Shape& token, Positions chosen,
                             int threads) const override {
    return inner_->patches(x, token, chosen, threads);
  }
  std::size_t positions(const ov::Shape& token) const override { return inner_->positions(token); }
  std::size_t channel_axis(std::size_t rank) const override { return inner_->channel_axis(rank); }
  bool has_int8() const override { return inner_->has_int8(); }
  bool does_epilogues() const override { return inner_->does_epilogues(); }

 private:
  std::unique_ptr<Operation> inner_;
  test::Fault fault_;
  std::size_t left_;
};

}  // namespace
}  // namespace posittune::engine

namespace posittune::test {

Faulty::Faulty(engine::Engine& engine, std::size_t layer, Fault fault, std::size_t from)
    : engine_(&engine), layer_(layer) {
  auto& operation = engine::operation_of(engine, layer);
  operation = std::make_unique<engine::FaultyOperation>(std::move(operation), fault, from);
}

Faulty::~Faulty() {
  auto& operation = engine::operation_of(*engine_, layer_);
  operation = static_cast<engine::FaultyOperation&>(*operation).take();
}

ErrorKind kind_of(Fault fault) {
  if (fault == Fault::kError) return ErrorKind::kUnsupported;
  return fault == Fault::kMemory ? ErrorKind::kResource : ErrorKind::kInternal;
}

std::shared_ptr<ov::Model> model_of_all_kinds() {
  const auto named = [](std::shared_ptr<ov::Node> node, const std::string& name) {
    node->set_friendly_name(name);
    return node;
  };
  const auto axis = [](std::int64_t value) { return test::integers({}, {value}); };
  const ov::Strides ones = {1, 1}, twos = {2, 2};
  const ov::CoordinateDiff none = {0, 0}, one = {1, 1};
  const auto ids = parameter({-1, 4}, "ids", ov::element::i64);
  const auto table = named(
      std::make_shared<ov::op::v8::Gather>(normal_constant({9, 6}, 1, "w_table"), ids, axis(0)),
      "table");
  const auto product =
      named(std::make_shared<ov::op::v0::MatMul>(table, normal_constant({6, 6}, 2, "w_product")),
            "product");
  const auto attention =
      named(std::make_shared<ov::op::v0::MatMul>(product, table, false, true), "attention");
  const auto image = std::make_shared<ov::op::v0::Unsqueeze>(attention, axis(1));
  // 16 numbers of an item between all of these, so that segments can be cut there.
  const auto convolution =
      named(std::make_shared<ov::op::v1::Convolution>(
                image, normal_constant({4, 1, 3, 3}, 3, "w_convolution"), twos, one, one, ones),
            "convolution");
  const auto depthwise = named(
      std::make_shared<ov::op::v1::GroupConvolution>(
          convolution, normal_constant({4, 1, 1, 3, 3}, 5, "w_depthwise"), ones, one, one, ones),
      "depthwise");
  const auto grouped =
      named(std::make_shared<ov::op::v1::GroupConvolution>(
                depthwise, normal_constant({2, 2, 2, 3, 3}, 6, "w_grouped"), ones, one, one, ones),
            "grouped");
  const auto grouped_transposed =
      named(std::make_shared<ov::op::v1::GroupConvolutionBackpropData>(
                grouped, normal_constant({2, 2, 2, 3, 3}, 7, "w_grouped_transposed"), ones, one,
                one, ones),
            "grouped_transposed");
  const auto transposed =
      named(std::make_shared<ov::op::v1::ConvolutionBackpropData>(
                grouped_transposed, normal_constant({4, 2, 3, 3}, 4, "w_transposed"), ones, none,
                none, ones),
            "transposed");
  return model_of(transposed, {ids});
}

}  // namespace posittune::test
