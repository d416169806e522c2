#pragma once

// The number line of a Model written out, for formats small enough: rounding is then one binary
// search. T is any exact type that the boundaries fit in: double up to 16 bits, a wide integer for
// sums of products.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "oracle/model.h"

namespace posittune::oracle {

template <class T>
class Table {
 public:
  // `convert` maps a Dyadic to T without loss.
  template <class Convert>
  Table(const Model& model, Convert convert) {
    for (std::int64_t i = model.first(); i <= model.last(); ++i) {
      codes_.push_back(model.code_at(i));
      if (i == model.last()) break;
      const Boundary boundary = model.above(i);
      boundaries_.push_back(convert(boundary.at));
      tie_up_.push_back(boundary.tie_up);
    }
  }

  std::uint32_t nearest(const T& x) const {
    // The first boundary that is not below x; positions count boundaries passed.
    const auto at = std::lower_bound(boundaries_.begin(), boundaries_.end(), x);
    auto position = static_cast<std::size_t>(at - boundaries_.begin());
    if (at != boundaries_.end() && *at == x && tie_up_[position]) ++position;
    return codes_[position];
  }

  const std::vector<T>& boundaries() const { return boundaries_; }

 private:
  std::vector<std::uint32_t> codes_;
  std::vector<T> boundaries_;
  std::vector<bool> tie_up_;
};

// Any double to its code, for formats of at most 16 bits.
class EncodeTable {
 public:
  explicit EncodeTable(const Model& model)
      : model_(model), table_(model, [](const Dyadic& d) { return d.to_double(); }) {}

  std::uint32_t encode(double x) const {
    if (std::isnan(x)) return model_.nan_result();
    if (std::isinf(x)) return model_.infinity_result(x < 0);
    const std::uint32_t code = table_.nearest(x);
    return code == 0 ? model_.zero_result(std::signbit(x)) : code;
  }
  const std::vector<double>& boundaries() const { return table_.boundaries(); }

 private:
  const Model& model_;
  Table<double> table_;
};

}  // namespace posittune::oracle
