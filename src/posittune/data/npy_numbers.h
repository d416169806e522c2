#pragma once

// Numbers of npy arrays, of any type, byte order and order of axes, converted to those of a Tensor.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::data {

inline constexpr const char* kNpyNumbers = "float16/32/64, int8/16/32/64, uint8/16/32/64 or bool";

// A type of numbers in a file, and the type they get in a Tensor.
struct NumberType {
  std::size_t bytes;
  ElementType type;  // at least as wide
  bool swapped;
};

// The type of NumPy's descr, as ">f8"; none for what is no number.
std::optional<NumberType> number_type(const std::string& descr);

// Bytes of memory that the machine has.
std::uint64_t memory_bytes();

// Puts the first `rows` rows of an array whose first axis varies fastest into C order. kInterrupted
// after a signal.
Result<Bytes> to_c_order(std::span<const std::byte> raw, const TensorShape& stored,
                         std::size_t rows, std::size_t width);

// Converts elements from the file's byte order and width to the Tensor's. False: a uint64 above
// 2^63-1.
bool convert(Bytes raw, const NumberType& number, const std::string& descr, Bytes& out);

}  // namespace posittune::data
