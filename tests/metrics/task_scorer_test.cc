// What the scorers of tasks share; each task is tested in scorer_test.cc.

#include "posittune/metrics/task_scorer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/metrics/tensors.h"

namespace posittune::metrics {
namespace {

TEST(TaskScorer, RelativeErrors) {
  EXPECT_EQ(relative_error({.signal = 4, .noise = 1, .cosine = 0}), 0.25);
  EXPECT_EQ(relative_error({.signal = 0, .noise = 0, .cosine = 1}), 0);
  EXPECT_TRUE(std::isinf(relative_error({.signal = 0, .noise = 1, .cosine = 0})));
}

TEST(TaskScorer, ElementsThatDifferInAnyByte) {
  const Tensor a = floats({2, 3}, {1, 0.0f, 3, 4, NAN, 6}),
               b = floats({2, 3}, {1, -0.0f, 3, 5, NAN, 7});
  EXPECT_EQ(differing_elements(a, b, 0), 1U);  // the sign of zero
  EXPECT_EQ(differing_elements(a, b, 1), 2U);  // equal NaNs are equal
  EXPECT_EQ(differing_elements(a, a, 1), 0U);
}

TEST(TaskScorer, IntegersOfEachType) {
  Tensor small = Tensor::zeros(ElementType::kI8, {2});
  small.as<std::int8_t>()[1] = -3;
  EXPECT_EQ(integers(small, "x").value(), (std::vector<std::int64_t>{0, -3}));
  Tensor flags = Tensor::zeros(ElementType::kBool, {2});
  flags.as<std::uint8_t>()[0] = 1;
  EXPECT_EQ(integers(flags, "x").value(), (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(integers(int64s({1}, {1LL << 40}), "x").value(),
            (std::vector<std::int64_t>{1LL << 40}));
  const auto refused = integers(floats({1}, {1}), "ids");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
  EXPECT_NE(refused.error().where.find("'ids'"), std::string::npos);
  EXPECT_TRUE(is_integer(ElementType::kBool) && is_integer(ElementType::kI64));
  EXPECT_FALSE(is_integer(ElementType::kF16) || is_integer(ElementType::kF32));
}

TEST(TaskScorer, SumsByUnit) {
  UnitSums sums;
  sums.add(2, 1.5);
  sums.add(0, 2);
  sums.add(2, 0.5);
  EXPECT_EQ(sums.take(4), (std::vector<double>{2, 0, 2, 0}));
}

TEST(TaskScorer, OneClassOfLogitsIsNoDistribution) {
  ScorerOptions options;
  EXPECT_TRUE(check_classes(options, 2).ok());
  ASSERT_FALSE(check_classes(options, 1).ok());
  EXPECT_EQ(check_classes(options, 1).error().kind, ErrorKind::kInput);
  options.scores = ScoreKind::kSigmoid;
  EXPECT_TRUE(check_classes(options, 1).ok());
}

TEST(TaskScorer, ReferencesThatAreNoProbabilitiesNameTheItem) {
  ScorerOptions options;
  const std::vector<RowScores> none(1);  // best_reference is kNoClass
  EXPECT_TRUE(check_reference(options, none, 7).ok());
  options.scores = ScoreKind::kProbabilities;
  const Status refused = check_reference(options, none, 7);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
  EXPECT_NE(refused.error().where.find("item 7"), std::string::npos);
  std::vector<RowScores> good(1);
  good[0].best_reference = 0;
  EXPECT_TRUE(check_reference(options, good, 7).ok());
}

}  // namespace
}  // namespace posittune::metrics
