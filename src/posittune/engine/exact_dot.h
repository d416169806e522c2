#pragma once

// Exact dot products of floats: the software twin of a quire that holds any product of two fp32
// numbers.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace posittune::engine {

// An exact sum: a two's complement fixed-point number in limbs of 32 bits, each kept in an int64 so
// that carries are propagated later. Its last bit is 2^-352, below the last bit of the smallest
// product of two subnormals as a double (2^-298 * 2^-52); the first limbs hold the largest product
// (2^256) and 2^31 of them.
class ExactSum {
 public:
  // Adds a * b, both finite; at most 2^31 products between clears.
  void add_product(float a, float b);
  // The sum, rounded once: to nearest, ties to even; beyond fp32's range to an infinity.
  float to_float() const;
  void clear() {
    limbs_.fill(0);
    pending_ = 0;
  }

 private:
  static constexpr int kLimbs = 21, kLowest = -352;
  void propagate();
  std::array<std::int64_t, kLimbs> limbs_{};
  std::uint32_t pending_ = 0;
};

// The dot product, sum of a[i] * b[i], rounded once; NaN when an operand is not finite.
float exact_dot(std::span<const float> a, std::span<const float> b);

}  // namespace posittune::engine
