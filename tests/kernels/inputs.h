#pragma once

// Formats and inputs for the tests of this folder. Everything is drawn from fixed seeds.

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::kernels {

using Random = std::mt19937_64;

// Every format without blocks: posit<2..32, 0..4> and their flushing variants, int2..int16 and
// their fractions, every fpN_eXmY that the parser accepts.
std::vector<formats::Format> plain_formats();
// The six MX formats.
std::vector<formats::Format> block_formats();
// At least one format of each Kind of a Plan, and the ends of the families.
std::vector<formats::Format> sample_formats();

// Scales that check_scales accepts: powers of two, real numbers, tiny and huge ones, both ends.
std::vector<float> usable_scales();

// Zeros, subnormals, ends of the range, infinities, NaN of several payloads, both signs.
std::vector<float> special_floats();

// Random bit patterns: all exponents alike, NaN and infinities among them.
std::vector<float> random_patterns(std::size_t n, Random& random);
// A normal distribution with outliers, as tensors have, with some zeros, NaN and infinities.
std::vector<float> tensor_like(std::size_t n, Random& random);

// What a rounding kernel may get wrong: x such that x * scale is a value of the format, a boundary
// between two, or a float next to one of these, with both signs; then specials and random patterns.
// Formats with more than `max_codes` positive codes: the ends of the range and random codes.
std::vector<float> rounding_inputs(const formats::Format& format, float scale,
                                   std::size_t max_codes, Random& random);

}  // namespace posittune::kernels
