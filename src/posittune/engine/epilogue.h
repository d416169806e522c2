#pragma once

// Epilogues: nodes behind a convolution that are computed together with it, while its sums are in
// cache.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ov {
class Node;
}

namespace posittune::engine {

enum class Activation : std::uint8_t {
  kNone,
  kRelu,
  kSwish,  // x * sigmoid(x)
};

// An epilogue: y = activation(sum + bias).
struct Epilogue {
  std::vector<float> bias;  // one for each output channel; empty: none
  Activation activation = Activation::kNone;
};

// Applies it to sums of one channel, in place. Swish is accurate to a few units in the last place
// for x > -87; below, its magnitude is less than 1e-35.
void apply(const Epilogue& epilogue, std::size_t channel, std::span<float> sums);

// Takes out of the graph the nodes behind a convolution that an Epilogue can replace: an Add of one
// constant for each channel, then Relu, Swish or x * Sigmoid(x), each only where nothing else reads
// its input. None where there are none. `node` is a convolution of the model that will be compiled;
// nodes that the caller holds count as readers.
std::optional<Epilogue> take_epilogue(const std::shared_ptr<ov::Node>& node);

}  // namespace posittune::engine
