#include "posittune/base/tensor.h"

#include <array>
#include <utility>

namespace posittune {
namespace {

struct TypeFacts {
  std::size_t bytes;
  std::string_view name;
};

constexpr std::array<TypeFacts, 9> kTypes = {{{4, "float32"},
                                              {8, "float64"},
                                              {2, "float16"},
                                              {1, "int8"},
                                              {2, "int16"},
                                              {4, "int32"},
                                              {8, "int64"},
                                              {1, "uint8"},
                                              {1, "bool"}}};

}  // namespace

std::size_t element_bytes(ElementType type) { return kTypes[static_cast<std::size_t>(type)].bytes; }

std::string_view name(ElementType type) { return kTypes[static_cast<std::size_t>(type)].name; }

std::size_t element_count(const TensorShape& shape) {
  std::size_t count = 1;
  for (const std::size_t dim : shape) count *= dim;
  return count;
}

std::string to_string(const TensorShape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

Tensor Tensor::zeros(ElementType type, TensorShape shape) {
  Tensor tensor{type, std::move(shape), {}};
  tensor.bytes.assign(tensor.size() * element_bytes(type), std::byte{0});
  return tensor;
}

Tensor Tensor::uncleared(ElementType type, TensorShape shape) {
  Tensor tensor{type, std::move(shape), {}};
  tensor.bytes.resize(tensor.size() * element_bytes(type));
  return tensor;
}

std::map<std::string, TensorShape> shapes_of(const Tensors& tensors) {
  std::map<std::string, TensorShape> shapes;
  for (const auto& [name, tensor] : tensors) shapes[name] = tensor.shape;
  return shapes;
}

}  // namespace posittune
