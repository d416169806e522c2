#pragma once

// Score kinds: what the numbers of an output are, so that a divergence compares the right
// distributions.

#include <span>
#include <string_view>

#include "posittune/base/result.h"

namespace posittune::metrics {

enum class ScoreKind {
  kLogits,         // the distribution is the softmax of a row (log-probabilities are logits too)
  kProbabilities,  // a row is the distribution: not negative, the sum is 1
  kSigmoid,        // independent probabilities, one for each class: each from 0 to 1
};

Result<ScoreKind> parse_score_kind(std::string_view text);  // "logits", "probabilities", "sigmoid"
std::string_view name(ScoreKind kind);

// The tolerance of a row's sum, which should be 1: a softmax that was rounded to half precision is
// within 0.0005.
inline constexpr double kSumTolerance = 1e-3;

// Whether a row may be of this kind: finite for the two kinds of probabilities, and as above. Any
// row may be logits.
bool is_of_kind(ScoreKind kind, std::span<const float> row);

}  // namespace posittune::metrics
