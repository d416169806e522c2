#pragma once

// Tensors and types of OpenVINO and ours, converted.

#include <cstdint>
#include <openvino/core/node_output.hpp>
#include <openvino/runtime/tensor.hpp>
#include <string>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::model {

Result<ElementType> element_type(const ov::element::Type& type);
ov::element::Type ov_type(ElementType type);

// Elements of axes first .. last - 1 of a shape.
std::uint64_t product_of(const ov::Shape& shape, std::size_t first, std::size_t last);

// A port of a model: its name (any of several), type and shape. kUnsupported for unknown ranks and
// types that are no numbers.
Result<TensorInfo> tensor_info(const ov::Output<ov::Node>& port);

Result<Tensor> to_tensor(const ov::Tensor& tensor);  // a copy
ov::Tensor view(const Tensor& tensor);               // no copy: `tensor` must outlive it

}  // namespace posittune::model
