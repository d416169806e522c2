#include "sum_model.h"

#include "posittune/formats/posit.h"

namespace posittune::rtl {

using formats::Unpacked;

Integer shifted(const Integer& x, int shift, bool nearest) {
  if (shift >= 0) return x << shift;
  // Right shift of a magnitude, corrected to floor.
  Integer value = x;
  if (nearest) value += Integer(1) << (-shift - 1);
  const Integer step = Integer(1) << -shift;
  Integer quotient = value / step;
  if (value < 0 && quotient * step != value) quotient -= 1;
  return quotient;
}

SumModel::SumModel(int lsb, int width) : lsb_(lsb), limit_(Integer(1) << (width - 2)) {}

void SumModel::clear() {
  sum_ = 0;
  nar_ = false;
}

bool SumModel::fits(const Integer& x) const { return x >= -limit_ && x < limit_; }

void SumModel::add_product(const formats::Format& a_format, std::uint32_t a,
                           const formats::Format& b_format, std::uint32_t b) {
  const Unpacked x = formats::posit_unpack(a_format, a), y = formats::posit_unpack(b_format, b);
  if (x.kind == Unpacked::Kind::kNan || y.kind == Unpacked::Kind::kNan) nar_ = true;
  if (nar_ || x.kind == Unpacked::Kind::kZero || y.kind == Unpacked::Kind::kZero) return;
  // Significands have their leading bit at 63 and at most 30 bits.
  Integer product = Integer(x.significand >> 32) * Integer(y.significand >> 32);
  if (x.negative != y.negative) product = -product;
  const Integer term = shifted(product, x.exponent + y.exponent - 62 - lsb_, true);
  if (!fits(term)) {
    nar_ = true;
    return;
  }
  sum_ += term;
  if (!fits(sum_)) nar_ = true;
}

std::vector<std::uint32_t> SumModel::bits(std::size_t words) const {
  std::vector<std::uint32_t> out(words);
  Integer value = sum_ < 0 ? Integer(-(sum_ + 1)) : sum_;
  const Integer mask = 0xffffffffu;
  for (auto& word : out) {
    word = static_cast<std::uint32_t>(value & mask);
    if (sum_ < 0) word = ~word;
    value >>= 32;
  }
  return out;
}

std::uint32_t SumModel::to_posit(const formats::Format& format) const {
  if (nar_) return formats::posit_pack(format, formats::special(Unpacked::Kind::kNan));
  if (sum_ == 0) return 0;
  Integer magnitude = abs(sum_);
  const int top = static_cast<int>(msb(magnitude));
  Unpacked value{.kind = Unpacked::Kind::kFinite, .negative = sum_ < 0, .exponent = top + lsb_};
  if (top > 63) {
    value.sticky = static_cast<int>(lsb(magnitude)) < top - 63;
    magnitude >>= top - 63;
  } else {
    magnitude <<= 63 - top;
  }
  value.significand = static_cast<std::uint64_t>(magnitude);
  return formats::posit_pack(format, value);
}

}  // namespace posittune::rtl
