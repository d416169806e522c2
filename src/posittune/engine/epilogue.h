#pragma once

// What follows a convolution in the graph and is done together with it, while its sums are at hand.

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

// y = activation(sum + bias).
struct Epilogue {
  std::vector<float> bias;  // one for each output channel; empty: none
  Activation activation = Activation::kNone;
};

// On sums of one channel, in place. Swish is good to a few units in the last place for x > -87, and
// smaller than 1e-35 below.
void apply(const Epilogue& epilogue, std::size_t channel, std::span<float> sums);

// Takes the nodes that an Epilogue can stand for out of the graph: an Add of one constant for each
// channel, then Relu, Swish or x * Sigmoid(x). Each only where nobody else sees what it reads.
// Nothing where there are none. `node` is a convolution of the model that will be compiled; nodes
// behind it that the caller holds count as seeing.
std::optional<Epilogue> take_epilogue(const std::shared_ptr<ov::Node>& node);

}  // namespace posittune::engine
