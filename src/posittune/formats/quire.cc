// The quire: posit standard 2022, quire format, with es free.

#include <cassert>

#include "posittune/formats/arithmetic.h"
#include "posittune/formats/posit.h"

namespace posittune::formats {
namespace {

constexpr int kCarryGuard = 31;  // posit standard 2022: 2^31 - 1 products never overflow

int limbs_for(const Format& f) {
  const int width = 4 * posit_max_exponent(f) + 2 + kCarryGuard;
  return (width + 63) / 64;
}

}  // namespace

Quire::Quire(const Format& format) : format_(format), limbs_(limbs_for(format)) {
  assert(format.family == Family::kPosit && limbs_ <= kMaxLimbs);
}

void Quire::clear() {
  nar_ = false;
  bits_.fill(0);
}

// Adds +-magnitude * 2^shift, in units of minpos^2; shift >= 0.
void Quire::accumulate(bool negative, std::uint64_t magnitude, int shift) {
  const bool was_negative = bits_[static_cast<std::size_t>(limbs_ - 1)] >> 63 != 0;
  const unsigned __int128 wide = static_cast<unsigned __int128>(magnitude) << (shift % 64);
  const std::uint64_t parts[2] = {static_cast<std::uint64_t>(wide),
                                  static_cast<std::uint64_t>(wide >> 64)};
  unsigned __int128 carry = negative ? 1 : 0;  // two's complement: ~x + 1, from limb 0 up
  const int first = shift / 64;
  for (int i = negative ? 0 : first; i < limbs_; ++i) {
    std::uint64_t term = i == first ? parts[0] : i == first + 1 ? parts[1] : 0;
    if (negative) term = ~term;
    carry += static_cast<unsigned __int128>(bits_[static_cast<std::size_t>(i)]) + term;
    bits_[static_cast<std::size_t>(i)] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  const bool is_negative = bits_[static_cast<std::size_t>(limbs_ - 1)] >> 63 != 0;
  if (was_negative == negative && is_negative != negative && magnitude != 0) nar_ = true;
}

void Quire::add_product(std::uint32_t a, std::uint32_t b) {
  const Unpacked x = posit_unpack(format_, a), y = posit_unpack(format_, b);
  if (x.kind == Unpacked::Kind::kNan || y.kind == Unpacked::Kind::kNan) nar_ = true;
  if (nar_ || x.kind == Unpacked::Kind::kZero || y.kind == Unpacked::Kind::kZero) return;
  // Trailing zeros are dropped so that the lowest set bit tells the true weight: every product is a
  // whole number of minpos^2.
  const std::uint64_t product = (x.significand >> 32) * (y.significand >> 32);
  const int trailing = std::countr_zero(product);
  const int weight = x.exponent + y.exponent - 62 + trailing;
  accumulate(x.negative != y.negative, product >> trailing,
             weight + 2 * posit_max_exponent(format_));
}

void Quire::sub_product(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t mask = static_cast<std::uint32_t>((std::uint64_t{1} << format_.bits) - 1);
  add_product((0 - a) & mask, b);  // the negative of NaR is NaR
}

void Quire::add(std::uint32_t a) {
  const std::uint32_t one = format_.bits == 2 ? 1 : std::uint32_t{1} << (format_.bits - 2);
  add_product(a, one);
}

std::uint32_t Quire::to_posit() const {
  if (nar_) return posit_pack(format_, special(Unpacked::Kind::kNan));
  const bool negative = bits_[static_cast<std::size_t>(limbs_ - 1)] >> 63 != 0;
  std::array<std::uint64_t, kMaxLimbs> magnitude = bits_;
  unsigned carry = 1;
  int top = -1;
  for (int i = 0; i < limbs_; ++i) {
    auto& limb = magnitude[static_cast<std::size_t>(i)];
    if (negative) {
      limb = ~limb + carry;
      carry = carry != 0 && limb == 0 ? 1 : 0;
    }
    if (limb != 0) top = i;
  }
  if (top < 0) return 0;
  const auto at = [&magnitude](int i) {
    return i < 0 ? std::uint64_t{0} : magnitude[static_cast<std::size_t>(i)];
  };
  const int lead = std::countl_zero(at(top));
  const std::uint64_t significand =
      lead == 0 ? at(top) : at(top) << lead | at(top - 1) >> (64 - lead);
  bool sticky = lead != 0 && (at(top - 1) << lead) != 0;
  if (lead == 0) sticky = at(top - 1) != 0;
  for (int i = 0; i < top - 1; ++i) sticky = sticky || at(i) != 0;
  const int exponent = 64 * top + 63 - lead - 2 * posit_max_exponent(format_);
  return posit_pack(format_, {.kind = Unpacked::Kind::kFinite,
                              .negative = negative,
                              .sticky = sticky,
                              .exponent = exponent,
                              .significand = significand});
}

}  // namespace posittune::formats
