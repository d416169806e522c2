#pragma once

// Tensors of one element type as another, and what must not be in them.

#include <optional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::data {

// The same numbers as another type. A number that the type does not hold exactly is a kInput error
// that names `where` and the number: an int64 file feeds an int32 input as long as its numbers fit.
// NaN and infinities stay what they are among the floating types. Bool is 0 or 1.
Result<Tensor> cast_exact(Tensor tensor, ElementType type, const std::string& where);

// Floating types: to the nearest, ties to even. For numbers that were computed, as pixels are.
Result<Tensor> cast_rounded(Tensor tensor, ElementType type, const std::string& where);

// Position of the first NaN or infinity of a floating tensor.
std::optional<std::size_t> find_not_finite(const Tensor& tensor);
// Whether an element of a floating tensor is NaN.
bool is_nan(const Tensor& tensor, std::size_t index);

// Rows [first, first + count) along axis 0.
Tensor rows_of(const Tensor& tensor, std::size_t first, std::size_t count);

}  // namespace posittune::data
