#pragma once

// Rules that choose the scale s of q(x) = Q(x * s) / s. Every format gets the same rules.
//
//   none       s = 1
//   absmax     the largest |x| goes to the largest value
//   rms_pow2   layer-wise adaptive: rms goes to the format's centre, s rounded to a power of two
//   mean_pow2  the same with mean |x|
//   mse_pow2   the power of two with the least (weighted) squared error of all, ties to the one
//              nearest to where the bulk is at the centre
//   mse        a real scale: the least (weighted) squared error of the power of two of mse_pow2, a
//              grid of 1/16 octave up to an octave around it, and the absmax scale when it is
//              within four octaves of it. So never worse than mse_pow2, and not promised to be the
//              least of all reals
//
// The centre is where a format is most precise (formats::centre).
//
// Under every rule but `none` formats saturate (formats::saturating): what is larger than all that
// the scale was chosen for becomes the largest value in each family, and never infinity.
//
// The rules see statistics and errors of candidates only, so that the data may be an array, rows of
// it, or a stream.
//
// Why no power of two beats that of mse_pow2. With error E(s) = sum w (Q(xs)/s - x)^2 of a format
// whose smallest positive value is m and whose largest is M:
//   - s with max|x| s <= m/2: ints and floats round all to zero, with the same error for each such
//     s; a posit rounds each |x| to m/s, which moves away from all of them as s falls. None is
//     better than the largest such s, and a scale with m/s in [max|x|, 2 max|x|) is no worse than
//     that: it rounds to m/s only |x| nearer to that than to zero.
//   - |Q(xs)/s| <= M/s = c. So E >= sum w (|x|-c)+^2 >= W (r-c)^2 for c < r, W = sum w and r^2 =
//     sum w x^2 / W (triangle inequality in the weighted norm), and without weights E >=
//     (max|x|-c)^2. Both grow with s.
//   - E of a part of the data is at most E.
//   - At scale 2s an int or a float has each value v/s that it has at s, as 2v / (2s), up to
//     M / (2s). So each |x| up to there is rounded at least as well, in the floats and sums of the
//     kernels, too: y - x is exact, and squares and sums of floats are monotone. No scale below one
//     that clips nothing is better than that one. (Not so for posits, and not where x s may be
//     subnormal.)
// So the search looks at every exponent from the first bound to where the second exceeds the least
// error found. It measures one on all data unless a bound, or its error on part of the data,
// already exceeds that least error. Blocks (MX) have their own power of two: s shifts all exponents
// alike, and as long as these stay within E8M0 and x s within the normal floats every s is as good
// as another. Two are measured: one in the middle, and the largest that does not overflow (for rows
// of subnormals). Gains from exponents clamped at an end of E8M0 are not searched for.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"
#include "posittune/kernels/statistics.h"

namespace posittune::quant {

enum class ScaleRule { kNone, kAbsmax, kRmsPow2, kMeanPow2, kMsePow2, kMse, kCount };

// A rule and all that follows from it; the table is in scale_rules.cc.
struct ScaleRuleEntry {
  ScaleRule rule;
  std::string_view name;
  std::string_view help;  // text in help: "the largest value goes to the format's largest"
  // Bits that a stored scale takes: 0 where it is always 1, 8 for a power of two, 32 for a real.
  int stored_bits;
  // The scale by a rule that does not search, for data that are not all zero. Null for rules that
  // search.
  float (*direct)(const formats::Format& format, const kernels::Statistics& statistics);
  // The candidates of a rule that searches beyond powers of two: scales around the best power of
  // two, which is the first. Null for the others, whose scale is the best power of two.
  std::vector<float> (*refined)(const formats::Format& format,
                                const kernels::Statistics& statistics, float best);

  // Whether the scale depends on data; where not, formats keep their own overflow.
  bool of_data() const { return stored_bits > 0; }
  bool searches() const { return direct == nullptr; }
  bool real() const { return stored_bits == 32; }
};
const ScaleRuleEntry& entry(ScaleRule rule);

Result<ScaleRule> parse_scale_rule(std::string_view text);
std::string_view name(ScaleRule rule);
std::vector<std::string_view> scale_rule_names();
// "none: 1; absmax: ...", for help texts.
std::string scale_rules_help();
// "none, absmax, rms_pow2 or mean_pow2": rules that a scale per token may have.
std::string direct_rule_names();

// The number of passes over all data that the rule needs (one more in rare cases); 0 for rules of
// direct_scale().
int search_rounds(ScaleRule rule);

// The format that a scale of this rule is for: saturating, unless the rule is `none`.
formats::Format scaled_format(const formats::Format& format, ScaleRule rule);

// The rule in place of `rule` for a scale per token, which is chosen while the model runs and
// cannot be searched for: for a rule that searches, rms_pow2 for tapered families (most precise at
// their centre) and absmax for the others.
ScaleRule token_rule(const formats::Format& format, ScaleRule rule);

// The scale of a rule that does not search: finite and positive; 1 for data without a finite
// nonzero element.
float direct_scale(const formats::Format& format, ScaleRule rule,
                   const kernels::Statistics& statistics);

// Powers of two around the two landmarks: where absmax just fits, and where rms is at the centre.
// Candidates for errors to which the bounds above do not apply; {1} where direct_scale() gives 1.
std::vector<float> powers_near(const formats::Format& format,
                               const kernels::Statistics& statistics);
// Candidates of `mse` around the best power of two, which is the first.
std::vector<float> refined_scales(const formats::Format& format,
                                  const kernels::Statistics& statistics, float best);

// Index of the least error; ties and NaN go to the earliest.
std::size_t best_candidate(std::span<const double> errors);

// A unit is what a scale is chosen for: a tensor, a channel.
struct Unit {
  kernels::Statistics statistics;
  double energy = 0;  // sum w x^2
  double weight = 0;  // sum w
  bool weighted = false;
};
// A unit without weights.
Unit plain_unit(const kernels::Statistics& statistics);

// ErrorsOfCandidates computes the error of each candidate: lists[u] are any number of scales for
// unit u, and the result has an error for each.
using ErrorsOfCandidates =
    std::function<Result<std::vector<std::vector<double>>>(const kernels::ScaleLists& lists)>;
// ErrorsBelow computes the same where only errors below a limit of the unit matter: for an error
// above the limit, or above the error of a scale before it in the list, it may give any number
// between the two.
using ErrorsBelow = std::function<Result<std::vector<std::vector<double>>>(
    const kernels::ScaleLists& lists, std::span<const double> limits)>;
struct Measure {
  ErrorsOfCandidates all;
  ErrorsOfCandidates part{};  // on a small part of each unit's data, always the same; may be null
  ErrorsBelow below{};        // replaces both; may be null
};

// Searches one scale for each unit. Measures are called for all units at once, so that a stream is
// read search_rounds() times (rarely once more).
Result<std::vector<float>> search_scales(const formats::Format& format, ScaleRule rule,
                                         std::span<const Unit> units, const Measure& measure);

// Chooses one scale for each row (per_row) or one for all. `weights`: importance of each column,
// E[x_k^2] of the layer's input, or empty.
Result<std::vector<float>> choose_scales(const formats::Format& format, ScaleRule rule,
                                         std::span<const float> x, kernels::Shape shape,
                                         bool per_row, std::span<const float> weights = {},
                                         kernels::Options options = {});

}  // namespace posittune::quant
