#include "posittune/data/npy_numbers.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "posittune/base/interrupt.h"

namespace posittune::data {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;  // elements between looks for interrupts

}  // namespace

std::optional<NumberType> number_type(const std::string& descr) {
  struct Known {
    std::string_view code;
    std::size_t bytes;
    ElementType type;
  };
  static constexpr Known kKnown[] = {
      {"f4", 4, ElementType::kF32}, {"f8", 8, ElementType::kF64}, {"f2", 2, ElementType::kF16},
      {"i1", 1, ElementType::kI8},  {"i2", 2, ElementType::kI16}, {"i4", 4, ElementType::kI32},
      {"i8", 8, ElementType::kI64}, {"u1", 1, ElementType::kU8},  {"u2", 2, ElementType::kI32},
      {"u4", 4, ElementType::kI64}, {"u8", 8, ElementType::kI64}, {"b1", 1, ElementType::kBool},
  };
  if (descr.size() != 3 || std::strchr("<>|=", descr[0]) == nullptr) return {};
  for (const Known& known : kKnown) {
    if (known.code == std::string_view(descr).substr(1)) {
      return NumberType{known.bytes, known.type, descr[0] == '>' && known.bytes > 1};
    }
  }
  return {};
}

std::uint64_t memory_bytes() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page > 0
             ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
             : UINT64_MAX;
}

Result<Bytes> to_c_order(std::span<const std::byte> raw, const TensorShape& stored,
                         std::size_t rows, std::size_t width) {
  const std::size_t rank = stored.size();
  TensorShape shape = stored, steps(rank, 1), at(rank, 0);
  shape.front() = rows;
  for (std::size_t axis = 1; axis < rank; ++axis) steps[axis] = steps[axis - 1] * stored[axis - 1];
  const std::size_t count = element_count(shape);
  Bytes out(count * width);
  std::size_t from = 0;
  for (std::size_t to = 0; to < count; ++to) {
    if (to % kPiece == 0) {
      if (Status going = check_interrupt(); !going) return going.error();
    }
    std::memcpy(&out[to * width], &raw[from * width], width);
    for (std::size_t axis = rank; axis-- > 0;) {
      from += steps[axis];
      if (++at[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  return out;
}

bool convert(Bytes raw, const NumberType& number, const std::string& descr, Bytes& out) {
  const std::size_t width = number.bytes, count = raw.size() / width;
  if (number.swapped) {
    for (std::size_t i = 0; i < count; ++i) std::reverse(&raw[i * width], &raw[i * width] + width);
  }
  if (number.type == ElementType::kBool) {
    for (std::byte& b : raw) b = std::byte{b != std::byte{0}};
  }
  if (descr.ends_with("u8")) {
    for (std::size_t i = 0; i < count; ++i) {
      if ((raw[i * 8 + 7] & std::byte{0x80}) != std::byte{0}) return false;
    }
  }
  const std::size_t wide = element_bytes(number.type);
  if (wide == width) {
    out = std::move(raw);
    return true;
  }
  // Little-endian: a wider unsigned number has zeros behind.
  out.assign(count * wide, std::byte{0});
  for (std::size_t i = 0; i < count; ++i) std::memcpy(&out[i * wide], &raw[i * width], width);
  return true;
}

}  // namespace posittune::data
