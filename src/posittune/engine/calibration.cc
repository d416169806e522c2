#include "posittune/engine/calibration.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "posittune/base/mix.h"
#include "posittune/base/threads.h"

namespace posittune::engine {
namespace {

constexpr std::size_t kSampleTokens = 256;         // enough for output errors to settle
constexpr std::size_t kSampleElements = 1U << 18;  // 1 MiB a layer
// Covariances are float sums of products: of 1e6 tokens of such values they end below the largest float, 3.4e38.
constexpr float kLargestActivation = 1e15F;

Error unusable(std::span<const float> x) {
  const auto bad = std::find_if(x.begin(), x.end(), [](float value) { return !(std::abs(value) <= kLargestActivation); });
  std::ostringstream found;
  found << *bad << " at position " << bad - x.begin();
  return {.kind = ErrorKind::kInput,
          .what = "an activation that no scale can be chosen for",
          .expected = "finite, at most 1e15",
          .found = found.str(),
          .hint = "leave the item out of the calibration data, or the layer with --exclude"};
}

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
    std::nth_element(largest_.begin(), largest_.begin() + static_cast<std::ptrdiff_t>(keep), largest_.end(), larger);
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

void InputStatistics::sample_rows(std::span<const float> x, kernels::Shape shape) {
  const std::size_t most = std::clamp<std::size_t>(kSampleElements / shape.cols, 1, kSampleTokens);
  for (std::size_t r = 0; r < shape.rows; ++r, ++seen_) {
    const std::uint64_t lot = mix((seen_ + 1) * kGolden);
    const auto row = x.subspan(r * shape.cols, shape.cols);
    if (lots_.size() < most) {
      lots_.push_back(lot);
      sample_.insert(sample_.end(), row.begin(), row.end());
      continue;
    }
    const auto highest = std::max_element(lots_.begin(), lots_.end());
    if (lot > *highest) continue;
    *highest = lot;
    std::copy(row.begin(), row.end(), sample_.begin() + (highest - lots_.begin()) * static_cast<std::ptrdiff_t>(shape.cols));
  }
}

std::vector<float> InputStatistics::mean_squares() const {
  std::vector<float> means;
  for (const double sum : squares_) {
    means.push_back(static_cast<float>(sum / static_cast<double>(std::max<std::uint64_t>(1, per_channel_))));
  }
  return means;
}

std::vector<double> InputStatistics::means() const {
  std::vector<double> means = sums_;
  for (double& mean : means) mean /= static_cast<double>(std::max<std::uint64_t>(1, per_channel_));
  return means;
}

Result<float> static_scale(const quant::ActivationSetting& setting, const InputStatistics& statistics,
                           int threads) {
  std::vector<float> bulk;
  for (const float value : statistics.sample()) {
    if (std::abs(value) <= statistics.largest_from() && std::isfinite(value)) bulk.push_back(value);
  }
  const bool strata = setting.format.block == 0 && !bulk.empty();
  const std::span<const float> tail = strata ? statistics.largest() : std::span<const float>();
  const std::span<const float> sample = strata ? std::span<const float>(bulk) : statistics.sample();
  const kernels::Shape shape = strata ? kernels::Shape{1, bulk.size()} : statistics.sample_shape();
  const double weight = strata ? static_cast<double>(statistics.total().finite() - tail.size()) / static_cast<double>(bulk.size()) : 1;
  auto scales = quant::search_scales(
      setting.format, setting.rule, {&statistics.total(), 1},
      [&](const std::vector<std::vector<float>>& lists, std::size_t k) -> Result<std::vector<double>> {
        auto rows = kernels::rounding_error(setting.format, sample, shape, {}, lists[0], k, {threads});
        if (!rows) return rows.error();
        auto large = kernels::rounding_error(setting.format, tail, {1, tail.size()}, {}, lists[0], k, {threads});
        if (!large) return large.error();
        std::vector<double> sums(k, 0);
        for (std::size_t i = 0; i < large->size(); ++i) sums[i] += (*large)[i];
        for (std::size_t i = 0; i < rows->size(); ++i) sums[i % k] += weight * (*rows)[i];
        return sums;
      });
  if (!scales) return scales.error();
  return scales->front();
}

Result<float> output_scale(const quant::ActivationSetting& setting, const InputStatistics& statistics,
                           const ErrorOfCandidate& error) {
  using quant::ScaleRule;
  const bool real = setting.rule == ScaleRule::kMse || setting.rule == ScaleRule::kAbsmax;
  const auto measure = [&](float scale) { return error({.format = setting.format, .scale = scale}); };
  auto searched = quant::search_scales(
      setting.format, real ? ScaleRule::kMse : ScaleRule::kMsePow2, {&statistics.total(), 1},
      [&](const std::vector<std::vector<float>>& lists, std::size_t k) -> Result<std::vector<double>> {
        std::vector<double> errors(k);
        for (std::size_t i = 0; i < k; ++i) {
          auto one = measure(lists[0][i]);
          if (!one) return one.error();
          errors[i] = *one;
        }
        return errors;
      });
  if (!searched) return searched.error();
  float best = searched->front();
  auto least = measure(best);
  if (!least) return least.error();
  for (const ScaleRule rule : {ScaleRule::kRmsPow2, ScaleRule::kAbsmax}) {
    if (rule == ScaleRule::kAbsmax && !real) continue;
    const float scale = quant::scale_candidates(setting.format, rule, statistics.total(), 0, 1).front();
    auto other = measure(scale);
    if (!other) return other.error();
    if (*other < *least) {
      best = scale;
      least = *other;
    }
  }
  return best;
}

}  // namespace posittune::engine
