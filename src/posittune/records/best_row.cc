#include "posittune/records/best_row.h"

#include <cmath>
#include <limits>
#include <tuple>

namespace posittune::records {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// How a row is ranked: the smallest is the best.
using Rank = std::tuple<int, double, double>;

double known(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

Rank rank_of(const std::map<std::string, MetricResult>& metrics, double bits, double loss) {
  const std::string primary = primary_metric(metrics);
  const bool more = !primary.empty() && primary != loss_metric(metrics);
  const bool kept = more && lost_part(metrics.at(primary)) <= kKeptLoss;
  return kept ? Rank{0, bits, known(loss)} : Rank{1, known(loss), bits};
}

double loss_of(const std::map<std::string, MetricResult>& metrics) {
  const std::string name = loss_metric(metrics);
  return name.empty() ? kUnknown : metrics.at(name).value.value;
}

template <class Rows, class Admit, class RankOf>
std::optional<std::size_t> best_of(const Rows& rows, Admit admit, RankOf rank) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].nonfinite > 0 || !admit(rows[i])) continue;
    if (!best || rank(rows[i]) < rank(rows[*best])) best = i;
  }
  return best;
}

}  // namespace

double fp32_value(const MetricResult& metric) {
  return metric.delta ? metric.value.value - metric.delta->value : kUnknown;
}

double lost_part(const MetricResult& metric) {
  if (!metric.delta) return kUnknown;
  const double lost = metric.lower_is_better ? metric.delta->value : -metric.delta->value;
  const double fp32 = std::abs(fp32_value(metric));
  return fp32 > 0 ? lost / fp32 : lost;
}

bool is_mix(const SearchRow& row) {
  return row.method.starts_with("search") || row.method == "front";
}

bool is_uniform(const SearchRow& row) { return row.method.starts_with("uniform "); }

std::optional<std::size_t> best_row(const SearchResult& result) {
  return best_of(result.rows, is_mix, [](const SearchRow& row) {
    return rank_of(row.metrics, row.bits_per_weight, row.search_loss.value);
  });
}

std::optional<std::size_t> best_row(const Comparison& comparison, const std::string& what) {
  const auto admit = [&what](const ComparisonRow& row) {
    return row.what == what && row.format != "fp32";
  };
  return best_of(comparison.rows, admit, [](const ComparisonRow& row) {
    return rank_of(row.metrics, row.bits_per_weight, loss_of(row.metrics));
  });
}

}  // namespace posittune::records
