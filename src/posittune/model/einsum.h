#pragma once

#include <cstdint>
#include <openvino/op/einsum.hpp>

namespace posittune::model {

// Multiply-accumulates of an Einsum whose shapes are known. Operands are multiplied from left to
// right; a label goes when neither the output nor a later operand has it.
std::uint64_t macs_of_einsum(const ov::op::v7::Einsum& node);

}  // namespace posittune::model
