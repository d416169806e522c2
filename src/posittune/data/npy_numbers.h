#pragma once

// The numbers of npy arrays, of any type, byte order and order of axes, as those of a Tensor.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::data {

inline constexpr const char* kNpyNumbers = "float16/32/64, int8/16/32/64, uint8/16/32/64 or bool";

// How the numbers of a file become those of a Tensor.
struct NumberType {
  std::size_t bytes;
  ElementType type;  // as wide or wider
  bool swapped;
};

// The type of NumPy's descr, as ">f8"; none for what is no number.
std::optional<NumberType> number_type(const std::string& descr);

// Bytes of memory that the machine has.
std::uint64_t memory_bytes();

// The first `rows` rows of an array whose first axis varies fastest, in C order. kInterrupted after
// a signal.
Result<Bytes> to_c_order(std::span<const std::byte> raw, const TensorShape& stored,
                         std::size_t rows, std::size_t width);

// Elements in the file's order and width, as the Tensor's. False: a uint64 above 2^63-1.
bool convert(Bytes raw, const NumberType& number, const std::string& descr, Bytes& out);

}  // namespace posittune::data
