#include <gtest/gtest.h>

#include <string>

#include "posittune/metrics/scorer.h"
#include "tests/metrics/tensors.h"

namespace posittune::metrics {
namespace {

// The error of scoring `out` beside itself.
Error error_of(Task task, const Tensors& inputs, const Tensors& out,
               records::Annotations annotations = {}, std::vector<std::int64_t> units = {},
               ScorerOptions options = {}) {
  Scorer scorer(task, std::move(options), std::move(annotations), std::move(units));
  const Status status = scorer.add(0, inputs, out, out);
  EXPECT_FALSE(status.ok());
  return status.ok() ? Error{} : status.error();
}

void expect_input_error(const Error& error, const std::string& where, const std::string& found) {
  EXPECT_EQ(error.kind, ErrorKind::kInput);
  EXPECT_EQ(error.where, where);
  EXPECT_EQ(error.found, found);
}

TEST(ScorerErrors, LabelOutOfRange) {
  const Tensors out = logits({2, 3}, {1, 2, 3, 4, 5, 6});
  for (const std::int64_t label : {std::int64_t{3}, std::int64_t{-1}}) {
    const Error error = error_of(Task::kClassify, {}, out, {.labels = {0, label}, .boxes = {}});
    expect_input_error(error, "labels, item 1", std::to_string(label));
    EXPECT_EQ(error.expected, "0 .. 2, the classes of the output");
  }
}

TEST(ScorerErrors, TooFewLabelsBoxesOrUnits) {
  const Tensors out = logits({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_input_error(error_of(Task::kClassify, {}, out, {.labels = {0}, .boxes = {}}),
                     "labels, item 1", "1 labels");
  expect_input_error(error_of(Task::kGeneric, {}, out, {}, {4}), "item 1", "1 entries");
  const Tensors boxes = logits({2, 5, 1}, std::vector<float>(10, 0.5f));
  expect_input_error(error_of(Task::kDetect, {}, boxes, {.labels = {}, .boxes = {{}}}), "item 1",
                     "1 lists");
}

TEST(ScorerErrors, ClassOfABoxOutOfRange) {
  const Tensors out = logits({1, 6, 1}, std::vector<float>(6, 0.5f));
  for (const std::int32_t category : {2, -1}) {
    expect_input_error(error_of(Task::kDetect, {}, out,
                                {.labels = {}, .boxes = {{{0, 0, 1, 1, category, false}}}}),
                       "item 0", std::to_string(category));
  }
}

TEST(ScorerErrors, LanguageModelInputs) {
  const Tensors out = logits({1, 3, 2}, {1, 2, 3, 4, 5, 6});
  const auto with = [&](Tensor tokens) { return Tensors{{"input_ids", std::move(tokens)}}; };
  expect_input_error(error_of(Task::kLanguageModel, {}, out), "input 'input_ids'", "no inputs");
  expect_input_error(error_of(Task::kLanguageModel, {{"pixels", int64s({1, 3}, {0, 1, 0})}}, out),
                     "input 'input_ids'", "pixels");
  expect_input_error(error_of(Task::kLanguageModel, with(int64s({1, 2}, {0, 1})), out),
                     "input 'input_ids'", "(1, 2)");
  expect_input_error(error_of(Task::kLanguageModel, with(floats({1, 3}, {0, 1, 0})), out),
                     "input 'input_ids'", "float32");
  for (const std::int64_t token : {std::int64_t{2}, std::int64_t{-5}}) {
    expect_input_error(error_of(Task::kLanguageModel, with(int64s({1, 3}, {0, 1, token})), out),
                       "item 0, token 2", std::to_string(token));
  }
  Tensors masked = with(int64s({1, 3}, {0, 1, 0}));
  masked["attention_mask"] = int64s({3, 1}, {1, 1, 1});
  expect_input_error(error_of(Task::kLanguageModel, masked, out), "input 'attention_mask'",
                     "(3, 1)");
}

TEST(ScorerErrors, ShapesOfOutputs) {
  expect_input_error(error_of(Task::kLanguageModel, {}, logits({1, 3}, {1, 2, 3})), "output",
                     "(1, 3)");
  expect_input_error(error_of(Task::kClassify, {}, logits({1, 3, 2}, {1, 2, 3, 4, 5, 6})), "output",
                     "(1, 3, 2)");
  expect_input_error(error_of(Task::kClassify, {}, logits({1, 0}, {})), "output", "(1, 0)");
  expect_input_error(error_of(Task::kDetect, {}, logits({1, 4, 2}, std::vector<float>(8))),
                     "output", "(1, 4, 2)");
  expect_input_error(error_of(Task::kGeneric, {}, logits({}, {1})), "output", "()");
  expect_input_error(error_of(Task::kGeneric, {}, logits({0, 3}, {})), "output", "(0, 3)");
}

// No number is better than a wrong one.
TEST(ScorerErrors, ScoresThatAreNotWhatTheyAreTakenFor) {
  const auto with = [](ScoreKind kind) {
    return ScorerOptions{.output = "logits", .scores = kind};
  };
  const Tensors negative = logits({2, 2}, {0.5f, 0.5f, 1.5f, -0.5f});
  expect_input_error(
      error_of(Task::kClassify, {}, negative, {}, {}, with(ScoreKind::kProbabilities)),
      "output 'logits', item 1", "another row");
  expect_input_error(error_of(Task::kClassify, {}, negative, {}, {}, with(ScoreKind::kSigmoid)),
                     "output 'logits', item 1", "another row");
  expect_input_error(error_of(Task::kClassify, {}, logits({2, 1}, {1, 2})), "output", "one class");
  expect_input_error(error_of(Task::kGeneric, {}, logits({1, 2}, {1, 2}), {.sequences = {{1, 2}}}),
                     "array 'labels', task generic", "a sequence for each item");
  expect_input_error(error_of(Task::kAgreement, {}, logits({1, 2}, {1, 2})), "output", "float32");
}

TEST(ScorerErrors, MissingOutputsAndOtherTypes) {
  EXPECT_EQ(error_of(Task::kGeneric, {}, {}).kind, ErrorKind::kInput);
  expect_input_error(error_of(Task::kGeneric, {}, logits({1, 1}, {1}), {}, {}, {.output = "boxes"}),
                     "output 'boxes'", "none of that name");
  expect_input_error(error_of(Task::kGeneric, {}, {{"ids", int64s({1, 1}, {1})}}), "output",
                     "int64");
}

TEST(ScorerErrors, ShapesThatDifferFromFp32s) {
  Scorer scorer(Task::kGeneric, {}, {}, {});
  const Status status = scorer.add(0, {}, logits({1, 2}, {1, 2}), logits({2, 1}, {1, 2}));
  ASSERT_FALSE(status.ok());
  expect_input_error(status.error(), "output", "(2, 1)");
}

TEST(ScorerErrors, ClassesThatChangeBetweenBatches) {
  Scorer scorer(Task::kClassify, {}, {}, {});
  const Tensors two = logits({1, 2}, {1, 2}), three = logits({1, 3}, {1, 2, 3});
  ASSERT_TRUE(scorer.add(0, {}, two, two).ok());
  EXPECT_FALSE(scorer.add(1, {}, three, three).ok());
}

TEST(ScorerErrors, BatchesOutOfOrderAreOurBug) {
  Scorer scorer(Task::kGeneric, {}, {}, {});
  const Tensors out = logits({1, 1}, {1});
  const Status status = scorer.add(1, {}, out, out);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kInternal);
}

TEST(ScorerErrors, NothingScored) {
  for (const Task task : {Task::kLanguageModel, Task::kClassify, Task::kDetect, Task::kGeneric}) {
    Scorer scorer(task, {}, {}, {});
    const auto metrics = scorer.finish();
    ASSERT_FALSE(metrics.ok());
    EXPECT_EQ(metrics.error().kind, ErrorKind::kInput);
  }
  Scorer one_token(Task::kLanguageModel, {}, {}, {});
  const Tensors out = logits({1, 1, 2}, {1, 2});
  ASSERT_TRUE(one_token.add(0, {{"input_ids", int64s({1, 1}, {0})}}, out, out).ok());
  EXPECT_FALSE(one_token.finish().ok());
}

}  // namespace
}  // namespace posittune::metrics
