#include "posittune/quant/scale_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "posittune/formats/codec.h"
#include "posittune/kernels/runs.h"

namespace posittune::quant {
namespace {

using formats::Family;
using formats::Format;
using kernels::Statistics;

struct Named {
  ScaleRule rule;
  std::string_view name;
};
constexpr std::array<Named, 6> kRules = {{{ScaleRule::kNone, "none"},
                                          {ScaleRule::kAbsmax, "absmax"},
                                          {ScaleRule::kRmsPow2, "rms_pow2"},
                                          {ScaleRule::kMeanPow2, "mean_pow2"},
                                          {ScaleRule::kMsePow2, "mse_pow2"},
                                          {ScaleRule::kMse, "mse"}}};

// A scale and its reciprocal are normal floats within these exponents.
constexpr int kMaxScaleExponent = 125;

float usable(double scale) {
  const double limit = std::ldexp(1.0, kMaxScaleExponent);
  return static_cast<float>(std::clamp(scale, 1 / limit, limit));
}

// Largest value that a float tensor can take; posits may go on beyond it.
double largest(const Format& format) { return double{formats::float_range(format).high}; }

double centre(const Format& format) {
  const double max = formats::traits(format).max;
  // int2 and int3 have no room for tails: their centre is the largest value.
  return format.family == Family::kInt && format.block == 0 ? (max <= 3 ? max : max / 4) : 1.0;
}

// The largest float scale that takes absmax to at most max: float rounding must not saturate it. Near
// the largest float it is a step or two larger, so that max * (1/s), rounded twice, stays finite.
float fitting_scale(double max, float absmax) {
  const float scale = usable(max / double{absmax});
  const bool above = double{absmax} * double{scale} > max;
  float fitting = above ? usable(std::nextafter(scale, 0.0f)) : scale;
  for (int step = 0; step < 3; ++step) {
    if (std::isfinite(static_cast<float>(max) * (1.0f / fitting))) break;
    fitting = usable(std::nextafter(fitting, 1.0f));
  }
  return fitting;
}

int nearest_exponent(double ratio) { return static_cast<int>(std::lround(std::log2(ratio))); }

// Powers of two from two below the smaller to four above the larger of two landmarks: where absmax
// just fits, and where rms meets the centre. Clipping outliers pays for more than four octaves
// never. Landmarks far apart (posits with es = 4 fit absmax 2^100 above their centre) keep the end
// at the centre, where those formats are precise.
std::vector<float> power_candidates(const Format& format, const Statistics& s) {
  constexpr int kMaxSpan = 24;
  int fit = static_cast<int>(std::floor(std::log2(largest(format) / s.absmax)));
  const int bulk = nearest_exponent(centre(format) / s.rms());
  fit = std::clamp(fit, bulk - kMaxSpan, bulk + kMaxSpan);
  std::vector<float> candidates;
  for (int e = std::min(fit, bulk) - 2; e <= std::max(fit, bulk) + 4; ++e) {
    candidates.push_back(
        usable(std::ldexp(1.0, std::clamp(e, -kMaxScaleExponent, kMaxScaleExponent))));
  }
  return candidates;
}

// Around the best power of two. The scale of absmax is one more candidate, so that mse never loses
// to that rule, where it is within four octaves: a wide format gains nothing by moving its largest
// values to the end of its range.
std::vector<float> refined_candidates(const Format& format, const Statistics& s, float best) {
  std::vector<float> candidates = {best};
  const float fitting = fitting_scale(largest(format), s.absmax);
  if (std::fabs(std::log2(fitting / best)) <= 4) candidates.push_back(fitting);
  for (int j = -16; j <= 16; ++j) {
    if (j != 0) candidates.push_back(usable(best * std::exp2(j / 16.0)));
  }
  return candidates;
}

}  // namespace

Result<ScaleRule> parse_scale_rule(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const Named& named : kRules) {
    if (lower == named.name) return named.rule;
  }
  std::string known;
  for (const Named& named : kRules) known += (known.empty() ? "" : ", ") + std::string(named.name);
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown scale rule '" + std::string(text.substr(0, 48)) + "'",
               .expected = "one of " + known};
}

std::string_view name(ScaleRule rule) {
  for (const Named& named : kRules) {
    if (named.rule == rule) return named.name;
  }
  return "none";
}

std::vector<std::string_view> scale_rule_names() {
  std::vector<std::string_view> names;
  for (const Named& named : kRules) names.push_back(named.name);
  return names;
}

int search_rounds(ScaleRule rule) {
  return rule == ScaleRule::kMse ? 2 : rule == ScaleRule::kMsePow2 ? 1 : 0;
}

ScaleRule token_rule(const Format& format, ScaleRule rule) {
  if (search_rounds(rule) == 0) return rule;
  return format.family == formats::Family::kPosit ? ScaleRule::kRmsPow2 : ScaleRule::kAbsmax;
}

std::vector<float> scale_candidates(const Format& format, ScaleRule rule, const Statistics& s,
                                    int round, float best) {
  if (rule == ScaleRule::kNone || s.absmax == 0) return {1.0f};
  if (round > 0) return refined_candidates(format, s, best);
  switch (rule) {
    case ScaleRule::kNone:
      return {1.0f};
    case ScaleRule::kAbsmax:
      return {fitting_scale(largest(format), s.absmax)};
    case ScaleRule::kRmsPow2:
      return {usable(std::ldexp(1.0, nearest_exponent(centre(format) / s.rms())))};
    case ScaleRule::kMeanPow2:
      return {usable(std::ldexp(1.0, nearest_exponent(centre(format) / s.mean_abs())))};
    case ScaleRule::kMsePow2:
    case ScaleRule::kMse:
      return power_candidates(format, s);
  }
  return {1.0f};
}

std::size_t best_candidate(std::span<const double> errors) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < errors.size(); ++i) {
    if (errors[i] < errors[best] || (std::isnan(errors[best]) && !std::isnan(errors[i]))) best = i;
  }
  return best;
}

Result<std::vector<float>> search_scales(const Format& format, ScaleRule rule,
                                         std::span<const Statistics> units,
                                         const ErrorOfCandidates& measure) {
  std::vector<float> scales(units.size(), 1.0f);
  std::vector<std::vector<float>> lists(units.size());
  const int rounds = search_rounds(rule);
  for (int round = 0; round < std::max(1, rounds); ++round) {
    std::size_t k = 1;
    for (std::size_t u = 0; u < units.size(); ++u) {
      lists[u] = scale_candidates(format, rule, units[u], round, scales[u]);
      k = std::max(k, lists[u].size());
    }
    // Lists of unequal length are filled with their first candidate.
    for (auto& list : lists) list.resize(k, list.front());
    std::vector<double> errors(units.size() * k);
    if (rounds > 0) {
      auto measured = measure(lists, k);
      if (!measured) return measured.error();
      errors = std::move(*measured);
    }
    for (std::size_t u = 0; u < units.size(); ++u) {
      scales[u] = lists[u][best_candidate(std::span(errors).subspan(u * k, k))];
    }
  }
  return scales;
}

Result<std::vector<float>> choose_scales(const Format& format, ScaleRule rule,
                                         std::span<const float> x, kernels::Shape shape,
                                         bool per_row, std::span<const float> weights,
                                         kernels::Options options) {
  if (!weights.empty()) {
    if (Status s = kernels::check_length("weights", weights.data(), weights.size(), shape.cols);
        !s) {
      return s.error();
    }
  }
  auto rows = kernels::row_statistics(x, shape, options);
  if (!rows) return rows.error();
  std::vector<Statistics>& units = *rows;
  if (!per_row) {
    Statistics all;
    for (const Statistics& row : *rows) all.merge(row);
    units = {all};
  }
  return search_scales(format, rule, units,
                       [&](const std::vector<std::vector<float>>& lists,
                           std::size_t k) -> Result<std::vector<double>> {
                         std::vector<float> table;
                         for (const auto& list : lists)
                           table.insert(table.end(), list.begin(), list.end());
                         auto errors =
                             kernels::rounding_error(format, x, shape, weights, table, k, options);
                         if (!errors || per_row) return errors;
                         std::vector<double> sum(k);
                         for (std::size_t i = 0; i < errors->size(); ++i)
                           sum[i % k] += (*errors)[i];
                         return sum;
                       });
}

}  // namespace posittune::quant
