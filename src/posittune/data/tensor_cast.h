#pragma once

// Casts of tensors from one element type to another, and checks of their values.

#include <optional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::data {

// Casts without a change of value. A number that the type does not hold exactly is a kInput error
// that names `where` and the number: an int64 file can be used for an int32 input as long as its
// numbers fit. NaN and infinities are kept between floating types. Bool is 0 or 1.
Result<Tensor> cast_exact(Tensor tensor, ElementType type, const std::string& where);

// Casts between floating types, rounding to the nearest, ties to even; for numbers that were
// computed, as pixels are.
Result<Tensor> cast_rounded(Tensor tensor, ElementType type, const std::string& where);

// The position of the first NaN or infinity in a floating tensor; none where there is neither.
std::optional<std::size_t> find_not_finite(const Tensor& tensor);
// Whether an element of a floating tensor is NaN.
bool is_nan(const Tensor& tensor, std::size_t index);

// The rows [first, first + count) along axis 0.
Tensor rows_of(const Tensor& tensor, std::size_t first, std::size_t count);

}  // namespace posittune::data
