#pragma once

// Rules that choose the scale s of q(x) = Q(x * s) / s. Every format gets the same rules.
//
//   none       s = 1
//   absmax     the largest |x| goes to the largest value
//   rms_pow2   layer-wise adaptive: rms goes to the format's centre, s rounded to a power of two
//   mean_pow2  the same with mean |x|
//   mse_pow2   the power of two with the least (weighted) squared error
//   mse        the real scale with the least (weighted) squared error: a grid of 1/16 octave around
//              the best power of two, and the absmax scale when it is within four octaves of that
//
// The centre is where a format is most precise: 1 for posits and floats, a quarter of the largest
// value for ints, so that a normal distribution's bulk stays inside.
//
// A rule proposes candidates in rounds (`mse` refines the best power of two, the others have one
// round); the caller computes the error of each and reports the best. So the rules see statistics
// and errors only, and the data may be an array, rows of it, or a stream.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"
#include "posittune/kernels/statistics.h"

namespace posittune::quant {

enum class ScaleRule { kNone, kAbsmax, kRmsPow2, kMeanPow2, kMsePow2, kMse };

Result<ScaleRule> parse_scale_rule(std::string_view text);
std::string_view name(ScaleRule rule);
std::vector<std::string_view> scale_rule_names();

// Rounds of candidates the rule needs; 0 when the first candidate is the answer without any error.
int search_rounds(ScaleRule rule);

// Of a scale for each token, where nothing can be searched for: instead of a rule that searches, powers of two by
// the root mean square for posits, which are finest in their middle, and the largest value for the others.
ScaleRule token_rule(const formats::Format& format, ScaleRule rule);

// Candidates of a round for data with these statistics; `best` is the winner of the round before.
// Never empty; data without a finite nonzero element gives {1}. All candidates are usable scales.
std::vector<float> scale_candidates(const formats::Format& format, ScaleRule rule,
                                    const kernels::Statistics& statistics, int round, float best);

// Index of the least error; ties and NaN go to the earliest.
std::size_t best_candidate(std::span<const double> errors);

// Errors of candidates: lists[u] has k scales for unit u; the result has units x k entries.
using ErrorOfCandidates = std::function<Result<std::vector<double>>(
    const std::vector<std::vector<float>>& lists, std::size_t k)>;

// One scale for each unit (a tensor, a channel) from its statistics. `measure` is called
// search_rounds times, for all units at once, so that a stream is read once a round.
Result<std::vector<float>> search_scales(const formats::Format& format, ScaleRule rule,
                                         std::span<const kernels::Statistics> units,
                                         const ErrorOfCandidates& measure);

// One scale for each row (per_row) or one for all. `weights`: importance of each column, E[x_k^2]
// of the layer's input, or empty.
Result<std::vector<float>> choose_scales(const formats::Format& format, ScaleRule rule,
                                         std::span<const float> x, kernels::Shape shape,
                                         bool per_row, std::span<const float> weights = {},
                                         kernels::Options options = {});

}  // namespace posittune::quant
