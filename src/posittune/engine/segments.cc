#include "posittune/engine/segments.h"

#include <algorithm>
#include <limits>
#include <openvino/core/model.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "posittune/engine/quantized_node.h"
#include "posittune/model/tensors.h"

namespace posittune::engine {
namespace {

using NodePtr = std::shared_ptr<ov::Node>;

constexpr std::uint64_t kOpenDimension = 64;
constexpr double kNarrow = 1.3;         // times the least bytes of the neighbourhood
constexpr std::size_t kNeighbours = 6;  // gaps between layers, to each side
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

std::uint64_t bytes_of(const ov::Output<ov::Node>& output) {
  if (!model::element_type(output.get_element_type()) ||
      output.get_partial_shape().rank().is_dynamic())
    return kNever;
  std::uint64_t bytes = output.get_element_type().size();
  for (const ov::Dimension& d : output.get_partial_shape()) {
    bytes *= d.is_static() ? static_cast<std::uint64_t>(d.get_length()) : kOpenDimension;
  }
  return bytes;
}

// The nodes that compute something from inputs, each as early as it can be: in the order of how
// many quantized nodes are on the longest way to it. (OpenVINO's own order may ask for a tensor's
// shape at the very end, and so keep it alive to there.) What depends on constants alone belongs to
// whoever uses it.
class Order {
 public:
  explicit Order(const std::shared_ptr<ov::Model>& model) {
    std::unordered_set<const ov::Node*> fixed;
    std::unordered_map<const ov::Node*, std::size_t> level;
    for (const NodePtr& node : model->get_ordered_ops()) {
      if (ov::is_type<ov::op::v0::Parameter>(node) || ov::is_type<ov::op::v0::Result>(node))
        continue;
      const auto inputs = node->input_values();
      const bool of_constants = std::all_of(inputs.begin(), inputs.end(), [&](const auto& input) {
        return fixed.contains(input.get_node());
      });
      if (ov::is_type<ov::op::v0::Constant>(node) || (of_constants && !inputs.empty())) {
        fixed.insert(node.get());
        continue;
      }
      std::size_t& own = level[node.get()];
      for (const auto& input : inputs) own = std::max(own, level[input.get_node()]);
      own += ov::is_type<QuantizedNode>(node) ? 1 : 0;
      nodes_.push_back(node);
    }
    std::stable_sort(nodes_.begin(), nodes_.end(), [&](const NodePtr& a, const NodePtr& b) {
      return level[a.get()] < level[b.get()];
    });
    for (std::size_t i = 0; i < nodes_.size(); ++i) place_[nodes_[i].get()] = i;
    for (const auto& result : model->get_results()) place_[result.get()] = nodes_.size();
  }
  std::size_t size() const { return nodes_.size(); }
  const NodePtr& operator[](std::size_t i) const { return nodes_[i]; }

  // Who reads an output, by place; size() for the model's results. Nodes that were replaced but are
  // still held by someone read too, and are left out.
  std::multimap<std::size_t, ov::Input<ov::Node>> readers(
      const ov::Output<ov::Node>& output) const {
    std::multimap<std::size_t, ov::Input<ov::Node>> readers;
    for (const auto& reader : output.get_target_inputs()) {
      const auto found = place_.find(reader.get_node());
      if (found != place_.end()) readers.emplace(found->second, reader);
    }
    return readers;
  }

 private:
  std::vector<NodePtr> nodes_;
  std::unordered_map<const ov::Node*, std::size_t> place_;
};

// Bytes that cross a cut behind each node.
std::vector<std::uint64_t> live_bytes(const Order& order) {
  std::vector<std::uint64_t> live(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const auto& output : order[i]->outputs()) {
      const std::uint64_t bytes = bytes_of(output);
      const auto readers = order.readers(output);
      const std::size_t last = readers.empty() ? i : readers.rbegin()->first;
      for (std::size_t p = i; p < std::min(last, order.size()); ++p) {
        live[p] = bytes == kNever || live[p] == kNever ? kNever : live[p] + bytes;
      }
    }
  }
  return live;
}

struct Gap {
  std::size_t place = 0;   // the narrowest between two quantized nodes; of equal ones the last
  std::size_t layers = 0;  // quantized nodes in front of it
  std::uint64_t bytes = kNever;
};

std::vector<Gap> narrow_gaps(const Order& order) {
  const std::vector<std::uint64_t> live = live_bytes(order);
  std::vector<Gap> gaps;
  std::size_t layers = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (ov::is_type<QuantizedNode>(order[i])) {
      ++layers;
      gaps.push_back({.layers = layers});
    }
    if (!gaps.empty() && live[i] <= gaps.back().bytes) {
      gaps.back().place = i;
      gaps.back().bytes = live[i];
    }
  }
  if (!gaps.empty()) gaps.pop_back();  // behind the last layer
  std::vector<Gap> narrow;
  for (std::size_t g = 0; g < gaps.size(); ++g) {
    std::uint64_t least = kNever;
    for (std::size_t h = g - std::min(g, kNeighbours);
         h < std::min(gaps.size(), g + kNeighbours + 1); ++h) {
      least = std::min(least, gaps[h].bytes);
    }
    const bool good = gaps[g].bytes != kNever && gaps[g].bytes > 0;
    if (good && static_cast<double>(gaps[g].bytes) <= kNarrow * static_cast<double>(least))
      narrow.push_back(gaps[g]);
  }
  return narrow;
}

// Chooses among the gaps those nearest to an even division of the layers.
std::vector<std::size_t> choose_places(const std::vector<Gap>& gaps, std::size_t most,
                                       std::size_t layers) {
  std::set<std::size_t> places;
  for (std::size_t k = 1; k < most && !gaps.empty(); ++k) {
    const auto ideal =
        static_cast<double>(k) * static_cast<double>(layers) / static_cast<double>(most);
    const auto distance = [&](const Gap& gap) {
      return std::abs(static_cast<double>(gap.layers) - ideal);
    };
    const auto nearest =
        std::min_element(gaps.begin(), gaps.end(),
                         [&](const Gap& a, const Gap& b) { return distance(a) < distance(b); });
    places.insert(nearest->place);
  }
  return {places.begin(), places.end()};
}

// Unique names of tensors.
class Names {
 public:
  explicit Names(const std::vector<TensorInfo>& taken) {
    for (const TensorInfo& info : taken) used_.insert(info.name);
  }
  const std::string& of(const ov::Output<ov::Node>& output) {
    const auto [at, added] = names_.try_emplace({output.get_node(), output.get_index()});
    if (!added) return at->second;
    std::string name = output.get_node()->get_friendly_name();
    if (output.get_index() > 0) name += ":" + std::to_string(output.get_index());
    for (const std::string base = name; !used_.insert(name).second;)
      name = base + "#" + std::to_string(used_.size());
    return at->second = name;
  }

 private:
  std::map<std::pair<const ov::Node*, std::size_t>, std::string> names_;
  std::set<std::string> used_;
};

// Takes a model apart behind the given places.
class Cutter {
 public:
  Cutter(const std::shared_ptr<ov::Model>& model, const Order& order,
         std::vector<std::size_t> places, const std::vector<TensorInfo>& inputs,
         const std::vector<TensorInfo>& outputs)
      : order_(order),
        places_(std::move(places)),
        names_(inputs),
        model_results_(model->get_results()) {
    const auto& parameters = model->get_parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i)
      input_names_[parameters[i].get()] = inputs[i].name;
    for (const TensorInfo& output : outputs) output_names_.push_back(output.name);
  }

  Segmentation cut() {
    const std::size_t count = places_.size() + 1;
    result_.segments.resize(count);
    result_.cuts.resize(count - 1);
    parameters_.resize(count);
    results_.resize(count);
    add_inputs();
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (const auto* node = ov::as_type<QuantizedNode>(order_[i].get()))
        result_.layers[node->layer()] = segment(i);
      for (const auto& output : order_[i]->outputs()) cross(output, segment(i));
    }
    for (const auto& result : model_results_) results_.back().push_back(result);
    result_.segments.back().outputs = output_names_;
    for (std::size_t s = 0; s < count; ++s) {
      result_.segments[s].model = std::make_shared<ov::Model>(results_[s], parameters_[s]);
    }
    return std::move(result_);
  }

 private:
  // The last segment has the results of the model.
  std::size_t segment(std::size_t place) const {
    return static_cast<std::size_t>(std::lower_bound(places_.begin(), places_.end(), place) -
                                    places_.begin());
  }

  void add_inputs() {
    for (const auto& [parameter, name] : input_names_) {
      const ov::Output<ov::Node> output = const_cast<ov::Node*>(parameter)->output(0);
      for (const auto& [s, readers] : readers_by_segment(output))
        add_parameter(output, name, s, readers);
    }
  }

  std::map<std::size_t, std::vector<ov::Input<ov::Node>>> readers_by_segment(
      const ov::Output<ov::Node>& output) const {
    std::map<std::size_t, std::vector<ov::Input<ov::Node>>> readers;
    for (const auto& [place, reader] : order_.readers(output))
      readers[segment(place)].push_back(reader);
    return readers;
  }

  void add_parameter(const ov::Output<ov::Node>& source, const std::string& name, std::size_t s,
                     std::vector<ov::Input<ov::Node>> readers) {
    const auto parameter = std::make_shared<ov::op::v0::Parameter>(source.get_element_type(),
                                                                   source.get_partial_shape());
    parameter->set_friendly_name(name);
    for (auto& reader : readers) reader.replace_source_output(parameter->output(0));
    parameters_[s].push_back(parameter);
    result_.segments[s].inputs.push_back(name);
  }

  void cross(const ov::Output<ov::Node>& output, std::size_t from) {
    auto readers = readers_by_segment(output);
    readers.erase(from);
    if (readers.empty()) return;
    const std::string name = names_.of(output);
    const std::size_t last = readers.rbegin()->first;
    for (std::size_t c = from; c < last; ++c) {
      result_.cuts[c].tensors.push_back(name);
      result_.cuts[c].bytes += bytes_of(output);
    }
    for (auto& [s, inputs] : readers) add_parameter(output, name, s, inputs);
    const auto result = std::make_shared<ov::op::v0::Result>(output);
    results_[from].push_back(result);
    result_.segments[from].outputs.push_back(name);
  }

  const Order& order_;
  std::vector<std::size_t> places_;
  Names names_;
  ov::ResultVector model_results_;
  std::map<const ov::Node*, std::string> input_names_;
  std::vector<std::string> output_names_;
  std::vector<ov::ParameterVector> parameters_;
  std::vector<ov::ResultVector> results_;
  Segmentation result_;
};

}  // namespace

Segmentation cut_into_segments(const std::shared_ptr<ov::Model>& model, std::size_t most,
                               const std::vector<TensorInfo>& inputs,
                               const std::vector<TensorInfo>& outputs) {
  const Order order(model);
  std::size_t layers = 0;
  for (std::size_t i = 0; i < order.size(); ++i)
    layers += ov::is_type<QuantizedNode>(order[i]) ? 1 : 0;
  return Cutter(model, order, choose_places(narrow_gaps(order), most, layers), inputs, outputs)
      .cut();
}

}  // namespace posittune::engine
