#pragma once

// Belief about scores, updated by trials (internal): the true loss of a group is its score times a
// factor that is normal around 1; each measured difference is a sum of such losses, and updates the
// factors of its groups. reference: R. Kalman, "A new approach to linear filtering and prediction
// problems", 1960.

#include <cstddef>
#include <map>
#include <span>
#include <vector>

namespace posittune::search {

class Belief {
 public:
  explicit Belief(double deviation) : prior_(deviation * deviation) {}

  struct Term {
    std::size_t group = 0;
    double loss = 0;  // difference by the scores
  };
  struct Normal {
    double mean = 0, variance = 0;
  };
  // The expected true difference and its variance.
  Normal predict(std::span<const Term> terms) const;
  double mean(std::size_t group) const;
  void learn(std::span<const Term> terms, double measured, double noise_variance);

 private:
  std::size_t slot(std::size_t group);
  double covariance(std::size_t a, std::size_t b) const;

  double prior_;
  std::map<std::size_t, std::size_t> slots_;  // key: group that was part of a trial
  std::vector<double> means_;
  std::vector<std::vector<double>> covariances_;
};

}  // namespace posittune::search
