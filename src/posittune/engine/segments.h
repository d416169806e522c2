#pragma once

// A graph cut where little crosses, so that what is behind a cut can run again on kept tensors.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace ov {
class Model;
}  // namespace ov

namespace posittune::engine {

// A part of the graph as a model of its own.
struct Segment {
  std::shared_ptr<ov::Model> model;
  // Of the ports of `model`, in their order: inputs of the whole model, or tensors that cross a
  // cut; of the last segment's outputs, the whole model's.
  std::vector<std::string> inputs, outputs;
};

// Between two neighbouring segments.
struct Cut {
  std::vector<std::string>
      tensors;              // that cross, by their producer's name, without the model's inputs
  std::uint64_t bytes = 0;  // of them, with 64 for each open dimension
};

struct Segmentation {
  std::vector<Segment> segments;
  std::vector<Cut> cuts;                      // one fewer; cuts[i] is in front of segments[i + 1]
  std::map<std::string, std::size_t> layers;  // segment of each quantized node, by the layer's name
};

// Takes `model` (with QuantizedNodes) apart into at most `most` segments; its nodes go over into
// them.
//
// Cuts lie between two quantized nodes, where the bytes that live are close to the least of that
// neighbourhood: a U-shaped network is wide at its ends, so there is no limit for the whole graph.
// A tensor of a type that Tensor does not have is not cut. Of more places than asked for, those are
// taken that spread the layers evenly. `inputs` and `outputs` name the ports of the model.
Segmentation cut_into_segments(const std::shared_ptr<ov::Model>& model, std::size_t most,
                               const std::vector<TensorInfo>& inputs,
                               const std::vector<TensorInfo>& outputs);

}  // namespace posittune::engine
