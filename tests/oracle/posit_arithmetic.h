#pragma once

// Exact posit arithmetic: the rational result, rounded once (posit standard 2022, section 5).

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <vector>

#include "oracle/model.h"
#include "oracle/table.h"

namespace posittune::oracle {

// Any posit; slow.
std::uint32_t add(const Model& posit, std::uint32_t a, std::uint32_t b);
std::uint32_t mul(const Model& posit, std::uint32_t a, std::uint32_t b);
std::uint32_t fma(const Model& posit, std::uint32_t a, std::uint32_t b, std::uint32_t c);

// Posits of at most 8 bits, fast enough for all triples: values are integers in units of
// (minpos/2)^2, at most 4 maxpos^2 / minpos^2 = 2^386 for posit<8,4>.
class SmallPosit {
 public:
  using Fixed = boost::multiprecision::int512_t;

  SmallPosit(int n, int es, bool flush = false);

  std::uint32_t nar() const { return nar_; }
  std::uint32_t add(std::uint32_t a, std::uint32_t b) const;
  std::uint32_t mul(std::uint32_t a, std::uint32_t b) const;

  // a*b in those units, exact; neither is NaR.
  Fixed product(std::uint32_t a, std::uint32_t b) const { return roots_[a] * roots_[b]; }
  // The code of `product` + c, c not NaR.
  std::uint32_t add_rounded(const Fixed& product, std::uint32_t c) const {
    return table_.nearest(product + values_[c]);
  }
  std::uint32_t fma(std::uint32_t a, std::uint32_t b, std::uint32_t c) const;

 private:
  SmallPosit(const Model& model, int n, int es);

  std::uint32_t nar_;
  std::vector<Fixed> roots_;   // values in units of minpos/2
  std::vector<Fixed> values_;  // values in units of (minpos/2)^2
  Table<Fixed> table_;
};

}  // namespace posittune::oracle
