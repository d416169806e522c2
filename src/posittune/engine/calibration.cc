#include "posittune/engine/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <sstream>

#include "posittune/base/mix.h"
#include "posittune/base/threads.h"

namespace posittune::engine {
namespace {

constexpr std::size_t kSampleTokens = 256;         // enough for output errors to settle
constexpr std::size_t kSampleElements = 1U << 18;  // 1 MiB a layer
// Covariances are float sums of products: of 1e6 tokens of such values they end below the largest
// float, 3.4e38.
constexpr float kLargestActivation = 1e15F;

Error unusable(std::span<const float> x) {
  const auto bad = std::find_if(
      x.begin(), x.end(), [](float value) { return !(std::abs(value) <= kLargestActivation); });
  std::ostringstream found;
  found << *bad << " at position " << bad - x.begin();
  return {.kind = ErrorKind::kInput,
          .what = "an activation that no scale can be chosen for",
          .expected = "finite, at most 1e15",
          .found = found.str(),
          .hint = "leave the item out of the calibration data, or the layer with --exclude"};
}
constexpr std::size_t kHeldElements = 1U << 20;  // of what is kept apart
constexpr std::uint64_t kHeldBlock = 64;         // tokens

}  // namespace

Status InputStatistics::add(std::span<const float> x, kernels::Shape shape, const ov::Shape& token,
                            int threads) {
  if (shape.size() == 0) return success();
  auto statistics = kernels::statistics(x, {threads});
  if (!statistics) return statistics.error();
  if (statistics->nonfinite > 0 || statistics->absmax > kLargestActivation) return unusable(x);
  total_.merge(*statistics);
  if (token_.empty()) {
    token_ = token;
    token_size_ = shape.cols;
    squares_.assign(token[0], 0);
    sums_.assign(token[0], 0);
  }
  const std::size_t channels = squares_.size(), positions = shape.cols / channels;
  parallel_for(channels, positions >= 16 ? threads : 1, [&](std::size_t c) {
    double squares = 0, sum = 0;
    for (std::size_t r = 0; r < shape.rows; ++r) {
      const float* at = x.data() + r * shape.cols + c * positions;
      for (std::size_t p = 0; p < positions; ++p) {
        squares += static_cast<double>(at[p]) * at[p];
        sum += static_cast<double>(at[p]);
      }
    }
    squares_[c] += squares;
    sums_[c] += sum;
  });
  per_channel_ += shape.rows * positions;
  if (shape.cols == token_size_) sample_rows(x, shape);
  keep_largest(x);
  return success();
}

void InputStatistics::keep_largest(std::span<const float> x) {
  const auto prune = [&](std::size_t keep) {
    const auto larger = [](float a, float b) { return std::abs(a) > std::abs(b); };
    if (largest_.size() <= keep) return;
    std::nth_element(largest_.begin(), largest_.begin() + static_cast<std::ptrdiff_t>(keep),
                     largest_.end(), larger);
    threshold_ = std::abs(largest_[keep]);
    // Equal ones would be some in, some out: all out.
    largest_.resize(keep);
    std::erase_if(largest_, [&](float value) { return std::abs(value) <= threshold_; });
  };
  for (const float value : x) {
    if (!(std::abs(value) > threshold_) || !std::isfinite(value)) continue;
    largest_.push_back(value);
    if (largest_.size() == 4 * kLargest) prune(kLargest);
  }
  prune(kLargest);
}

void InputStatistics::Sample::offer(std::span<const float> row, std::uint64_t token,
                                    std::size_t most) {
  const std::uint64_t lot = mix((token + 1) * kGolden);
  if (lots.size() < most) {
    lots.push_back(lot);
    tokens.push_back(token);
    values.insert(values.end(), row.begin(), row.end());
    return;
  }
  const auto highest = std::ranges::max_element(lots) - lots.begin();
  if (lot > lots[static_cast<std::size_t>(highest)]) return;
  lots[static_cast<std::size_t>(highest)] = lot;
  tokens[static_cast<std::size_t>(highest)] = token;
  std::ranges::copy(row, values.begin() + highest * static_cast<std::ptrdiff_t>(row.size()));
}

bool InputStatistics::kept_apart(std::uint64_t token) const {
  return token_.size() > 1 ? token % 2 == 1 : token / kHeldBlock % 4 == 1;
}

void InputStatistics::sample_rows(std::span<const float> x, kernels::Shape shape) {
  const std::size_t most = std::clamp<std::size_t>(kSampleElements / shape.cols, 1, kSampleTokens);
  const std::size_t most_held =
      std::clamp<std::size_t>(kHeldElements / shape.cols, 2, kSampleTokens);
  for (std::size_t r = 0; r < shape.rows; ++r, ++seen_) {
    const auto row = x.subspan(r * shape.cols, shape.cols);
    sample_.offer(row, seen_, most);
    if (kept_apart(seen_)) held_.offer(row, seen_, most_held);
  }
}

// Where all that was sampled is kept apart (one large image), the others' part is empty, too.
std::vector<float> InputStatistics::fit_sample() const {
  std::vector<float> fit;
  for (std::size_t i = 0; i < sample_.tokens.size() && !held_.tokens.empty(); ++i) {
    if (kept_apart(sample_.tokens[i])) continue;
    const auto row = sample().subspan(i * token_size_, token_size_);
    fit.insert(fit.end(), row.begin(), row.end());
  }
  return fit;
}

std::vector<float> InputStatistics::mean_squares() const {
  std::vector<float> means;
  for (const double sum : squares_) {
    means.push_back(
        static_cast<float>(sum / static_cast<double>(std::max<std::uint64_t>(1, per_channel_))));
  }
  return means;
}

std::vector<double> InputStatistics::means() const {
  std::vector<double> means = sums_;
  for (double& mean : means) mean /= static_cast<double>(std::max<std::uint64_t>(1, per_channel_));
  return means;
}

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
  // What the errors above come to when all is zero.
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
  const bool real = setting.rule == ScaleRule::kMse || setting.rule == ScaleRule::kAbsmax;
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
