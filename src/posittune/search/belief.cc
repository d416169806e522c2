#include "posittune/search/belief.h"

#include <algorithm>

namespace posittune::search {

std::size_t Belief::slot(std::size_t group) {
  const auto [entry, fresh] = slots_.try_emplace(group, means_.size());
  if (fresh) {
    for (auto& row : covariances_) row.push_back(0);
    means_.push_back(1);
    covariances_.emplace_back(means_.size(), 0.0);
    covariances_.back().back() = prior_;
  }
  return entry->second;
}

double Belief::mean(std::size_t group) const {
  const auto known = slots_.find(group);
  return known == slots_.end() ? 1 : means_[known->second];
}

double Belief::covariance(std::size_t a, std::size_t b) const {
  const auto i = slots_.find(a), j = slots_.find(b);
  if (i != slots_.end() && j != slots_.end()) return covariances_[i->second][j->second];
  return a == b ? prior_ : 0;
}

Belief::Normal Belief::predict(std::span<const Term> terms) const {
  Normal sum;
  for (const Term& a : terms) {
    sum.mean += mean(a.group) * a.loss;
    for (const Term& b : terms) sum.variance += a.loss * b.loss * covariance(a.group, b.group);
  }
  sum.variance = std::max(0.0, sum.variance);
  return sum;
}

void Belief::learn(std::span<const Term> terms, double measured, double noise_variance) {
  for (const Term& term : terms) slot(term.group);
  const Normal expected = predict(terms);
  const double variance = expected.variance + noise_variance;
  if (!(variance > 0)) return;
  const std::size_t count = means_.size();
  std::vector<double> gain(count, 0);  // covariance of each factor with the measurement
  for (const Term& term : terms) {
    const std::size_t of = slots_.at(term.group);
    for (std::size_t s = 0; s < count; ++s) gain[s] += covariances_[s][of] * term.loss;
  }
  for (std::size_t s = 0; s < count; ++s)
    means_[s] += gain[s] / variance * (measured - expected.mean);
  for (std::size_t s = 0; s < count; ++s) {
    for (std::size_t t = 0; t < count; ++t) covariances_[s][t] -= gain[s] * gain[t] / variance;
  }
}

}  // namespace posittune::search
