#include "posittune/report/verification_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "posittune/base/printable.h"
#include "posittune/report/number_text.h"
#include "posittune/report/scored_text.h"
#include "posittune/report/table.h"

namespace posittune::report {
namespace {

std::string metrics_text(const std::map<std::string, records::MetricResult>& metrics) {
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [name, metric] : metrics) order.emplace_back(metric.rank, name);
  std::ranges::sort(order);
  Table table(
      {{"metric"}, {"exported [95 %]", Align::kRight}, {"to the model (paired)", Align::kRight}});
  for (const auto& [rank, name] : order) {
    const records::MetricResult& metric = metrics.at(name);
    table.add_row({name, interval_text(metric.value),
                   metric.delta && rank > 0 ? signed_interval_text(*metric.delta) : ""});
  }
  return table.text();
}

}  // namespace

std::string verification_text(const records::Verification& verification) {
  const records::Comparison& comparison = verification.comparison;
  const records::SplitRecord& data = comparison.data.at("report");
  const records::ComparisonRow& row = comparison.rows.front();
  std::string lines;
  const auto say = [&](const std::string& line) { lines += printable(line) + "\n"; };
  say(comparison.model.path + " and " + verification.exported);
  say(fmt::format("on {} ({} items, {} {}s), both in {}: {:.1f} s, exported {:.1f} s", data.path,
                  data.items, verification.units, data.unit, verification.runtime,
                  verification.seconds, verification.exported_seconds));
  say("scored: " + scored_text(comparison.scored));
  lines += metrics_text(row.metrics);
  if (row.nonfinite > 0)
    say(fmt::format("! {} {}s with NaN or an infinity in the output", row.nonfinite, data.unit));
  for (const records::OutputDifference& each : verification.differences) {
    say(fmt::format("output '{}': RMS of the difference {:.3g} of the output's, largest {:.3g}",
                    each.output, each.relative, each.largest));
  }
  return lines;
}

}  // namespace posittune::report
