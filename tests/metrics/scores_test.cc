#include "posittune/metrics/scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace posittune::metrics {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

RowScores score(const std::vector<float>& x, const std::vector<float>& y) {
  const std::vector<std::size_t> rows = {0};
  return score_rows(x.data(), y.data(), x.size(), rows).front();
}

long double log_sum_exp(const std::vector<float>& x) {
  long double max = x[0], sum = 0;
  for (const float v : x) max = std::max<long double>(max, v);
  for (const float v : x) sum += std::exp(v - max);
  return max + std::log(sum);
}

// The definition, in long double.
long double kl(const std::vector<float>& x, const std::vector<float>& y) {
  const long double lx = log_sum_exp(x), ly = log_sum_exp(y);
  long double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += std::exp(x[i] - lx) * ((x[i] - lx) - (y[i] - ly));
  }
  return sum;
}

TEST(ScoreRows, HandComputed) {
  // P = (1/2, 1/2), Q = (1/4, 3/4): KL = log 2 - log(3) / 2.
  const RowScores row = score({0, 0}, {0, std::log(3.0f)});
  EXPECT_NEAR(row.kl, std::log(2.0) - std::log(3.0) / 2, 1e-6);
  EXPECT_NEAR(row.log_sum_exp, std::log(4.0), 1e-6);
  EXPECT_EQ(row.best_reference, 0);  // of equal logits the lowest index
  EXPECT_EQ(row.best, 1);
  EXPECT_FALSE(row.agrees());
}

TEST(ScoreRows, KlIsTheDefinitionFromTinyToHugeDifferences) {
  std::mt19937 random(2);
  for (const std::size_t n : {2u, 17u, 1000u, 4096u}) {
    for (const float noise : {1e-4f, 1e-3f, 0.03f, 0.5f, 3.0f, 20.0f}) {
      std::normal_distribution<float> logit(0, 4), error(0.3f, noise);
      std::vector<float> x(n), y(n);
      for (std::size_t i = 0; i < n; ++i) {
        x[i] = logit(random);
        y[i] = x[i] + error(random);
      }
      const RowScores row = score(x, y);
      // 1e-5 as the header says; the oracle's own cancellation is below 1e-17.
      const auto exact = static_cast<double>(kl(x, y));
      EXPECT_NEAR(row.kl, exact, 1e-5 * exact + 1e-17) << n << " classes, noise " << noise;
      EXPECT_NEAR(row.log_sum_exp, static_cast<double>(log_sum_exp(y)), 1e-6);
    }
  }
}

TEST(ScoreRows, EqualRowsHaveKlZeroAndAgree) {
  std::mt19937 random(3);
  std::normal_distribution<float> logit(0, 10);
  for (std::size_t n = 1; n < 200; ++n) {
    std::vector<float> x(n);
    for (float& v : x) v = logit(random);
    const RowScores row = score(x, x);
    EXPECT_EQ(row.kl, 0);
    EXPECT_TRUE(row.agrees());
    EXPECT_EQ(row.deviation.noise, 0);
    EXPECT_EQ(row.deviation.cosine, 1);
  }
}

TEST(ScoreRows, KlIsNeverNegativeAndDoesNotSeeAConstantShift) {
  std::mt19937 random(4);
  std::normal_distribution<float> logit(0, 2);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<float> x(50), y(50);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = logit(random);
      y[i] = x[i] + 16;
    }
    const double shifted = score(x, y).kl;
    EXPECT_GE(shifted, 0);
    EXPECT_LT(shifted, 1e-11);  // the shift rounds logits to 2^-20
  }
}

TEST(ScoreRows, MaskedClasses) {
  const RowScores both = score({1, -kInf, 0}, {1, -kInf, 0});
  EXPECT_EQ(both.kl, 0);
  EXPECT_TRUE(both.agrees());
  // Only P has the class: infinite. Only Q has it: P = (1), Q = (1/2, 1/2) gives log 2.
  EXPECT_EQ(score({1, 1}, {1, -kInf}).kl, double{kInf});
  EXPECT_NEAR(score({1, -kInf}, {1, 1}).kl, std::log(2.0), 1e-6);
}

TEST(ScoreRows, NotANumberIsNoClassAndNoDistribution) {
  const std::vector<float> good = {1, 2, 3};
  for (const std::vector<float>& bad : std::vector<std::vector<float>>{
           {1, kNaN, 3}, {kNaN, kNaN, kNaN}, {1, 2, kInf}, {-kInf, -kInf, -kInf}}) {
    const RowScores row = score(good, bad);
    EXPECT_TRUE(std::isnan(row.kl));
    EXPECT_TRUE(std::isnan(row.log_sum_exp));
    EXPECT_EQ(row.best, kNoClass);
    EXPECT_FALSE(row.agrees());
    EXPECT_FALSE(score(bad, bad).agrees());
    EXPECT_TRUE(std::isnan(score(bad, good).kl));
  }
  EXPECT_TRUE(std::isnan(score(good, {1, kNaN, 3}).deviation.cosine));
}

TEST(ScoreRows, SelectedRowsAndAnyNumberOfThreads) {
  std::mt19937 random(5);
  std::normal_distribution<float> logit;
  constexpr std::size_t kCols = 3000, kRows = 100;
  std::vector<float> x(kRows * kCols), y(kRows * kCols);
  for (float& v : x) v = logit(random);
  for (float& v : y) v = logit(random);
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < kRows; r += 3) rows.push_back(r);
  const auto one = score_rows(x.data(), y.data(), kCols, rows, 1);
  const auto all = score_rows(x.data(), y.data(), kCols, rows, 0);
  ASSERT_EQ(one.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(one[i].kl, all[i].kl);
    EXPECT_EQ(one[i].best, all[i].best);
    EXPECT_EQ(one[i].deviation.noise, all[i].deviation.noise);
  }
  const auto begin = static_cast<std::ptrdiff_t>(rows[7] * kCols);
  const std::vector<float> a(x.begin() + begin, x.begin() + begin + kCols);
  const std::vector<float> b(y.begin() + begin, y.begin() + begin + kCols);
  EXPECT_EQ(one[7].kl, score(a, b).kl);
}

RowScores score_as(ScoreKind kind, const std::vector<float>& x, const std::vector<float>& y) {
  const std::vector<std::size_t> rows = {0};
  return score_rows(x.data(), y.data(), x.size(), rows, 1, kind).front();
}

TEST(ScoreRows, ProbabilitiesByHand) {
  const RowScores row =
      score_as(ScoreKind::kProbabilities, {0.5f, 0.25f, 0.25f, 0}, {0.25f, 0.25f, 0.5f, 0});
  EXPECT_NEAR(row.kl, 0.5 * std::log(2) - 0.25 * std::log(2), 1e-15);
  EXPECT_EQ(row.best_reference, 0);
  EXPECT_EQ(row.best, 2);
  EXPECT_NEAR(surprisal(ScoreKind::kProbabilities, row, 0.25f), std::log(4), 1e-15);
  EXPECT_EQ(score_as(ScoreKind::kProbabilities, {0.3f, 0.7f}, {0.3f, 0.7f}).kl, 0);
  // A class that got lost costs what the floor says, one that came from nowhere nothing of its own.
  EXPECT_NEAR(score_as(ScoreKind::kProbabilities, {0.5f, 0.5f}, {1, 0}).kl,
              0.5 * std::log(0.5) + 0.5 * (std::log(0.5) - std::log(kProbabilityFloor)), 1e-12);
  EXPECT_NEAR(score_as(ScoreKind::kProbabilities, {1, 0}, {0.5f, 0.5f}).kl, std::log(2), 1e-15);
  for (const float bad : {-0.1f, kNaN, kInf}) {
    const RowScores invalid = score_as(ScoreKind::kProbabilities, {0.5f, 0.5f}, {0.5f, bad});
    EXPECT_TRUE(std::isnan(invalid.kl));
    EXPECT_EQ(invalid.best, kNoClass);
  }
}

TEST(ScoreRows, ASigmoidOfOneClassIsADecision) {
  const RowScores row = score_as(ScoreKind::kSigmoid, {0.75f}, {0.25f});
  EXPECT_NEAR(row.kl, 0.75 * std::log(3) + 0.25 * std::log(1.0 / 3), 1e-12);
  EXPECT_EQ(row.best_reference, 1);
  EXPECT_EQ(row.best, 0);
  EXPECT_EQ(score_as(ScoreKind::kSigmoid, {0.5f, 1.5f}, {0, 0}).best_reference, kNoClass);
}

TEST(InTop, CountsBetterClassesAndEqualOnesBefore) {
  const std::vector<float> logits = {3, 1, 3, 2, 3};
  EXPECT_TRUE(in_top(logits, 0, 1));
  EXPECT_FALSE(in_top(logits, 2, 1));
  EXPECT_TRUE(in_top(logits, 2, 2));
  EXPECT_FALSE(in_top(logits, 3, 3));
  EXPECT_TRUE(in_top(logits, 3, 4));
  EXPECT_TRUE(in_top(logits, 1, 5));
  EXPECT_FALSE(in_top(logits, 1, 4));
  const std::vector<float> bad = {3, kNaN};
  EXPECT_FALSE(in_top(bad, 0, 5));
}

TEST(DeviationOf, HandComputed) {
  const std::vector<float> x = {3, 4}, y = {4, 3};
  const Deviation d = deviation(x, y);
  EXPECT_EQ(d.signal, 25);
  EXPECT_EQ(d.noise, 2);
  EXPECT_DOUBLE_EQ(d.cosine, 24.0 / 25);
}

TEST(DeviationOf, ZeroRows) {
  const std::vector<float> zero = {0, 0}, one = {1, 0}, none;
  EXPECT_EQ(deviation(zero, zero).cosine, 1);
  EXPECT_EQ(deviation(zero, one).cosine, 0);
  EXPECT_EQ(deviation(one, zero).cosine, 0);
  EXPECT_EQ(deviation(none, none).signal, 0);
}

TEST(BernoulliKl, HandComputed) {
  const std::vector<float> p = {0.5f, 0.25f}, q = {0.25f, 0.25f};
  EXPECT_NEAR(bernoulli_kl(p, q), 0.5 * std::log(2.0) + 0.5 * std::log(0.5 / 0.75), 1e-12);
  EXPECT_EQ(bernoulli_kl(p, p), 0);
}

TEST(BernoulliKl, CertaintyStaysFiniteAndNaNDoesNot) {
  const std::vector<float> zero = {0}, one = {1}, nan = {kNaN}, high = {1.5f};
  EXPECT_NEAR(bernoulli_kl(one, zero), -std::log(kScoreEpsilon), 1e-4);
  EXPECT_NEAR(bernoulli_kl(zero, one), -std::log(kScoreEpsilon), 1e-4);
  EXPECT_EQ(bernoulli_kl(high, one), 0);
  EXPECT_TRUE(std::isnan(bernoulli_kl(one, nan)));
  EXPECT_TRUE(std::isnan(bernoulli_kl(nan, one)));
}

TEST(Scores, DetectionKlByHand) {
  // One class, two cells; a row a channel: x, y, width, height, score.
  const std::vector<float> reference = {50, 10, 50, 10, 20, 4, 10, 0.5F, 0.5F, 0.25F};
  EXPECT_EQ(detection_kl(reference, reference, 5, 2), 0);
  std::vector<float> moved = reference;
  moved[0] += 2;  // a tenth of the width: half a nat, times the score
  EXPECT_NEAR(detection_kl(reference, moved, 5, 2), 0.5 * 0.5, 1e-6);
  moved[7] += 0.1F;  // the second cell is lower than a pixel, which counts as one
  EXPECT_NEAR(detection_kl(reference, moved, 5, 2), 0.25 + 0.25 * 0.5, 1e-6);
  moved = reference;
  moved[8] = 0.25F;
  EXPECT_NEAR(detection_kl(reference, moved, 5, 2),
              0.5 * std::log(2.0) + 0.5 * std::log(0.5 / 0.75), 1e-6);
  moved[0] = std::nanf("");
  EXPECT_TRUE(std::isnan(detection_kl(reference, moved, 5, 2)));
}

}  // namespace
}  // namespace posittune::metrics
