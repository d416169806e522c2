#include "posittune/metrics/custom_metric.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "posittune/metrics/bootstrap.h"

namespace posittune::metrics {
namespace {

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

Error usage(std::string what, std::string where, std::string expected) {
  return {.kind = ErrorKind::kUsage,
          .what = std::move(what),
          .where = std::move(where),
          .expected = std::move(expected)};
}

std::string quoted(const CustomMetric& metric) { return "metric '" + metric.name + "'"; }

Status check_values(const CustomMetric& metric, const std::vector<double>& values,
                    const ItemBatch& batch, const std::vector<bool>& broken) {
  const auto wrong = [&](std::size_t item, std::string expected, std::string found) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "a custom metric gives no number",
                 .where = quoted(metric) + ", item " + std::to_string(item),
                 .expected = std::move(expected),
                 .found = std::move(found),
                 .hint = "NaN and infinity are taken where the item's scored output is not finite"};
  };
  if (values.size() != batch.count)
    return wrong(batch.first, std::to_string(batch.count) + " numbers, one for each item",
                 std::to_string(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]) && !broken[i])
      return wrong(batch.first + i, "a finite number", std::isnan(values[i]) ? "NaN" : "infinity");
  }
  return success();
}

}  // namespace

Status check(std::span<const CustomMetric> metrics) {
  std::set<std::string> names;
  for (const CustomMetric& metric : metrics) {
    if (!is_name(metric.name))
      return usage("this cannot be the name of a metric", "'" + metric.name + "'",
                   "1 to 64 letters, digits and _");
    if (metric.version.empty())
      return usage("a custom metric has no version", quoted(metric),
                   "a text that changes when its code does");
    if (!names.insert(metric.name).second)
      return usage("two custom metrics have one name", quoted(metric), "a name for each");
  }
  return success();
}

std::string identity(std::span<const CustomMetric> metrics) {
  std::string text;
  for (const CustomMetric& metric : metrics)
    text += (text.empty() ? "" : ",") + metric.name + "@" + std::to_string(metric.version.size()) +
            ":" + metric.version +
            (metric.direction == Direction::kLowerIsBetter ? "/lower/" : "/higher/") + metric.unit;
  return text;
}

CustomSums::CustomSums(std::vector<CustomMetric> metrics)
    : metrics_(std::move(metrics)), sums_(metrics_.size()) {}

Status CustomSums::add(const ItemBatch& batch, std::span<const std::uint32_t> units,
                       const std::vector<bool>& broken) {
  for (std::size_t m = 0; m < metrics_.size(); ++m) {
    auto values = metrics_[m].measure(batch);
    if (!values) return values.error();
    if (const Status numbers = check_values(metrics_[m], *values, batch, broken); !numbers)
      return numbers;
    for (std::size_t i = 0; i < batch.count; ++i) {
      if (units[i] >= sums_[m].size()) sums_[m].resize(units[i] + std::size_t{1});
      sums_[m][units[i]] += (*values)[i];
    }
  }
  for (const std::uint32_t unit : units) {
    if (unit >= items_.size()) items_.resize(unit + std::size_t{1});
    items_[unit] += 1;
  }
  return success();
}

Status CustomSums::finish(std::size_t units, std::vector<MetricSamples>& metrics) {
  if (metrics_.empty()) return success();
  for (MetricSamples& each : metrics) {
    for (const CustomMetric& metric : metrics_) {
      if (each.metric.name == metric.name)
        return usage("the task has a metric of this name", quoted(metric), "another name");
    }
    if (each.metric.rank == Rank::kTask) each.metric.rank = Rank::kDetail;
  }
  items_.resize(units);
  for (std::size_t m = 0; m < metrics_.size(); ++m) {
    sums_[m].resize(units);
    const CustomMetric& metric = metrics_[m];
    MetricSamples samples;
    samples.metric = {metric.name, metric.direction, metric.unit, Rank::kTask, metric.version};
    samples.statistic = std::make_shared<RatioStatistic>(std::move(sums_[m]), items_);
    metrics.push_back(std::move(samples));
  }
  return success();
}

}  // namespace posittune::metrics
