#pragma once

// Constants: inputs that belong to a run, not to its items, such as a sampling rate or VITS' scales
// of shape (3,).

#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::data {

// Texts by the input's name: a number, numbers with commas between them, or the path of an .npy
// file.
using ConstantTexts = std::map<std::string, std::string>;

// Reads them as tensors of the inputs' types and shapes. Numbers have the shape of the input where
// their count fits it: one number for rank 0, n for an open or equal axis; floats are rounded to
// the nearest. kUsage: a name that is no input, text that is no number, a count that does not fit.
// kInput: a file whose array does not fit, a value that is not finite or not exact in the input's
// integers.
Result<Tensors> read_constants(const ConstantTexts& texts, const std::vector<TensorInfo>& inputs);

// The constants as results depend on them, a line for each: "scales float32 (3,) SHA-256".
std::string constants_text(const Tensors& constants);

}  // namespace posittune::data
