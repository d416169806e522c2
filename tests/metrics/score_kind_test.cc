#include "posittune/metrics/score_kind.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace posittune::metrics {
namespace {

using Row = std::vector<float>;

TEST(ScoreKind, WordsAndBack) {
  for (const ScoreKind kind : {ScoreKind::kLogits, ScoreKind::kProbabilities, ScoreKind::kSigmoid})
    EXPECT_EQ(parse_score_kind(name(kind)).value(), kind);
  const auto refused = parse_score_kind("odds");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_NE(refused.error().what.find("'odds'"), std::string::npos);
  EXPECT_LT(parse_score_kind(std::string(1000, 'x')).error().what.size(), 100U);
}

TEST(ScoreKind, ProbabilitiesSumToOne) {
  const auto fits = [](const Row& row) { return is_of_kind(ScoreKind::kProbabilities, row); };
  EXPECT_TRUE(fits({0.25f, 0.75f}));
  EXPECT_TRUE(fits({1.0f, 0.0f}));
  EXPECT_TRUE(fits({0.5f, 0.5009f}));
  EXPECT_FALSE(fits({0.5f, 0.502f}));
  EXPECT_FALSE(fits({0.5f, 0.4f}));
  EXPECT_FALSE(fits({1.5f, -0.5f}));
  EXPECT_FALSE(fits({NAN, 1.0f}));
  EXPECT_FALSE(fits({INFINITY}));
}

TEST(ScoreKind, SigmoidsAreFromZeroToOne) {
  const auto fits = [](const Row& row) { return is_of_kind(ScoreKind::kSigmoid, row); };
  EXPECT_TRUE(fits({0.0f, 1.0f, 0.9f}));
  EXPECT_FALSE(fits({1.0001f}));
  EXPECT_FALSE(fits({-0.0001f}));
  EXPECT_FALSE(fits({NAN}));
}

TEST(ScoreKind, LogitsMayBeAnything) {
  EXPECT_TRUE(is_of_kind(ScoreKind::kLogits, Row{NAN, INFINITY, -3}));
}

}  // namespace
}  // namespace posittune::metrics
