#include "posittune/metrics/classification.h"

#include <utility>

namespace posittune::metrics {

MacroF1::MacroF1(std::vector<Decision> decisions, std::size_t classes, std::size_t units)
    : decisions_(std::move(decisions)), classes_(classes), units_(units) {}

double MacroF1::value(std::span<const std::uint32_t> times) const {
  struct Counts {
    std::uint64_t right = 0, occurring = 0;  // occurring: as a label plus as a prediction
  };
  std::vector<Counts> counts(classes_);
  for (const Decision& d : decisions_) {
    const std::uint32_t count = times[d.unit];
    counts[static_cast<std::size_t>(d.label)].occurring += count;
    if (d.predicted >= 0) counts[static_cast<std::size_t>(d.predicted)].occurring += count;
    if (d.predicted == d.label) counts[static_cast<std::size_t>(d.label)].right += count;
  }
  double sum = 0, classes = 0;
  for (const Counts& c : counts) {
    if (c.occurring == 0) continue;
    sum += 2 * static_cast<double>(c.right) / static_cast<double>(c.occurring);
    classes += 1;
  }
  return sum / classes;
}

}  // namespace posittune::metrics
