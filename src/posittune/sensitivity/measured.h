#pragma once

// Measured: the result of a measured change of the model (internal).

#include <chrono>
#include <string>

#include "posittune/evaluation/prober.h"
#include "posittune/sensitivity/analysis.h"

namespace posittune::sensitivity {

struct Analysis::Measured {
  evaluation::Divergence divergence;
  std::string stopped;  // "", "tight", "dominated"
};

// Half widths in standard errors. kInterval: of a 95 % interval. kSequential: of a decision that is
// looked for after each batch; 5 % of such decisions are wrong over 10 looks.
// source of kSequential: S. Pocock, "Group sequential methods in the design and analysis of
// clinical trials", Biometrika 64 (1977), table 1.
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
