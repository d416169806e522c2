#include "posittune/engine/input_statistics.h"

#include <algorithm>
#include <cmath>
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
          .hint = "leave the item out of the calibration data, or the layer with `exclude`"};
}
constexpr std::size_t kHoldoutElements = 1U << 20;  // of what is held out
constexpr std::uint64_t kHoldoutBlock = 64;         // tokens

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
  const std::uint64_t priority = mix((token + 1) * kGolden);
  if (priorities.size() < most) {
    priorities.push_back(priority);
    tokens.push_back(token);
    values.insert(values.end(), row.begin(), row.end());
    return;
  }
  const auto highest = std::ranges::max_element(priorities) - priorities.begin();
  if (priority > priorities[static_cast<std::size_t>(highest)]) return;
  priorities[static_cast<std::size_t>(highest)] = priority;
  tokens[static_cast<std::size_t>(highest)] = token;
  std::ranges::copy(row, values.begin() + highest * static_cast<std::ptrdiff_t>(row.size()));
}

bool InputStatistics::held_out(std::uint64_t token) const {
  return token_.size() > 1 ? token % 2 == 1 : token / kHoldoutBlock % 4 == 1;
}

void InputStatistics::sample_rows(std::span<const float> x, kernels::Shape shape) {
  const std::size_t most = std::clamp<std::size_t>(kSampleElements / shape.cols, 1, kSampleTokens);
  const std::size_t most_held_out =
      std::clamp<std::size_t>(kHoldoutElements / shape.cols, 2, kSampleTokens);
  for (std::size_t r = 0; r < shape.rows; ++r, ++seen_) {
    const auto row = x.subspan(r * shape.cols, shape.cols);
    sample_.offer(row, seen_, most);
    if (held_out(seen_)) holdout_.offer(row, seen_, most_held_out);
  }
}

// Where all that was sampled is held out (one large image), the others' part is empty, too.
std::vector<float> InputStatistics::fit_sample() const {
  std::vector<float> fit;
  for (std::size_t i = 0; i < sample_.tokens.size() && !holdout_.tokens.empty(); ++i) {
    if (held_out(sample_.tokens[i])) continue;
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

}  // namespace posittune::engine
