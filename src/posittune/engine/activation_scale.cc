#include "posittune/engine/activation_scale.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

namespace posittune::engine {

Result<float> static_scale(const quant::ActivationSetting& setting,
                           const InputStatistics& statistics, int threads) {
  std::vector<float> bulk;
  for (const float value : statistics.sample()) {
    if (std::abs(value) <= statistics.largest_from() && std::isfinite(value)) bulk.push_back(value);
  }
  const bool strata = setting.format.block == 0 && !bulk.empty();
  const std::span<const float> tail = strata ? statistics.largest() : std::span<const float>();
  const std::span<const float> sample = strata ? std::span<const float>(bulk) : statistics.sample();
  const kernels::Shape shape = strata ? kernels::Shape{1, bulk.size()} : statistics.sample_shape();
  const double weight = strata ? static_cast<double>(statistics.total().finite() - tail.size()) /
                                     static_cast<double>(bulk.size())
                               : 1;
  const formats::Format format = quant::scaled_format(setting.format, setting.rule);
  const auto errors_of = [&](kernels::Shape of) -> quant::ErrorsOfCandidates {
    return [&, of](const kernels::ScaleLists& lists) -> Result<std::vector<std::vector<double>>> {
      auto rows = kernels::rounding_errors(format, sample.first(of.size()), of, {}, lists, of.cols,
                                           {threads});
      if (!rows) return rows.error();
      auto large = kernels::rounding_errors(format, tail, {1, tail.size()}, {}, lists, tail.size(),
                                            {threads});
      if (!large) return large.error();
      std::vector<double> sums = large->front();
      for (const auto& row : *rows) {
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weight * row[i];
      }
      return std::vector<std::vector<double>>{std::move(sums)};
    };
  };
  constexpr std::size_t kPart = 4096;
  const kernels::Shape part =
      strata
          ? kernels::Shape{1, std::min(kPart, sample.size())}
          : kernels::Shape{std::min(shape.rows, kPart / std::max<std::size_t>(1, shape.cols) + 1),
                           shape.cols};
  const quant::Measure measure{.all = errors_of(shape), .part = errors_of(part)};
  // The unit of these errors: its energy is the error when all is rounded to zero.
  quant::Unit unit{
      .statistics = statistics.total(),
      .energy = 0,
      .weight = static_cast<double>(tail.size()) + weight * static_cast<double>(sample.size()),
      .weighted = true};
  const auto square = [](double sum, float x) {
    return std::isfinite(x) ? sum + double{x} * double{x} : sum;
  };
  unit.energy = std::accumulate(tail.begin(), tail.end(), 0.0, square) +
                weight * std::accumulate(sample.begin(), sample.end(), 0.0, square);
  auto scales = quant::search_scales(setting.format, setting.rule, {&unit, 1}, measure);
  if (!scales) return scales.error();
  return scales->front();
}

Result<float> output_scale(const quant::ActivationSetting& setting,
                           const InputStatistics& statistics, const ErrorOfCandidate& error) {
  using quant::ScaleRule;
  const bool real = quant::entry(setting.rule).real();
  const formats::Format format = quant::scaled_format(setting.format, setting.rule);
  float best = 1;
  std::optional<double> least;
  const auto consider = [&](float scale) -> Result<double> {
    auto one = error({.format = format, .rule = setting.rule, .per_token = false, .scale = scale});
    if (one && (!least || *one < *least || std::isnan(*least))) {
      best = scale;
      least = *one;
    }
    return one;
  };
  const std::vector<float> powers = quant::powers_near(format, statistics.total());
  for (const float scale : powers) {
    if (auto one = consider(scale); !one) return one.error();
  }
  // Beyond an end that is the best.
  constexpr float kLargest = 0x1p125F;
  for (const bool up : {false, true}) {
    float end = up ? powers.back() : powers.front();
    while (best == end && end < kLargest && end > 1 / kLargest) {
      end *= up ? 2.0F : 0.5F;
      if (auto one = consider(end); !one) return one.error();
    }
  }
  std::vector<float> more = {quant::direct_scale(format, ScaleRule::kRmsPow2, statistics.total())};
  if (real) {
    const auto around = quant::refined_scales(format, statistics.total(), best);
    more.insert(more.end(), around.begin(), around.end());
    more.push_back(quant::direct_scale(format, ScaleRule::kAbsmax, statistics.total()));
  }
  for (const float scale : more) {
    if (auto one = consider(scale); !one) return one.error();
  }
  return best;
}

bool surely_less(std::span<const double> errors, std::span<const double> others) {
  const std::size_t n = std::min(errors.size(), others.size());
  if (n < 2) return false;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) sum += errors[i] - others[i];
  const double mean = sum / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i)
    squares += (errors[i] - others[i] - mean) * (errors[i] - others[i] - mean);
  return mean + std::sqrt(squares / static_cast<double>(n - 1) / static_cast<double>(n)) < 0;
}

}  // namespace posittune::engine
