#include "posittune/quant/power_search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "posittune/formats/codec.h"

namespace posittune::quant {

using formats::centre;
using formats::Family;
using formats::Format;
using kernels::Statistics;

float usable(double scale) {
  const double limit = std::ldexp(1.0, kMaxScaleExponent);
  return static_cast<float>(std::clamp(scale, 1 / limit, limit));
}

double largest(const Format& format) { return double{formats::float_range(format).high}; }

int nearest_exponent(double ratio) { return static_cast<int>(std::lround(std::log2(ratio))); }

Landmarks landmarks(const Format& format, const Statistics& s) {
  constexpr int kMaxSpan = 24;
  const int fit = static_cast<int>(std::floor(std::log2(largest(format) / s.absmax)));
  const int bulk = nearest_exponent(centre(format) / s.rms());
  return {std::clamp(fit, bulk - kMaxSpan, bulk + kMaxSpan), bulk};
}

float power(int exponent) {
  const int clamped = std::clamp(exponent, -kMaxScaleExponent, kMaxScaleExponent);
  return std::bit_cast<float>(static_cast<std::uint32_t>(clamped + 127) << 23);
}

namespace {

// Rounding of sums and of the differences that are summed, which are floats, is far below this.
constexpr double kMargin = 1 + 1e-6;

// Whether the format has at twice a scale all values that it has at the scale, as far as it
// reaches.
bool is_nested(const Format& format) {
  return format.block == 0 && (format.family == Family::kInt || format.family == Family::kFloat) &&
         double{formats::float_range(format).low} >= 0x1p-60;
}

// The powers of two of one unit, from the lowest exponent that can be the best one.
class Powers {
 public:
  Powers(const Format& format, const Unit& unit) : unit_(unit), max_(largest(format)) {
    const Statistics& s = unit.statistics;
    if (s.absmax == 0) return;
    const Landmarks marks = landmarks(format, s);
    const int start = clamped(std::min(marks.fit, marks.bulk));
    if (!(unit.energy > 0)) {  // nothing that counts: any scale
      bounded_ = true;
      add(start);
      return;
    }
    if (format.block != 0) {
      bounded_ = true;
      // Twice the largest value, which rounding may reach, is finite.
      const int top = clamped(126 - std::ilogb(s.absmax) - 1);
      add(std::min(start, top));
      if (top > start) add(top);
      return;
    }
    rms_ = std::sqrt(unit.energy / unit.weight);
    const double smallest = double{formats::float_range(format).low};
    int low = clamped(static_cast<int>(std::floor(std::log2(smallest / 2 / s.absmax))));
    const int high = std::max(low, last_above(rms_ * kFirst));
    // From the start outwards: the order of ties.
    const int middle = std::clamp(start, low, high);
    if (is_nested(format) && double{s.absmax} * double{power(middle)} <= max_) low = middle;
    all_.reserve(static_cast<std::size_t>(high - low + 1));
    add(middle);
    for (int d = 1; d <= std::max(middle - low, high - middle); ++d) {
      if (middle - d >= low) add(middle - d);
      if (middle + d <= high) add(middle + d);
    }
    end_ = high;
  }

  std::size_t size() const { return all_.size(); }
  float scale(std::size_t i) const { return power(all_[i].exponent); }
  bool known(std::size_t i) const { return !std::isnan(all_[i].error); }
  void set(std::size_t i, double error) {
    all_[i].error = error;
    const double least = all_[best_].error;
    if (error < least || (error == least && i < best_) || std::isnan(least)) best_ = i;
  }
  // An error of the part, which bounds that of all.
  void bound(std::size_t i, double error) { all_[i].bound = std::max(all_[i].bound, error); }

  // Where to begin when only bounds are known: the least of them and its neighbours; where none are
  // of data, the landmark and its own.
  std::vector<std::size_t> promising(bool measured) const {
    const int least = measured ? std::ranges::min_element(all_, {}, &Power::bound)->exponent
                               : all_.front().exponent;
    std::vector<std::size_t> list;
    for (std::size_t i = 0; i < size(); ++i) {
      if (bounded_ || std::abs(all_[i].exponent - least) <= 1) list.push_back(i);
    }
    return list;
  }

  // Exponents that may still be better than the least error known; more of them where those so far
  // may not be all.
  std::vector<std::size_t> open() {
    const double least = all_[best_].error;
    if (!bounded_ && size() > 0) {
      const double clip = rms_ * (1 - std::sqrt(std::min(1.0, least * kMargin / unit_.energy)));
      for (const int last = last_above(clip); end_ < last;) add(++end_);
    }
    std::vector<std::size_t> list;
    list.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) {
      if (!known(i) && all_[i].bound <= least * kMargin) list.push_back(i);
    }
    return list;
  }

  // No error above this is of interest.
  double limit() const {
    return size() == 0 || !known(best_) ? std::numeric_limits<double>::infinity()
                                        : all_[best_].error;
  }

  // The first of the least.
  std::size_t best() const { return best_; }

 private:
  // The first end of the exponents: of an error of at least (1 - 1/16)^2 of the energy. Most have
  // far less.
  static constexpr double kFirst = 1.0 / 16;

  static int clamped(int exponent) {
    return std::clamp(exponent, -kMaxScaleExponent, kMaxScaleExponent);
  }

  // The last exponent whose largest value is still above `clip`, and one more for the rounding of
  // logarithms.
  int last_above(double clip) const {
    if (!(clip > 0)) return kMaxScaleExponent;
    return clamped(static_cast<int>(std::floor(std::min(1e6, std::log2(max_ / clip)))) + 1);
  }

  void add(int exponent) {
    const double clip = max_ / double{power(exponent)};
    const double of_rms = std::max(0.0, rms_ - clip),
                 of_largest = std::max(0.0, double{unit_.statistics.absmax} - clip);
    const double bound = bounded_ ? 0
                                  : std::max(unit_.weight * of_rms * of_rms,
                                             unit_.weighted ? 0 : of_largest * of_largest);
    all_.push_back({exponent, std::numeric_limits<double>::quiet_NaN(), bound});
  }

  struct Power {
    int exponent;
    double error, bound;  // NaN: not measured
  };

  const Unit& unit_;
  double max_, rms_ = 0;
  bool bounded_ = false;
  int end_ = 0;
  std::size_t best_ = 0;  // of those known
  std::vector<Power> all_;
};

using Indices = std::vector<std::vector<std::size_t>>;

enum class Of { kPart, kAll };

Status measure_powers(std::vector<Powers>& powers, const Indices& wanted, const Measure& measure,
                      Of of) {
  kernels::ScaleLists lists(powers.size());
  std::vector<double> limits;
  bool any = false;
  for (std::size_t u = 0; u < powers.size(); ++u) {
    lists[u].reserve(wanted[u].size());
    for (const std::size_t i : wanted[u]) lists[u].push_back(powers[u].scale(i));
    any = any || !lists[u].empty();
    limits.push_back(powers[u].limit());
  }
  if (!any) return success();
  auto errors = of == Of::kPart ? measure.part(lists)
                : measure.below ? measure.below(lists, limits)
                                : measure.all(lists);
  if (!errors) return errors.error();
  for (std::size_t u = 0; u < powers.size(); ++u) {
    for (std::size_t j = 0; j < wanted[u].size(); ++j) {
      of == Of::kPart ? powers[u].bound(wanted[u][j], (*errors)[u][j])
                      : powers[u].set(wanted[u][j], (*errors)[u][j]);
    }
  }
  return success();
}

template <class List>
Indices indices_of(std::vector<Powers>& powers, const List& list) {
  Indices indices;
  indices.reserve(powers.size());
  for (Powers& each : powers)
    indices.push_back(each.size() == 0 ? std::vector<std::size_t>{} : list(each));
  return indices;
}

std::vector<std::size_t> every(const Powers& of) {
  std::vector<std::size_t> all(of.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

// What is measured first.
Result<Indices> first_powers(std::vector<Powers>& powers, const Measure& measure) {
  if (measure.below)
    return indices_of(powers, [](const Powers& of) { return of.promising(false); });
  if (!measure.part) return indices_of(powers, every);
  if (const Status done = measure_powers(powers, indices_of(powers, every), measure, Of::kPart);
      !done)
    return done.error();
  return indices_of(powers, [](const Powers& of) { return of.promising(true); });
}

}  // namespace

Result<std::vector<float>> best_powers(const Format& format, std::span<const Unit> units,
                                       const Measure& measure) {
  std::vector<Powers> powers;
  powers.reserve(units.size());
  for (const Unit& unit : units) powers.emplace_back(format, unit);
  const auto first = first_powers(powers, measure);
  if (!first) return first.error();
  if (const Status done = measure_powers(powers, *first, measure, Of::kAll); !done)
    return done.error();
  // A better one may close what was open, but never opens what was closed: one more round, and one
  // for more exponents.
  for (int round = 0; round < 2; ++round) {
    const Indices open = indices_of(powers, [](Powers& of) { return of.open(); });
    if (const Status done = measure_powers(powers, open, measure, Of::kAll); !done)
      return done.error();
  }
  std::vector<float> scales;
  for (const Powers& each : powers)
    scales.push_back(each.size() == 0 ? 1.0f : each.scale(each.best()));
  return scales;
}

}  // namespace posittune::quant
