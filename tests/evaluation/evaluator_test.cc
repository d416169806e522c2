// A model of one product by hand: y = W x, W = ((1, 0), (0, 0.75)), whose rounding to integers
// makes 0.75 to 1.

#include "posittune/evaluation/evaluator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <openvino/op/matmul.hpp>

#include "tests/data/files.h"
#include "tests/engine/engines.h"

namespace posittune::evaluation {
namespace {

constexpr std::size_t kItems = 5;

class OneProduct : public testing::Test {
 protected:
  OneProduct() {
    const auto x = test::parameter({-1, 2});
    auto node = std::make_shared<ov::op::v0::MatMul>(
        x, test::constant({2, 2}, {1, 0, 0, 0.75F}, "w"), false, true);
    engine_.emplace(test::engine_of(test::load_ir(test::model_of(node, {x}))));
    data::DataSpec spec;
    spec.path = folder_.file("x.npz");
    // Item i is (3, 4): the change is (0, 1), the output (3, 3).
    std::vector<float> values;
    for (std::size_t i = 0; i < kItems; ++i) values.insert(values.end(), {3, 4});
    write_bytes(spec.path, data::zip_bytes({{"x.npy", data::npy_bytes("<f4", "(5, 2)", values)}}));
    data_.emplace(data::Dataset::open(spec, engine_->graph().inputs).value());
    recipe_.weights["w"] = test::weight_setting("int8", quant::ScaleRule::kNone);
  }
  Evaluator evaluator(Options options = {}) {
    options.batch = 2;
    options.bootstrap.resamples = 50;
    auto made = Evaluator::create(*engine_, *data_, options, going());
    EXPECT_TRUE(made.ok()) << made.error().message();
    return std::move(*made);
  }
  Advance going() {
    return [this](std::size_t items) {
      seen_ += items;
      return success();
    };
  }

  TemporaryFolder folder_;
  std::optional<engine::Engine> engine_;
  std::optional<data::Dataset> data_;
  quant::Recipe recipe_;
  std::size_t seen_ = 0;
};

TEST_F(OneProduct, MetricsBesideFp32) {
  Evaluator of = evaluator();
  EXPECT_EQ(of.batch(), 2U);
  EXPECT_EQ(seen_, kItems);
  const auto measured = of.measure(recipe_, going());
  ASSERT_TRUE(measured.ok()) << measured.error().message();
  EXPECT_EQ(seen_, 2 * kItems);
  EXPECT_EQ(of.nonfinite(), 0U);
  const auto compared = of.compare(*measured);
  ASSERT_TRUE(compared.ok()) << compared.error().message();
  // |(3, 3)|^2 = 18 over |(0, 1)|^2, for each item alike.
  const records::MetricResult& sqnr = compared->at("sqnr_db");
  EXPECT_NEAR(sqnr.value.value, 10 * std::log10(18.0), 1e-6);
  EXPECT_NEAR(sqnr.value.low, sqnr.value.high, 1e-9);
  EXPECT_FALSE(sqnr.lower_is_better);
}

TEST_F(OneProduct, NothingChangedIsFp32Itself) {
  Evaluator of = evaluator();
  const auto compared = of.compare(*of.measure({}, going()));
  ASSERT_TRUE(compared.ok());
  EXPECT_TRUE(std::isinf(compared->at("sqnr_db").value.value));
}

// FP32's outputs on disk give the same numbers.
TEST_F(OneProduct, OutputsOnDisk) {
  Options options;
  options.memory_limit = 0;
  options.scratch_folder = folder_.file("");
  Evaluator on_disk = evaluator(options), in_memory = evaluator();
  const auto a = on_disk.compare(*on_disk.measure(recipe_, going()));
  const auto b = in_memory.compare(*in_memory.measure(recipe_, going()));
  EXPECT_EQ(a->at("sqnr_db").value, b->at("sqnr_db").value);
}

TEST_F(OneProduct, EveryBatchIsWatched) {
  Evaluator of = evaluator();
  std::vector<std::size_t> firsts;
  float changed = 0;
  const Watch watch = [&](std::size_t first, const Tensors& outputs) {
    firsts.push_back(first);
    changed = outputs.at("y").as<float>()[1];
    return success();
  };
  ASSERT_TRUE(of.measure(recipe_, going(), watch).ok());
  EXPECT_EQ(firsts, (std::vector<std::size_t>{0, 2, 4}));
  EXPECT_EQ(changed, 4);
}

TEST_F(OneProduct, AStopIsAnError) {
  Evaluator of = evaluator();
  const auto stopped = of.measure(recipe_, [](std::size_t) -> Status {
    return Error{.kind = ErrorKind::kInterrupted, .what = "stopped"};
  });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
  EXPECT_TRUE(of.measure(recipe_, going()).ok());
}

}  // namespace
}  // namespace posittune::evaluation
