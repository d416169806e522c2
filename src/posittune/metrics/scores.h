#pragma once

// Scores of rows (logits, probabilities, class scores, plain vectors), each compared with FP32's
// own row.
//
// Rows that are not finite never improve a result: a row of logits that holds NaN or +inf, or
// nothing but -inf, is no distribution; nor is a row of probabilities with NaN, an infinity or a
// negative number. Its best class is kNoClass, its KL and log_sum_exp are NaN; so are cosine and
// noise where the sums are. Callers count such a row as wrong, FP32's own included.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "posittune/metrics/score_kind.h"

namespace posittune::metrics {

// The deviation of y from x, in doubles.
struct Deviation {
  double signal = 0;  // sum of x^2
  double noise = 0;   // sum of (x - y)^2
  double cosine = 0;  // cosine of the angle of x and y; 1 if both are zero, 0 if one is
};
// Computes it; x and y have equal length.
Deviation deviation(std::span<const float> x, std::span<const float> y);

inline constexpr std::int64_t kNoClass = -1;

struct RowScores {
  double kl = 0;           // KL(P_reference || P) in nats, at least 0; exactly 0 for equal rows
  double log_sum_exp = 0;  // probabilities: logarithm of their sum; kSigmoid: NaN
  std::int64_t best_reference = kNoClass;  // most likely class; of equal ones the lowest index
  std::int64_t best = kNoClass;
  Deviation deviation;

  bool agrees() const { return best != kNoClass && best == best_reference; }
};

// Scores of the rows `rows` of two (any, cols) arrays of logits; cols > 0. Exponentials are floats
// (relative error 2e-7), sums are doubles: KL has a relative error below 1e-5, log_sum_exp an
// absolute one below 1e-6. The result does not depend on `threads`.
//
// kProbabilities: rows are divided by their sums, then sum p log(p / max(q, kProbabilityFloor)),
// where p = 0 gives 0; all in doubles. kSigmoid: bernoulli_kl, the sum over classes; of one class
// alone, best is 1 where the score is above 0.5, else 0.
std::vector<RowScores> score_rows(const float* reference, const float* logits, std::size_t cols,
                                  std::span<const std::size_t> rows, int threads = 0,
                                  ScoreKind kind = ScoreKind::kLogits);

// The floor of probabilities, the smallest normal float: where a softmax gives 0, the probability
// was below about that. It limits the KL of one class to 87 nats.
inline constexpr double kProbabilityFloor = std::numeric_limits<float>::min();

// The surprisal -log P of a class: `row` has the scores of its row, `score` is its own. Not for
// kSigmoid.
double surprisal(ScoreKind kind, const RowScores& row, float score);

// Whether class `target` is among the k most likely; of equal logits the lower index comes first.
// False for a row with NaN.
bool in_top(std::span<const float> logits, std::size_t target, std::size_t k);

// KL of independent probabilities, as the class scores of a detector are: the sum over them of p
// log(p / q) + (1 - p) log((1 - p) / (1 - q)), in nats, exactly 0 for equal scores. Scores are
// first clamped to [kScoreEpsilon, 1 - kScoreEpsilon], so 0 and 1 stay finite: one class costs at
// most 16 nats. NaN gives NaN.
inline constexpr double kScoreEpsilon = 1e-7;
double bernoulli_kl(std::span<const float> p, std::span<const float> q);

// KL of one image of a detector, (channels, cells) with channels = 4 (center x, y, width, height) +
// classes: bernoulli_kl of the class scores, and for each cell that of two normal distributions of
// the box's four numbers, whose means are the boxes and whose deviation is kBoxSigma of FP32's
// width or height (at least a pixel): sum of (difference / size)^2 / (2 sigma^2), times the cell's
// highest class score. So a box with low scores costs almost nothing, and a certain one that moves
// by a tenth of its size half a nat.
inline constexpr double kBoxSigma = 0.1;
double detection_kl(std::span<const float> reference, std::span<const float> output,
                    std::size_t channels, std::size_t cells);

}  // namespace posittune::metrics
