#pragma once

// The plain twin, one element at a time. The vector targets call it for lanes that their algorithm
// does not cover.

#include <cstdint>

#include "posittune/kernels/plan.h"

namespace posittune::kernels {

// The product x * scale as the codecs take it. For posits the scaling itself cannot turn a finite
// nonzero x into zero or infinity: it saturates at the range of the format in fp32.
float scaled(const Plan& plan, float x, float scale);

float round_one(const Plan& plan, float x, float scale);           // grid value Q(x * scale)
std::uint32_t encode_one(const Plan& plan, float x, float scale);  // its code
float decode_one(const Plan& plan, std::uint32_t code);

// Exponent X of a block's shared scale 2^X from its n elements (x * scale); infinities and NaN do
// not count.
int block_exponent(const Plan& plan, const float* x, std::size_t n, float scale);

// A power of two, 2^exponent, for exponents -127..127; the first is a subnormal.
float power_of_two(int exponent);

}  // namespace posittune::kernels
