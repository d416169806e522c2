// Symmetric integers: two's complement codes, numbers -(2^(n-1)-1) .. 2^(n-1)-1; the code -2^(n-1)
// that is left over means NaN. OCP MX v1.0 section 5.3.4 scales INT8 elements by 2^-6.

#include "oracle/model.h"

namespace posittune::oracle {
namespace {

class IntegerModel : public Model {
 public:
  IntegerModel(int n, bool fraction) : n_(n), unit_exponent_(fraction ? 2 - n : 0) {}

  int bits() const override { return n_; }

  Value value(std::uint32_t code) const override {
    const std::int64_t half = std::int64_t{1} << (n_ - 1);
    const std::int64_t number = code < half ? std::int64_t{code} : std::int64_t{code} - 2 * half;
    if (number == -half) return {.kind = Value::Kind::kNan};
    return {Value::Kind::kFinite, number < 0, Dyadic(Integer(number), unit_exponent_)};
  }

  std::int64_t last() const override { return (std::int64_t{1} << (n_ - 1)) - 1; }
  std::uint32_t code_at(std::int64_t position) const override {
    return static_cast<std::uint32_t>(position) & ((1U << n_) - 1);
  }
  Boundary above(std::int64_t position) const override {
    return {Dyadic(Integer(2 * position + 1), unit_exponent_ - 1), position % 2 != 0};
  }

  std::uint32_t nan_result() const override { return 1U << (n_ - 1); }
  std::uint32_t infinity_result(bool negative) const override {
    return code_at(negative ? first() : last());
  }
  std::uint32_t zero_result(bool) const override { return 0; }

 private:
  int n_, unit_exponent_;
};

}  // namespace

std::unique_ptr<Model> integer_model(int n, bool fraction) {
  return std::make_unique<IntegerModel>(n, fraction);
}

}  // namespace posittune::oracle
