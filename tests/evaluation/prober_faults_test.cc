// A layer of any kind that fails ends what a Prober does, from whatever segment it runs.

#include <gtest/gtest.h>

#include "posittune/evaluation/prober.h"
#include "tests/engine/engines.h"
#include "tests/engine/faults.h"
#include "tests/evaluation/kinds_data.h"

namespace posittune::evaluation {
namespace {

constexpr std::size_t kItems = 5, kBatch = 2, kBatches = 3;

Status go_on(std::size_t) { return success(); }

class KindsProber : public testing::Test {
 protected:
  void SetUp() override {
    model::Graph graph = test::load_ir(test::model_of_all_kinds());
    data_.emplace(test::kinds_data(folder_, kItems, graph));
    const std::vector<bool> all(graph.layers.size(), true);
    engine_.emplace(
        engine::Engine::create(std::move(graph), {.chosen = all, .threads = 2, .segments = 9})
            .value());
    ASSERT_GE(engine_->segment_count(), 6u);  // a convolution of each kind in its own
  }
  Result<Prober> prober() {
    ProberOptions options;
    options.batch = kBatch;
    return Prober::create(*engine_, *data_, options, go_on);
  }
  quant::Recipe int4(std::size_t from) const {
    quant::Recipe recipe;
    for (const model::Weight& weight : engine_->graph().weights) {
      if (engine_->segment_of(weight.layers.front()) >= from)
        recipe.weights[weight.name] = test::weight_setting("int4");
    }
    return recipe;
  }
  std::string name(std::size_t layer) const { return engine_->graph().layers[layer].name; }
  void expect_failed(const Error& error, test::Fault fault, std::size_t layer) const {
    EXPECT_EQ(error.kind, test::kind_of(fault)) << error.message();
    EXPECT_NE(error.where.find("'" + name(layer) + "'"), std::string::npos) << error.message();
  }

  TemporaryFolder folder_;
  std::optional<data::Dataset> data_;
  std::optional<engine::Engine> engine_;
};

TEST_F(KindsProber, NothingIsKeptOfFp32) {
  for (std::size_t layer = 0; layer < engine_->graph().layers.size(); ++layer) {
    for (const test::Fault fault : {test::Fault::kError, test::Fault::kMemory}) {
      for (std::size_t from = 0; from < kBatches; ++from) {
        const test::Faulty faulty(*engine_, layer, fault, from);
        const auto made = prober();
        ASSERT_FALSE(made.ok()) << name(layer) << " in batch " << from;
        expect_failed(made.error(), fault, layer);
      }
    }
  }
}

TEST_F(KindsProber, NothingIsMeasured) {
  auto good = prober();
  ASSERT_TRUE(good.ok()) << good.error().message();
  std::vector<std::vector<double>> expected;
  for (std::size_t first = 0; first < engine_->segment_count(); ++first) {
    const auto divergence = good->measure(int4(first), first, go_on);
    ASSERT_TRUE(divergence.ok()) << divergence.error().message();
    EXPECT_GT(divergence->mean(), 0) << first;
    expected.push_back(divergence->sums);
  }
  for (std::size_t layer = 0; layer < engine_->graph().layers.size(); ++layer) {
    for (std::size_t first = 0; first < engine_->segment_count(); ++first) {
      const bool runs = engine_->segment_of(layer) >= first;
      for (std::size_t from = 0; from < kBatches; ++from) {
        const test::Faulty faulty(*engine_, layer, test::Fault::kError, from);
        const auto divergence = good->measure(int4(first), first, go_on);
        ASSERT_EQ(divergence.ok(), !runs) << name(layer) << " from segment " << first;
        if (runs) expect_failed(divergence.error(), test::Fault::kError, layer);
      }
      const auto after = good->measure(int4(first), first, go_on);
      ASSERT_TRUE(after.ok()) << after.error().message();
      EXPECT_EQ(after->sums, expected[first]) << name(layer) << " from segment " << first;
    }
  }
}

}  // namespace
}  // namespace posittune::evaluation
