#include "posittune/metrics/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "posittune/base/threads.h"
#include "posittune/metrics/row_kernels.h"

namespace posittune::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Softmax {
  SoftmaxSums sums;
  std::vector<float> exponentials;

  void set(const RowKernels& kernels, std::span<const float> x) {
    exponentials.resize(x.size());
    sums = kernels.softmax(x.data(), x.size(), exponentials.data());
  }
  bool valid() const { return std::isfinite(sums.sum); }
  double log_sum_exp() const { return double{sums.max} + std::log(sums.sum); }
  std::int64_t best(std::span<const float> x) const {
    return valid() ? std::find(x.begin(), x.end(), sums.max) - x.begin() : kNoClass;
  }
};

double kl(const RowKernels& kernels, std::span<const float> x, const Softmax& p,
          std::span<const float> y, const Softmax& q) {
  if (!p.valid() || !q.valid()) return kNaN;
  const double sum = kernels.kl(x.data(), y.data(), p.exponentials.data(), q.exponentials.data(),
                                x.size(), static_cast<float>(p.sums.sum / q.sums.sum),
                                static_cast<float>(p.log_sum_exp() - q.log_sum_exp()));
  return sum < 0 ? 0 : sum / p.sums.sum;
}

Deviation deviation(const RowKernels& kernels, std::span<const float> x, std::span<const float> y) {
  const DeviationSums sums = kernels.deviation(x.data(), y.data(), x.size());
  double cosine = sums.xx == sums.yy ? 1 : 0;  // when one of them is 0
  if (!(sums.xx == 0 || sums.yy == 0)) cosine = sums.xy / std::sqrt(sums.xx * sums.yy);
  return {sums.xx, sums.noise, cosine};
}

double clamped(float score) {
  return std::clamp(double{score}, kScoreEpsilon, 1 - kScoreEpsilon);  // NaN stays NaN
}

// The sum of a row of probabilities; NaN for what is none.
double sum_of(std::span<const float> row) {
  double sum = 0;
  for (const float x : row) {
    if (!(x >= 0)) return kNaN;
    sum += double{x};
  }
  return std::isfinite(sum) && sum > 0 ? sum : kNaN;
}

double probability_kl(std::span<const float> x, double sum_x, std::span<const float> y,
                      double sum_y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = double{x[i]} / sum_x, q = double{y[i]} / sum_y;
    if (p > 0 && p != q) sum += p * std::log(p / std::max(q, kProbabilityFloor));
  }
  return sum < 0 ? 0 : sum;
}

std::int64_t best_of(std::span<const float> row) {
  return std::ranges::max_element(row) - row.begin();
}

RowScores score_probabilities(std::span<const float> x, std::span<const float> y) {
  const double sum_x = sum_of(x), sum_y = sum_of(y);
  const bool valid_x = !std::isnan(sum_x), valid_y = !std::isnan(sum_y);
  return {.kl = valid_x && valid_y ? probability_kl(x, sum_x, y, sum_y) : kNaN,
          .log_sum_exp = valid_y ? std::log(sum_y) : kNaN,
          .best_reference = valid_x ? best_of(x) : kNoClass,
          .best = valid_y ? best_of(y) : kNoClass,
          .deviation = {}};
}

RowScores score_sigmoid(std::span<const float> x, std::span<const float> y) {
  const auto best = [](std::span<const float> row) -> std::int64_t {
    if (!is_of_kind(ScoreKind::kSigmoid, row)) return kNoClass;
    return row.size() == 1 ? (row[0] > 0.5f ? 1 : 0) : best_of(row);
  };
  RowScores scores{
      .kl = 0, .log_sum_exp = kNaN, .best_reference = best(x), .best = best(y), .deviation = {}};
  scores.kl =
      scores.best_reference == kNoClass || scores.best == kNoClass ? kNaN : bernoulli_kl(x, y);
  return scores;
}

}  // namespace

double surprisal(ScoreKind kind, const RowScores& row, float score) {
  if (kind == ScoreKind::kLogits) return row.log_sum_exp - double{score};
  return row.log_sum_exp - std::log(std::max(double{score}, kProbabilityFloor));
}

Deviation deviation(std::span<const float> x, std::span<const float> y) {
  return deviation(row_kernels().back(), x, y);
}

std::vector<RowScores> score_rows(const float* reference, const float* logits, std::size_t cols,
                                  std::span<const std::size_t> rows, int threads, ScoreKind kind) {
  std::vector<RowScores> scores(rows.size());
  const RowKernels& kernels = row_kernels().back();
  const std::size_t per_task = std::max<std::size_t>(1, 65536 / cols);
  parallel_for((rows.size() + per_task - 1) / per_task, threads, [&](std::size_t task) {
    Softmax p, q;
    const std::size_t end = std::min(rows.size(), (task + 1) * per_task);
    for (std::size_t i = task * per_task; i < end; ++i) {
      const std::span x(reference + rows[i] * cols, cols), y(logits + rows[i] * cols, cols);
      if (kind != ScoreKind::kLogits) {
        scores[i] = kind == ScoreKind::kSigmoid ? score_sigmoid(x, y) : score_probabilities(x, y);
        scores[i].deviation = deviation(kernels, x, y);
        continue;
      }
      p.set(kernels, x);
      q.set(kernels, y);
      scores[i] = {.kl = kl(kernels, x, p, y, q),
                   .log_sum_exp = q.valid() ? q.log_sum_exp() : kNaN,
                   .best_reference = p.best(x),
                   .best = q.best(y),
                   .deviation = deviation(kernels, x, y)};
    }
  });
  return scores;
}

bool in_top(std::span<const float> logits, std::size_t target, std::size_t k) {
  const float own = logits[target];
  std::size_t before = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i])) return false;
    before += logits[i] > own || (logits[i] == own && i < target);
  }
  return before < k;
}

double bernoulli_kl(std::span<const float> p, std::span<const float> q) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == q[i]) continue;
    const double a = clamped(p[i]), b = clamped(q[i]);
    sum += a * std::log(a / b) + (1 - a) * std::log((1 - a) / (1 - b));
  }
  return sum < 0 ? 0 : sum;
}

double detection_kl(std::span<const float> reference, std::span<const float> output,
                    std::size_t channels, std::size_t cells) {
  const auto at = [&](std::span<const float> of, std::size_t channel, std::size_t cell) {
    return double{of[channel * cells + cell]};
  };
  double boxes = 0;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    double sure = 0;
    for (std::size_t c = 4; c < channels; ++c) sure = std::max(sure, at(reference, c, cell));
    double squares = 0;
    for (std::size_t side = 0; side < 4; ++side) {
      // Center x and width move by parts of the width, center y and height of the height.
      const double size = std::max(1.0, at(reference, 2 + side % 2, cell));
      const double moved = (at(output, side, cell) - at(reference, side, cell)) / size;
      squares += moved * moved;
    }
    boxes += sure * squares / (2 * kBoxSigma * kBoxSigma);
  }
  return bernoulli_kl(reference.subspan(4 * cells), output.subspan(4 * cells)) + boxes;
}

}  // namespace posittune::metrics
