#include "posittune/quant/scale_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <numeric>

#include "posittune/base/nearest.h"
#include "posittune/base/threads.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/family.h"
#include "posittune/kernels/runs.h"
#include "posittune/quant/power_search.h"

namespace posittune::quant {
namespace {

using formats::centre;
using formats::Format;
using kernels::Statistics;

// The largest float scale that takes absmax to at most max: float rounding must not saturate it.
// Near the largest float it is a step or two larger, so that max * (1/s), rounded twice, stays
// finite.
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

float one(const Format&, const Statistics&) { return 1.0f; }
float absmax(const Format& format, const Statistics& s) {
  return fitting_scale(largest(format), s.absmax);
}
float rms(const Format& format, const Statistics& s) {
  return usable(std::ldexp(1.0, nearest_exponent(centre(format) / s.rms())));
}
float mean(const Format& format, const Statistics& s) {
  return usable(std::ldexp(1.0, nearest_exponent(centre(format) / s.mean_abs())));
}

// In the order of ScaleRule.
constexpr std::size_t kRuleCount = static_cast<std::size_t>(ScaleRule::kCount);
constexpr std::array<ScaleRuleEntry, kRuleCount> kRules = {{
    {ScaleRule::kNone, "none", "1", 0, one, nullptr},
    {ScaleRule::kAbsmax, "absmax", "the largest value goes to the format's largest", 32, absmax,
     nullptr},
    {ScaleRule::kRmsPow2, "rms_pow2",
     "a power of two that takes the root mean square to where the format is most precise", 8, rms,
     nullptr},
    {ScaleRule::kMeanPow2, "mean_pow2", "the same with the mean", 8, mean, nullptr},
    {ScaleRule::kMsePow2, "mse_pow2", "the power of two of least squared error", 8, nullptr,
     nullptr},
    {ScaleRule::kMse, "mse", "any number, of least squared error", 32, nullptr, refined_scales},
}};
constexpr bool complete() {
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    if (static_cast<std::size_t>(kRules[i].rule) != i || kRules[i].name.empty() ||
        kRules[i].help.empty())
      return false;
  }
  return true;
}
static_assert(complete(), "a scale rule has no entry, or not in the order of ScaleRule");

}  // namespace

const ScaleRuleEntry& entry(ScaleRule rule) { return kRules[static_cast<std::size_t>(rule)]; }

Result<ScaleRule> parse_scale_rule(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const ScaleRuleEntry& named : kRules) {
    if (lower == named.name) return named.rule;
  }
  std::string known;
  for (const ScaleRuleEntry& named : kRules)
    known += (known.empty() ? "" : ", ") + std::string(named.name);
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown scale rule '" + std::string(text.substr(0, 48)) + "'",
               .expected = "one of " + known};
}

std::string_view name(ScaleRule rule) { return entry(rule).name; }

std::vector<std::string_view> scale_rule_names() {
  std::vector<std::string_view> names;
  for (const ScaleRuleEntry& named : kRules) names.push_back(named.name);
  return names;
}

std::string scale_rules_help() {
  std::string text;
  for (const ScaleRuleEntry& named : kRules) {
    text += (text.empty() ? "" : "; ") + std::string(named.name) + ": " + std::string(named.help);
  }
  return text;
}

std::string direct_rule_names() {
  std::vector<std::string> names;
  for (const ScaleRuleEntry& named : kRules) {
    if (!named.searches()) names.emplace_back(named.name);
  }
  const std::string last = names.back();
  names.pop_back();
  return joined(names) + " or " + last;
}

int search_rounds(ScaleRule rule) {
  const ScaleRuleEntry& of = entry(rule);
  return of.refined != nullptr ? 2 : of.searches() ? 1 : 0;
}

ScaleRule token_rule(const Format& format, ScaleRule rule) {
  if (!entry(rule).searches()) return rule;
  return formats::family_ops(format.family).tapered ? ScaleRule::kRmsPow2 : ScaleRule::kAbsmax;
}

Format scaled_format(const Format& format, ScaleRule rule) {
  return entry(rule).of_data() ? formats::saturating(format) : format;
}

float direct_scale(const Format& format, ScaleRule rule, const Statistics& s) {
  const auto direct = entry(rule).direct;
  return s.absmax == 0 || direct == nullptr ? 1.0f : direct(format, s);
}

std::vector<float> powers_near(const Format& format, const Statistics& s) {
  if (s.absmax == 0) return {1.0f};
  const Landmarks marks = landmarks(format, s);
  std::vector<float> candidates;
  for (int e = std::min(marks.fit, marks.bulk) - 2; e <= std::max(marks.fit, marks.bulk) + 4; ++e) {
    candidates.push_back(power(e));
  }
  return candidates;
}

// The scale of absmax is one more, so that mse never loses to that rule, where it is within four
// octaves: a wide format gains nothing by moving its largest values to the end of its range.
std::vector<float> refined_scales(const Format& format, const Statistics& s, float best) {
  if (s.absmax == 0) return {best};
  std::vector<float> candidates = {best};
  const float fitting = fitting_scale(largest(format), s.absmax);
  if (std::fabs(std::log2(fitting / best)) <= 4) candidates.push_back(fitting);
  for (int j = -16; j <= 16; ++j) {
    if (j != 0) candidates.push_back(usable(best * std::exp2(j / 16.0)));
  }
  return candidates;
}

std::size_t best_candidate(std::span<const double> errors) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < errors.size(); ++i) {
    if (errors[i] < errors[best] || (std::isnan(errors[best]) && !std::isnan(errors[i]))) best = i;
  }
  return best;
}

Unit plain_unit(const Statistics& statistics) {
  return {.statistics = statistics,
          .energy = statistics.sum_squares,
          .weight = static_cast<double>(statistics.finite()),
          .weighted = false};
}

Result<std::vector<float>> search_scales(const Format& plain, ScaleRule rule,
                                         std::span<const Unit> units, const Measure& measure) {
  const Format format = scaled_format(plain, rule);
  std::vector<float> scales;
  if (search_rounds(rule) == 0) {
    for (const Unit& unit : units) scales.push_back(direct_scale(format, rule, unit.statistics));
    return scales;
  }
  auto powers = best_powers(format, units, measure);
  const auto refined = entry(rule).refined;
  if (!powers || refined == nullptr) return powers;
  kernels::ScaleLists lists;
  for (std::size_t u = 0; u < units.size(); ++u)
    lists.push_back(refined(format, units[u].statistics, (*powers)[u]));
  // The best power of two is the first of each list.
  const std::vector<double> limits(units.size(), std::numeric_limits<double>::infinity());
  auto errors = measure.below ? measure.below(lists, limits) : measure.all(lists);
  if (!errors) return errors.error();
  for (std::size_t u = 0; u < units.size(); ++u)
    scales.push_back(lists[u][best_candidate((*errors)[u])]);
  return scales;
}

namespace {

// The units of rows, or of all of them.
Result<std::vector<Unit>> units_of(std::span<const float> x, kernels::Shape shape, bool per_row,
                                   std::span<const float> weights, kernels::Options options) {
  auto rows = kernels::row_statistics(x, shape, options);
  if (!rows) return rows.error();
  std::vector<Unit> units;
  for (const Statistics& row : *rows) units.push_back(plain_unit(row));
  if (!weights.empty()) {
    auto energies = kernels::weighted_squares(x, shape, weights, options);
    if (!energies) return energies.error();
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t r = 0; r < units.size(); ++r)
      units[r] = {units[r].statistics, (*energies)[r], sum, true};
  }
  if (per_row) return units;
  Unit all{.statistics = {}, .energy = 0, .weight = 0, .weighted = !weights.empty()};
  for (const Unit& row : units) {
    all.statistics.merge(row.statistics);
    all.energy += row.energy;
    all.weight += row.weight;
  }
  return std::vector<Unit>{all};
}

}  // namespace

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
  const bool searched = search_rounds(rule) > 0;
  // What is to do for rows beside their errors takes as long: threads share it.
  constexpr std::size_t kRows = 64;
  if (searched && per_row && shape.rows > kRows && x.size() == shape.size()) {
    std::vector<float> scales(shape.rows);
    std::vector<Status> done((shape.rows + kRows - 1) / kRows, success());
    parallel_for(done.size(), options.threads, [&](std::size_t block) {
      const std::size_t first = block * kRows, count = std::min(kRows, shape.rows - first);
      auto part = choose_scales(format, rule, x.subspan(first * shape.cols, count * shape.cols),
                                {count, shape.cols}, true, weights, {1});
      if (part) {
        std::ranges::copy(*part, scales.begin() + static_cast<std::ptrdiff_t>(first));
      } else {
        done[block] = part.error();
      }
    });
    for (const Status& each : done) {
      if (!each) return each.error();
    }
    return scales;
  }
  auto units = units_of(x, shape, per_row, searched ? weights : std::span<const float>{}, options);
  if (!units) return units.error();
  constexpr std::size_t kElements = 4096;  // of the first rows, where that is a small part
  const auto errors_of = [&](std::size_t rows) -> ErrorsOfCandidates {
    return [&, rows](const kernels::ScaleLists& lists) -> Result<std::vector<std::vector<double>>> {
      auto errors =
          kernels::rounding_errors(scaled_format(format, rule), x.first(rows * shape.cols),
                                   {rows, shape.cols}, weights, lists, shape.cols, options);
      if (!errors || per_row) return errors;
      std::vector<double> sum(lists[0].size(), 0);
      for (const auto& row : *errors) {
        for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += row[j];
      }
      return std::vector<std::vector<double>>{std::move(sum)};
    };
  };
  Measure measure{.all = errors_of(shape.rows)};
  if (per_row) {
    measure.below = [&](const kernels::ScaleLists& lists, std::span<const double> limits) {
      return kernels::rounding_errors_below(limits, scaled_format(format, rule), x, shape, weights,
                                            lists, options);
    };
  }
  const std::size_t some =
      std::max<std::size_t>(1, kElements / std::max<std::size_t>(1, shape.cols));
  if (!per_row && shape.rows >= 3 * some) measure.part = errors_of(some);
  return search_scales(format, rule, *units, measure);
}

}  // namespace posittune::quant
