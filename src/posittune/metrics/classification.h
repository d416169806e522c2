#pragma once

// Macro F1: the mean over classes of 2 TP / (2 TP + FP + FN).

#include <cstddef>
#include <cstdint>
#include <vector>

#include "posittune/metrics/bootstrap.h"

namespace posittune::metrics {

struct Decision {
  std::uint32_t unit = 0;
  std::int64_t label = 0;      // >= 0
  std::int64_t predicted = 0;  // negative: none, wrong for the label's class
};

// Macro F1 over the classes that occur, as a label or as a prediction, as in scikit-learn; in each
// resample anew.
class MacroF1 : public Statistic {
 public:
  // Takes labels and predictions below `classes`, and units below `units`.
  MacroF1(std::vector<Decision> decisions, std::size_t classes, std::size_t units);
  std::size_t units() const override { return units_; }
  double value(std::span<const std::uint32_t> times) const override;

 private:
  std::vector<Decision> decisions_;
  std::size_t classes_, units_;
};

}  // namespace posittune::metrics
