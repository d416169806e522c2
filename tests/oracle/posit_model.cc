// Posits, bit by bit from "Standard for Posit Arithmetic (2022)", sections 3.3 and 4.1, with es
// free. The value of a negative code is read from its own bits by the standard's formula; the usual
// shortcut (negate, then decode a positive code) is what the library does, so it is not used here.

#include <stdexcept>

#include "oracle/model.h"

namespace posittune::oracle {
namespace {

// Bits of a code from the most significant one on; past the end they read as zero.
class BitReader {
 public:
  BitReader(int n, std::uint64_t code) : n_(n), code_(code) {}
  int next() {
    const int shift = n_ - 1 - used_++;
    return shift >= 0 ? static_cast<int>(code_ >> shift & 1) : 0;
  }
  bool done() const { return used_ >= n_; }

 private:
  int n_;
  std::uint64_t code_;
  int used_ = 0;
};

// Regime: k equal bits, ended by the opposite bit or by the end of the code. r = -k or k - 1.
int read_regime(BitReader& bits) {
  const int first = bits.next();
  int run = 1;
  while (!bits.done() && bits.next() == first) ++run;
  return first == 0 ? -run : run - 1;
}

std::uint64_t nar(int n) { return std::uint64_t{1} << (n - 1); }

class PositModel : public Model {
 public:
  PositModel(int n, int es, bool flush) : n_(n), es_(es), flush_(flush) {}

  int bits() const override { return n_; }

  Value value(std::uint32_t code) const override {
    if (code == nar(n_)) return {.kind = Value::Kind::kNan};
    Dyadic number = posit_value(n_, es_, code);
    return {.negative = number.sign() < 0, .number = std::move(number)};
  }

  // Posits compare like signed integers (section 5.3), so a position is the code read as signed.
  std::int64_t last() const override { return static_cast<std::int64_t>(nar(n_)) - 1; }
  std::uint32_t code_at(std::int64_t position) const override {
    return static_cast<std::uint32_t>(wrapped(position, n_));
  }

  // Section 4.1: with u, w the neighbours of x and v the posit<n+1> of u's bits with a 1 appended,
  // x < v gives u, x > v gives w, x = v the one whose code is even.
  Boundary above(std::int64_t position) const override {
    if (position == 0 || position == -1) return beside_zero(position);
    return {posit_value(n_ + 1, es_, wrapped(2 * position + 1, n_ + 1)), position % 2 != 0};
  }

  std::uint32_t nan_result() const override { return static_cast<std::uint32_t>(nar(n_)); }
  std::uint32_t infinity_result(bool) const override { return nan_result(); }
  std::uint32_t zero_result(bool) const override { return 0; }

 private:
  static std::uint64_t wrapped(std::int64_t position, int n) {
    return static_cast<std::uint64_t>(position) & (2 * nar(n) - 1);
  }

  // Only zero itself rounds to zero; in the flush variant all |x| < minpos/2 do.
  Boundary beside_zero(std::int64_t position) const {
    if (!flush_) return {Dyadic(), position == -1};
    const Dyadic half_minpos = posit_value(n_, es_, 1).half();
    return position == 0 ? Boundary{half_minpos, true} : Boundary{-half_minpos, false};
  }

  int n_, es_;
  bool flush_;
};

}  // namespace

// value = ((1 - 3s) + f) * 2^((1 - 2s) * (2^es * r + e + s)), fields read as they stand.
Dyadic posit_value(int n, int es, std::uint64_t code) {
  if (code == nar(n)) throw std::domain_error("posit_value of NaR");
  if (code == 0) return {};
  BitReader bits(n, code);
  const int s = bits.next();
  const int r = read_regime(bits);
  int e = 0;
  for (int i = 0; i < es; ++i) e = 2 * e + bits.next();
  std::int64_t f = 0;
  int fraction_bits = 0;
  for (; !bits.done(); ++fraction_bits) f = 2 * f + bits.next();
  const std::int64_t one = std::int64_t{1} << fraction_bits;
  const int exponent = (1 - 2 * s) * ((1 << es) * r + e + s);
  return {Integer((1 - 3 * s) * one + f), exponent - fraction_bits};
}

std::unique_ptr<Model> posit_model(int n, int es, bool flush) {
  return std::make_unique<PositModel>(n, es, flush);
}

}  // namespace posittune::oracle
