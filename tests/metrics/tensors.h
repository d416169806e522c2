#pragma once

// Small tensors for the tests of Scorer.

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "posittune/base/tensor.h"

namespace posittune::metrics {

inline Tensor floats(TensorShape shape, const std::vector<float>& values) {
  Tensor tensor = Tensor::zeros(ElementType::kF32, std::move(shape));
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return tensor;
}

inline Tensor int64s(TensorShape shape, const std::vector<std::int64_t>& values) {
  Tensor tensor = Tensor::zeros(ElementType::kI64, std::move(shape));
  std::copy(values.begin(), values.end(), tensor.as<std::int64_t>().begin());
  return tensor;
}

inline Tensors logits(TensorShape shape, const std::vector<float>& values) {
  return {{"logits", floats(std::move(shape), values)}};
}

}  // namespace posittune::metrics
