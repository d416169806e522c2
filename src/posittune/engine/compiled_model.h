#pragma once

// A model with quantized nodes in the places of its chosen layers, compiled in segments.

#include <cstddef>
#include <functional>
#include <openvino/runtime/infer_request.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/engine/chosen_layers.h"
#include "posittune/engine/segments.h"

namespace posittune::engine {

// KeepCrossing is called in front of each segment; see Engine::Keep.
using KeepCrossing = std::function<Status(std::size_t segment, Tensors crossing)>;

// Finds the reason in a message of OpenVINO, which is a trace of checks: the last line that holds
// text.
std::string last_line(std::string text);

class CompiledModel {
 public:
  // `layers` outlives this.
  explicit CompiledModel(ChosenLayers& layers) : layers_(layers) {}

  // Makes the nodes of `layers` and compiles; the graph's own nodes, which hold the weights, are
  // freed. Throws what OpenVINO throws.
  Status compile(std::size_t segments);

  // Makes the nodes of `layers` without a model around them: nothing can run.
  Status leave_out();

  // Runs the model from segment `first` on, as Engine::run.
  Result<Tensors> run(std::size_t first, const Tensors& inputs, const Tensors& crossing,
                      const KeepCrossing& keep);
  const Segmentation& segmentation() const { return segmentation_; }
  std::size_t segment_count() const { return requests_.size(); }

 private:
  void find_ids_inputs();
  Result<std::shared_ptr<NodeState>> make_state(const model::Layer& layer);
  void free_graph();
  Status replace_layers(const std::shared_ptr<ov::Model>& copy);
  Result<Tensors> infer(std::size_t first, const Tensors& inputs, const Tensors& crossing,
                        const KeepCrossing& keep);
  Status check_inputs(const Tensors& inputs) const;
  template <typename T>
  Status check_range(std::span<const T> values, const std::string& input, bool ids) const;

  ChosenLayers& layers_;
  std::set<std::string> ids_inputs_;  // model inputs that are indices of an embedding
  Failure failure_;                   // failure of the last run
  Segmentation segmentation_;
  std::vector<ov::InferRequest> requests_;  // [segment]
};

}  // namespace posittune::engine
