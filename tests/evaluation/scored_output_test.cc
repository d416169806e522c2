// What is scored, of small graphs and data.

#include "posittune/evaluation/scored_output.h"

#include <gtest/gtest.h>

#include <openvino/op/ops.hpp>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"
#include "tests/model/models.h"

namespace posittune::evaluation {
namespace {

namespace op = ov::op;

// (items, 3) logits, or what `end` makes of them.
model::Graph graph(bool softmax) {
  const auto x = test::parameter({-1, 3});
  std::shared_ptr<ov::Node> y =
      std::make_shared<op::v0::MatMul>(x, test::normal_constant({3, 3}, 1, "w"));
  if (softmax) y = std::make_shared<op::v8::Softmax>(y, -1);
  return test::load_ir(test::model_of(y, {x}));
}

class Scored : public testing::Test {
 protected:
  data::Dataset data(const model::Graph& graph, bool labels) {
    data::DataSpec spec;
    spec.path = folder_.file("x.npz");
    data::ZipEntries arrays = {
        {"x.npy", data::npy_bytes("<f4", "(2, 3)", std::vector<float>(6, 1))}};
    if (labels)
      arrays.push_back(
          {"labels.npy", data::npy_bytes("<i8", "(2,)", std::vector<std::int64_t>{0, 2})});
    write_bytes(spec.path, data::zip_bytes(arrays));
    return data::Dataset::open(spec, graph.inputs).value();
  }
  TemporaryFolder folder_;
};

TEST_F(Scored, TheFirstOutputOfFloatNumbers) {
  model::Graph outputs;
  EXPECT_EQ(default_output(outputs), "");
  outputs.outputs = {{"ids", ElementType::kI64, {-1}},
                     {"y", ElementType::kF32, {-1, 3}},
                     {"z", ElementType::kF32, {-1, 3}}};
  EXPECT_EQ(default_output(outputs), "y");
  outputs.outputs.resize(1);
  EXPECT_EQ(default_output(outputs), "ids");
}

TEST_F(Scored, LabelsMakeAClassifier) {
  const model::Graph of = graph(false);
  EXPECT_EQ(guess_task(of, data(of, true), "y"), metrics::Task::kClassify);
  EXPECT_EQ(guess_task(of, data(of, false), "y"), metrics::Task::kGeneric);
}

TEST_F(Scored, TheGraphsEndSaysWhatTheScoresAre) {
  const model::Graph of = graph(true);
  const auto chosen = choose_scored(of, data(of, true), {});
  ASSERT_TRUE(chosen.ok()) << chosen.error().message();
  EXPECT_EQ(chosen->task, metrics::Task::kClassify);
  EXPECT_EQ(chosen->scorer.output, "y");
  EXPECT_EQ(chosen->scorer.scores, metrics::ScoreKind::kProbabilities);
  EXPECT_FALSE(chosen->by_data);
  const records::ScoredRecord record = to_record(*chosen);
  EXPECT_EQ(record.output, "y");
  EXPECT_EQ(record.task, "classify");
  EXPECT_EQ(record.scores, "probabilities");
  EXPECT_EQ(record.reason, chosen->reason);
}

TEST_F(Scored, WhatIsAskedForCounts) {
  const model::Graph of = graph(true);
  const auto chosen = choose_scored(
      of, data(of, true),
      {.task = metrics::Task::kClassify, .output = "y", .scores = metrics::ScoreKind::kLogits});
  ASSERT_TRUE(chosen.ok()) << chosen.error().message();
  EXPECT_EQ(chosen->scorer.scores, metrics::ScoreKind::kLogits);
  EXPECT_FALSE(chosen->by_data);
}

TEST_F(Scored, WhatThereIsNot) {
  const model::Graph of = graph(false);
  const data::Dataset items = data(of, true);
  const auto field = [&](const metrics::ScoreRequest& request) {
    const auto chosen = choose_scored(of, items, request);
    EXPECT_FALSE(chosen.ok());
    if (chosen.ok()) return std::string();
    EXPECT_EQ(chosen.error().kind, ErrorKind::kUsage);
    return chosen.error().where.substr(0, chosen.error().where.find(','));
  };
  using metrics::ScoreKind;
  using metrics::Task;
  EXPECT_EQ(field({.output = "z"}), "`output`");
  EXPECT_EQ(field({.task = Task::kGeneric, .scores = ScoreKind::kLogits}), "`scores`");
  EXPECT_EQ(field({.task = Task::kGeneric, .class_axis = 1}), "`class_axis`");
  EXPECT_EQ(field({.task = Task::kGeneric, .tokens = "x"}), "`tokens`");
  EXPECT_EQ(field({.task = Task::kSegment, .class_axis = 7}), "`class_axis`");
}

}  // namespace
}  // namespace posittune::evaluation
