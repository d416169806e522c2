#include "posittune/metrics/scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "posittune/base/threads.h"
#include "posittune/metrics/exponential.h"

namespace posittune::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// Sums run in lanes that are added in a fixed order: the same to the bit for every vector width.
constexpr std::size_t kLanes = 16;
using Lanes = std::array<double, kLanes>;

double total(const Lanes& lanes) {
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

double sum_of(std::span<const float> x) {
  Lanes lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) lanes[j] += double{x[i + j]};
  }
  for (std::size_t j = 0; i < x.size(); ++i, ++j) lanes[j] += double{x[i]};
  return total(lanes);
}

// The largest element; NaN elements are passed over.
float max_of(std::span<const float> x) {
  std::array<float, kLanes> lanes;
  lanes.fill(-kInf);
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
  }
  for (; i < x.size(); ++i) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
  return *std::max_element(lanes.begin(), lanes.end());
}

// A softmax before its division: exponentials[i] = e^(x[i] - max).
struct Softmax {
  float max = 0;
  double sum = 0;  // of the exponentials
  std::vector<float> exponentials;

  void set(std::span<const float> x) {
    max = max_of(x);
    exponentials.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) exponentials[i] = exp_softmax(x[i] - max);
    sum = sum_of(exponentials);
  }
  bool valid() const { return std::isfinite(sum); }
  double log_sum_exp() const { return double{max} + std::log(sum); }
  std::int64_t best(std::span<const float> x) const {
    return valid() ? std::find(x.begin(), x.end(), max) - x.begin() : kNoClass;
  }
};

double kl(std::span<const float> x, const Softmax& p, std::span<const float> y, const Softmax& q) {
  constexpr std::size_t kBlock = 512;
  std::array<float, kBlock> parts;
  const auto shift = static_cast<float>(p.log_sum_exp() - q.log_sum_exp());
  const auto scale = static_cast<float>(p.sum / q.sum);
  double sum = 0;
  for (std::size_t begin = 0; begin < x.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, x.size() - begin);
    const float* xs = x.data() + begin;
    const float* ys = y.data() + begin;
    const float* ps = p.exponentials.data() + begin;
    const float* qs = q.exponentials.data() + begin;
    for (std::size_t i = 0; i < count; ++i) {
      parts[i] = kl_part(ps[i], qs[i] * scale, (ys[i] - xs[i]) + shift);
    }
    sum += sum_of(std::span(parts).first(count));
  }
  return sum < 0 ? 0 : sum / p.sum;
}

RowScores score_row(std::span<const float> x, std::span<const float> y, Softmax& p, Softmax& q) {
  p.set(x);
  q.set(y);
  RowScores row;
  row.best_reference = p.best(x);
  row.best = q.best(y);
  row.log_sum_exp = q.valid() ? q.log_sum_exp() : kNaN;
  row.kl = p.valid() && q.valid() ? kl(x, p, y, q) : kNaN;
  row.deviation = deviation(x, y);
  return row;
}

double clamped(float score) {
  return std::clamp(double{score}, kScoreEpsilon, 1 - kScoreEpsilon);  // NaN stays NaN
}

}  // namespace

Deviation deviation(std::span<const float> x, std::span<const float> y) {
  Lanes signal{}, size{}, product{}, noise{};
  const auto add = [&](std::size_t i, std::size_t j) {
    const double a = x[i], b = y[i];
    signal[j] += a * a;
    size[j] += b * b;
    product[j] += a * b;
    noise[j] += (a - b) * (a - b);
  };
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) add(i + j, j);
  }
  for (std::size_t j = 0; i < x.size(); ++i, ++j) add(i, j);
  const double xx = total(signal), yy = total(size);
  double cosine = xx == yy ? 1 : 0;
  if (!(xx == 0 || yy == 0)) cosine = total(product) / std::sqrt(xx * yy);
  return {xx, total(noise), cosine};
}

std::vector<RowScores> score_rows(const float* reference, const float* logits, std::size_t cols,
                                  std::span<const std::size_t> rows, int threads) {
  std::vector<RowScores> scores(rows.size());
  const std::size_t per_task = std::max<std::size_t>(1, 65536 / cols);
  parallel_for((rows.size() + per_task - 1) / per_task, threads, [&](std::size_t task) {
    Softmax p, q;
    const std::size_t end = std::min(rows.size(), (task + 1) * per_task);
    for (std::size_t i = task * per_task; i < end; ++i) {
      const std::size_t offset = rows[i] * cols;
      scores[i] = score_row({reference + offset, cols}, {logits + offset, cols}, p, q);
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

}  // namespace posittune::metrics
