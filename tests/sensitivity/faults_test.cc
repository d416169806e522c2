// What a layer that fails would have given never reaches the journal.

#include "tests/engine/faults.h"

#include <gtest/gtest.h>

#include "posittune/records/journal.h"
#include "posittune/sensitivity/analysis.h"
#include "tests/engine/engines.h"
#include "tests/evaluation/kinds_data.h"

namespace posittune::sensitivity {
namespace {

constexpr std::size_t kItems = 5, kBatch = 2, kBatches = 3;

Advance report(const std::string&, std::size_t) {
  return [](std::size_t) { return success(); };
}

class JournalOfFaults : public testing::Test {
 protected:
  void SetUp() override {
    start_engine();
    data_.emplace(test::kinds_data(folder_, kItems, engine_->graph()));
    for (const model::Weight& weight : engine_->graph().weights)
      recipe_.weights[weight.name] = test::weight_setting("int4");
  }
  // One that has seen no items.
  void start_engine() {
    model::Graph graph = test::load_ir(test::model_of_all_kinds());
    const std::vector<bool> all(graph.layers.size(), true);
    engine_.emplace(engine::Engine::create(
                        std::move(graph),
                        {.chosen = all, .threads = 2, .segments = 4, .covariance_bytes = 1U << 20})
                        .value());
  }
  records::Journal journal(const std::string& name) const {
    return records::Journal::open(folder_.file(name)).value();
  }
  Analysis analysis(records::Journal& journal) {
    Options options;
    options.candidates = {{test::weight_setting("int4"), {}}};
    options.reference = options.candidates.front();
    options.tier = Tier::kExact;
    options.prober.batch = kBatch;
    return Analysis({.engine = &*engine_,
                     .calibrate = &*data_,
                     .search = &*data_,
                     .journal = &journal,
                     .identity = {},
                     .report = report},
                    options);
  }

  TemporaryFolder folder_;
  std::optional<data::Dataset> data_;
  std::optional<engine::Engine> engine_;
  quant::Recipe recipe_;
};

TEST_F(JournalOfFaults, FailedMeasurementsAreNotKept) {
  records::Journal clean = journal("clean");
  const auto expected = analysis(clean).kl_of(recipe_);
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  EXPECT_FALSE(*clean.empty());
  for (std::size_t layer = 0; layer < engine_->graph().layers.size(); ++layer) {
    const std::string& name = engine_->graph().layers[layer].name;
    records::Journal kept = journal("layer " + std::to_string(layer));
    // In FP32's run, then in the recipe's.
    for (std::size_t from = 0; from < 2 * kBatches; ++from) {
      const test::Faulty faulty(*engine_, layer, test::Fault::kError, from);
      const auto kl = analysis(kept).kl_of(recipe_);
      ASSERT_FALSE(kl.ok()) << name << " from run " << from;
      EXPECT_NE(kl.error().where.find("'" + name + "'"), std::string::npos) << kl.error().message();
      EXPECT_TRUE(kept.entries("probe")->empty()) << name << " from run " << from;
      if (from < kBatches) {
        EXPECT_TRUE(*kept.empty()) << name << " from run " << from;
      }
    }
    const auto after = analysis(kept).kl_of(recipe_);
    ASSERT_TRUE(after.ok()) << after.error().message();
    EXPECT_EQ(after->sums, expected->sums) << name;
    EXPECT_EQ(kept.entries("probe")->size(), 1u);
  }
}

// Proxies, gains and exact scores of the rest are those of a run without faults.
TEST_F(JournalOfFaults, AnAnalysisGoesOnAsIfNothingHadFailed) {
  const auto scores = [](const records::Sensitivity& of) {
    std::vector<double> all;
    for (const records::SensitivityRow& row : of.rows) all.push_back(row.score);
    return all;
  };
  records::Journal clean = journal("clean");
  const auto expected = analysis(clean).run();
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  ASSERT_FALSE(expected->rows.empty());
  for (std::size_t layer = 0; layer < engine_->graph().layers.size(); ++layer) {
    records::Journal kept = journal("layer " + std::to_string(layer));
    for (std::size_t from = 0; from < 4 * kBatches; from += kBatches) {
      start_engine();
      const test::Faulty faulty(*engine_, layer, test::Fault::kError, from);
      EXPECT_FALSE(analysis(kept).run().ok()) << engine_->graph().layers[layer].name << from;
    }
    start_engine();
    const auto after = analysis(kept).run();
    ASSERT_TRUE(after.ok()) << after.error().message();
    EXPECT_EQ(scores(*after), scores(*expected)) << engine_->graph().layers[layer].name;
  }
}

}  // namespace
}  // namespace posittune::sensitivity
