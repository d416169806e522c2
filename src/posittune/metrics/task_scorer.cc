#include "posittune/metrics/task_scorer.h"

#include <cmath>
#include <utility>

namespace posittune::metrics {
namespace {

double decibel(double ratio) { return 10 * std::log10(ratio); }

template <class T>
std::vector<std::int64_t> widened(const Tensor& tensor) {
  const auto values = tensor.as<T>();
  return {values.begin(), values.end()};
}

}  // namespace

MetricSamples ratio(Metric metric, std::vector<double> numerators, std::vector<double> denominators,
                    RatioStatistic::Transform transform) {
  return {std::move(metric), std::make_shared<RatioStatistic>(std::move(numerators),
                                                              std::move(denominators), transform)};
}

void UnitDeviation::add(std::uint32_t unit, const Deviation& row) {
  cosine_.add(unit, row.cosine);
  rows_.add(unit, 1);
  signal_.add(unit, row.signal);
  noise_.add(unit, row.noise);
}

void UnitDeviation::finish(std::size_t units, std::vector<MetricSamples>& metrics) {
  metrics.push_back(ratio({"cosine", Direction::kHigherIsBetter, "", Rank::kDeviation},
                          cosine_.take(units), rows_.take(units)));
  metrics.push_back(ratio({"sqnr_db", Direction::kHigherIsBetter, "dB", Rank::kDeviation},
                          signal_.take(units), noise_.take(units), decibel));
}

void LogitSums::add(std::uint32_t unit, const RowScores& row) {
  any_ = true;
  kl_.add(unit, row.kl);
  agreement_.add(unit, row.agrees() ? 1 : 0);
  rows_.add(unit, 1);
  deviation_.add(unit, row.deviation);
}

void LogitSums::finish(std::size_t units, const char* unit_name,
                       std::vector<MetricSamples>& metrics) {
  const std::vector<double> rows = rows_.take(units);
  metrics.push_back(
      ratio({"kl", Direction::kLowerIsBetter, std::string("nats/") + unit_name, Rank::kLoss},
            kl_.take(units), rows));
  metrics.push_back(ratio({"top1_agreement", Direction::kHigherIsBetter, "", Rank::kAgreement},
                          agreement_.take(units), rows));
  deviation_.finish(units, metrics);
}

bool is_integer(ElementType type) {
  return type != ElementType::kF32 && type != ElementType::kF64 && type != ElementType::kF16;
}

Result<std::vector<std::int64_t>> integers(const Tensor& tensor, const std::string& name) {
  switch (tensor.type) {
    case ElementType::kI64:
      return widened<std::int64_t>(tensor);
    case ElementType::kI32:
      return widened<std::int32_t>(tensor);
    case ElementType::kI16:
      return widened<std::int16_t>(tensor);
    case ElementType::kI8:
      return widened<std::int8_t>(tensor);
    case ElementType::kU8:
    case ElementType::kBool:
      return widened<std::uint8_t>(tensor);
    case ElementType::kF16:
    case ElementType::kF32:
    case ElementType::kF64:
      break;
  }
  return input_error("an input of tokens or of a mask holds no integers", "input '" + name + "'",
                     "int64, int32, int16, int8, uint8 or bool",
                     std::string(posittune::name(tensor.type)));
}

double relative_error(const Deviation& row) { return row.noise == 0 ? 0 : row.noise / row.signal; }

Status check_reference(const ScorerOptions& options, std::span<const RowScores> rows,
                       std::size_t item) {
  if (options.scores == ScoreKind::kLogits) return success();
  for (const RowScores& row : rows) {
    if (row.best_reference != kNoClass) continue;
    const bool sigmoid = options.scores == ScoreKind::kSigmoid;
    return input_error("FP32's own output does not hold probabilities",
                       (options.output.empty() ? "output" : "output '" + options.output + "'") +
                           ", item " + std::to_string(item),
                       sigmoid ? "numbers from 0 to 1" : "rows of classes without negative numbers",
                       "another row", "are the scores logits, or the classes on another axis?");
  }
  return success();
}

Status check_classes(const ScorerOptions& options, std::size_t classes) {
  if (classes > 1 || options.scores == ScoreKind::kSigmoid) return success();
  return input_error(
      "an output of one class has no distribution over classes", "output",
      "two classes or more, or scores that are a sigmoid's", "one class",
      "name the scores sigmoid where they are from 0 to 1, else score it as task generic");
}

Error input_error(std::string what, std::string where, std::string expected, std::string found,
                  std::string hint) {
  return {ErrorKind::kInput,   std::move(what),  std::move(where),
          std::move(expected), std::move(found), std::move(hint)};
}

}  // namespace posittune::metrics
