#include "posittune/metrics/score_kind.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

namespace posittune::metrics {
namespace {

constexpr std::array<std::pair<ScoreKind, std::string_view>, 3> kKinds = {
    {{ScoreKind::kLogits, "logits"},
     {ScoreKind::kProbabilities, "probabilities"},
     {ScoreKind::kSigmoid, "sigmoid"}}};

}  // namespace

Result<ScoreKind> parse_score_kind(std::string_view text) {
  for (const auto& [kind, known] : kKinds) {
    if (text == known) return kind;
  }
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown kind of scores '" + std::string(text.substr(0, 48)) + "'",
               .expected = "one of logits, probabilities, sigmoid"};
}

std::string_view name(ScoreKind kind) {
  return std::ranges::find(kKinds, kind, [](const auto& entry) { return entry.first; })->second;
}

bool is_of_kind(ScoreKind kind, std::span<const float> row) {
  if (kind == ScoreKind::kLogits) return true;
  const float most = kind == ScoreKind::kSigmoid ? 1.0f : std::numeric_limits<float>::max();
  const auto fits = [&](float x) { return x >= 0 && x <= most; };  // not NaN
  if (!std::ranges::all_of(row, fits)) return false;
  if (kind == ScoreKind::kSigmoid) return true;
  return std::abs(std::accumulate(row.begin(), row.end(), 0.0) - 1) <= kSumTolerance;
}

}  // namespace posittune::metrics
