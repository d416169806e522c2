#include "posittune/records/comparison.h"

#include <algorithm>

namespace posittune::records {

std::string primary_metric(const std::map<std::string, MetricResult>& metrics) {
  const std::pair<const std::string, MetricResult>* best = nullptr;
  for (const auto& each : metrics) {
    if (each.second.rank > 0 && (best == nullptr || each.second.rank < best->second.rank))
      best = &each;
  }
  return best == nullptr ? loss_metric(metrics) : best->first;
}

std::string loss_metric(const std::map<std::string, MetricResult>& metrics) {
  const auto loss = std::find_if(metrics.begin(), metrics.end(),
                                 [](const auto& each) { return each.second.rank == 0; });
  return loss == metrics.end() ? "" : loss->first;
}

}  // namespace posittune::records
