#include "posittune/sensitivity/agreement.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

namespace posittune::sensitivity {
namespace {

constexpr double kNotDefined = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFewestPairs = 3;

// x[i] belongs to y[i].
struct Pairs {
  std::vector<double> x, y;
  std::size_t size() const { return x.size(); }
};

template <class Keep>
Pairs select(std::span<const double> x, std::span<const double> y, Keep keep) {
  Pairs pairs;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!keep(x[i]) || !keep(y[i])) continue;
    pairs.x.push_back(x[i]);
    pairs.y.push_back(y[i]);
  }
  return pairs;
}

// Ranks from 1, as scipy.stats.rankdata with method "average".
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&values](std::size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double shared = static_cast<double>(first + 1 + last) / 2;  // of first + 1 .. last
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = shared;
  }
  return ranks;
}

bool constant(const std::vector<double>& values) {
  return std::ranges::all_of(values, [&values](double v) { return v == values.front(); });
}

std::vector<double> centered(std::vector<double> values) {
  const double mean =
      std::reduce(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) value -= mean;
  return values;
}

double dot(const std::vector<double>& x, const std::vector<double>& y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

double correlation(const Pairs& pairs) {
  if (pairs.size() < kFewestPairs || constant(pairs.x) || constant(pairs.y)) return kNotDefined;
  const std::vector<double> x = centered(pairs.x), y = centered(pairs.y);
  return std::clamp(dot(x, y) / std::sqrt(dot(x, x) * dot(y, y)), -1.0, 1.0);
}

double log_r2(Pairs pairs) {
  for (double& x : pairs.x) x = std::log(x);
  for (double& y : pairs.y) y = std::log(y);
  const double r = correlation(pairs);
  return r * r;
}

double median_ratio(const Pairs& pairs) {
  if (pairs.size() < kFewestPairs) return kNotDefined;
  std::vector<double> ratios(pairs.size());
  std::ranges::transform(pairs.y, pairs.x, ratios.begin(), std::divides<>());
  std::ranges::sort(ratios);
  const std::size_t middle = ratios.size() / 2;
  return ratios.size() % 2 == 1 ? ratios[middle]
                                : std::midpoint(ratios[middle - 1], ratios[middle]);
}

}  // namespace

records::AgreementRecord agreement(std::span<const double> tier,
                                   std::span<const double> reference) {
  const Pairs finite = select(tier, reference, [](double v) { return std::isfinite(v); });
  const Pairs positive = select(finite.x, finite.y, [](double v) { return v > 0; });
  records::AgreementRecord record;
  record.pairs = finite.size();
  record.spearman = correlation({ranks(finite.x), ranks(finite.y)});
  record.r2_log = log_r2(positive);
  record.ratio = median_ratio(positive);
  return record;
}

}  // namespace posittune::sensitivity
