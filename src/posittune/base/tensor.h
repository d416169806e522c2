#pragma once

// A dense array with its type and shape: how rooms that know neither each other nor a library's own
// tensors hand data on.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posittune {

enum class ElementType : std::uint8_t { kF32, kF64, kF16, kI8, kI16, kI32, kI64, kU8, kBool };

std::size_t element_bytes(ElementType type);
std::string_view name(ElementType type);  // "float32", "int64", ...

// An allocator that default-initialises elements (no zero fill), for tensors that are filled right
// away.
template <class T>
struct UnclearedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UnclearedAllocator<U>;
  };
  void construct(T* at) noexcept { ::new (static_cast<void*>(at)) T; }
  template <class... Arguments>
  void construct(T* at, Arguments&&... arguments) {
    std::construct_at(at, std::forward<Arguments>(arguments)...);
  }
};
using Bytes = std::vector<std::byte, UnclearedAllocator<std::byte>>;

using TensorShape = std::vector<std::size_t>;
std::size_t element_count(const TensorShape& shape);  // 1 for a scalar
std::string to_string(const TensorShape& shape);      // "(2, 3)"

// An array, row-major and contiguous; bytes.size() == element_count(shape) * element_bytes(type).
struct Tensor {
  ElementType type = ElementType::kF32;
  TensorShape shape;
  Bytes bytes;

  static Tensor zeros(ElementType type, TensorShape shape);
  static Tensor uncleared(ElementType type, TensorShape shape);  // contents undefined

  std::size_t size() const { return element_count(shape); }
  // The elements; T must be the C++ type of `type`.
  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

// Tensors by the name of a model's input or output.
using Tensors = std::map<std::string, Tensor>;
std::map<std::string, TensorShape> shapes_of(const Tensors& tensors);  // key: name

// TensorInfo: the name, type and shape that a model declares for an input or output; -1 is a
// dimension that the model leaves open.
struct TensorInfo {
  std::string name;
  ElementType type = ElementType::kF32;
  std::vector<std::int64_t> dims;
};

}  // namespace posittune
