#include "posittune/model/tensors.h"

#include <array>
#include <cstring>
#include <openvino/core/node.hpp>

namespace posittune::model {
namespace {

struct Pair {
  ElementType ours;
  ov::element::Type theirs;
};

const std::array<Pair, 9>& pairs() {
  static const std::array<Pair, 9> all = {{{ElementType::kF32, ov::element::f32},
                                           {ElementType::kF64, ov::element::f64},
                                           {ElementType::kF16, ov::element::f16},
                                           {ElementType::kI8, ov::element::i8},
                                           {ElementType::kI16, ov::element::i16},
                                           {ElementType::kI32, ov::element::i32},
                                           {ElementType::kI64, ov::element::i64},
                                           {ElementType::kU8, ov::element::u8},
                                           {ElementType::kBool, ov::element::boolean}}};
  return all;
}

}  // namespace

Result<ElementType> element_type(const ov::element::Type& type) {
  for (const Pair& pair : pairs()) {
    if (pair.theirs == type) return pair.ours;
  }
  return Error{.kind = ErrorKind::kUnsupported,
               .what = "a tensor of a type that is not supported",
               .expected = "a float, integer or bool type",
               .found = type.get_type_name()};
}

ov::element::Type ov_type(ElementType type) {
  for (const Pair& pair : pairs()) {
    if (pair.ours == type) return pair.theirs;
  }
  return ov::element::f32;
}

std::uint64_t product_of(const ov::Shape& shape, std::size_t first, std::size_t last) {
  std::uint64_t size = 1;
  for (std::size_t i = first; i < last; ++i) size *= shape[i];
  return size;
}

Result<TensorInfo> tensor_info(const ov::Output<ov::Node>& port) {
  TensorInfo info;
  info.name = port.get_names().empty() ? port.get_node()->get_friendly_name() : port.get_any_name();
  auto type = element_type(port.get_element_type());
  if (!type) {
    Error error = type.error();
    error.where = "'" + info.name + "'";
    return error;
  }
  info.type = *type;
  const ov::PartialShape& shape = port.get_partial_shape();
  if (shape.rank().is_dynamic()) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "an input or output of unknown rank",
                 .where = "'" + info.name + "'",
                 .hint = "export the model with shapes (dimensions may stay dynamic)"};
  }
  for (const auto& dim : shape) info.dims.push_back(dim.is_static() ? dim.get_length() : -1);
  return info;
}

Result<Tensor> to_tensor(const ov::Tensor& tensor) {
  auto type = element_type(tensor.get_element_type());
  if (!type) return type.error();
  Tensor copy = Tensor::uncleared(*type, TensorShape(tensor.get_shape()));
  if (!copy.bytes.empty()) std::memcpy(copy.bytes.data(), tensor.data(), copy.bytes.size());
  return copy;
}

ov::Tensor view(const Tensor& tensor) {
  // OpenVINO reads inputs only.
  return {ov_type(tensor.type), ov::Shape(tensor.shape),
          const_cast<std::byte*>(tensor.bytes.data())};
}

}  // namespace posittune::model
