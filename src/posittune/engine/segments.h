#pragma once

// Segments: a graph is cut where few bytes cross, so that the part behind a cut can run again on
// kept tensors.

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

// A segment, a part of the graph as a model of its own.
struct Segment {
  std::shared_ptr<ov::Model> model;
  // Names of the ports of `model`, in their order: inputs and outputs of the whole model, or
  // tensors that cross a cut.
  std::vector<std::string> inputs, outputs;
};

// A cut between two neighbouring segments.
struct Cut {
  std::vector<std::string> tensors;  // producers' names; inputs of the model are not listed
  std::uint64_t bytes = 0;           // their size, with 64 for each open dimension
};

struct Segmentation {
  std::vector<Segment> segments;
  std::vector<Cut> cuts;                      // one fewer; cuts[i] is in front of segments[i + 1]
  std::map<std::string, std::size_t> layers;  // segment of each quantized node, by the layer's name
};

// Cuts `model` (with QuantizedNodes) into at most `most` segments, which take over its nodes.
//
// Cuts lie between two quantized nodes, where the bytes of live tensors are close to the local
// minimum: a U-shaped network is wide at its ends, so there is no limit for the whole graph.
// Tensors of types that Tensor does not have are not cut. If there are more places than asked for,
// those are taken that spread the layers evenly. `inputs` and `outputs` name the ports of the
// model.
Segmentation cut_into_segments(const std::shared_ptr<ov::Model>& model, std::size_t most,
                               const std::vector<TensorInfo>& inputs,
                               const std::vector<TensorInfo>& outputs);

}  // namespace posittune::engine
