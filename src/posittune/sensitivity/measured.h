#pragma once

// A measured change of the model (internal).

#include <chrono>
#include <string>

#include "posittune/evaluation/prober.h"
#include "posittune/sensitivity/analysis.h"

namespace posittune::sensitivity {

struct Analysis::Measured {
  evaluation::Divergence divergence;
  std::string stopped;  // "", "tight", "dominated"
};

// Standard errors to each side: of a 95 % interval, and of decisions that are taken after each
// batch. source of the second: S. Pocock, "Group sequential methods in the design and analysis of
// clinical trials", Biometrika 64 (1977), table 1: 5 % over 10 looks.
inline constexpr double kInterval = 1.96;
inline constexpr double kSequential = 2.56;

// A stopwatch that adds the time between its construction and destruction to a tier's cost.
class Stopwatch {
 public:
  explicit Stopwatch(records::TierCost& cost) : cost_(cost) {}
  ~Stopwatch() { cost_.seconds += seconds(); }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  records::TierCost& cost_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace posittune::sensitivity
