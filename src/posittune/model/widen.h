#pragma once

// Widening: models whose products are in half or double precision become float32.

#include <memory>
#include <string>

#include "posittune/base/result.h"

namespace ov {
class Model;
}  // namespace ov

namespace posittune::model {

// Turns every float16, bfloat16 and float64 tensor into float32, in place, also those of inputs and
// outputs. It does so only where an input, an output, or a product (matrix product, convolution,
// recurrent layer, look-up), in the model or in a body in it, has such a type. Values of the 16-bit
// types stay exactly what they are; those of float64 are rounded. Models in float32 with some
// helper nodes in other types stay as they are.
//
// Returns the name of the type that was widened ("f16"), or nothing. kUnsupported names a node that
// cannot change its type, or a tensor with a finite value that float32 does not hold.
Result<std::string> widen_to_float32(const std::shared_ptr<ov::Model>& model);

}  // namespace posittune::model
