#pragma once

// Constants: inputs that belong to a run, not to its items, such as a sampling rate or VITS' scales
// of shape (3,).

#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::data {

// ConstantTexts: a text for each input that is a constant, by the input's name: a number, numbers
// with commas between them, or the path of an .npy file.
using ConstantTexts = std::map<std::string, std::string>;

// Reads constants as tensors of the inputs' types and shapes. Numbers get the shape of the input
// where their count fits it: one number for rank 0, n numbers for one axis that is open or n long;
// floats are rounded to the nearest. kUsage: a name that is no input, text that is no number, a
// count that does not fit. kInput: a file whose array does not fit, a value that is not finite or
// that the input's integer type does not hold.
Result<Tensors> read_constants(const ConstantTexts& texts, const std::vector<TensorInfo>& inputs);

// Text of the constants for keys of results, a line for each: "scales float32 (3,) SHA-256".
std::string constants_text(const Tensors& constants);

}  // namespace posittune::data
