#include "posittune/model/inventory.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <openvino/op/constant.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/util/multi_subgraph_base.hpp>
#include <set>
#include <utility>

#include "posittune/model/elementwise.h"
#include "posittune/model/products.h"
#include "posittune/model/sites.h"
#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

using ov::op::util::MultiSubGraphOp;
using Constant = ov::op::v0::Constant;
using Value = ov::Output<ov::Node>;

// The constants that a value is computed from, in the scopes around it, too.
void collect_constants(const Value& value, const Scope& scope, std::set<const ov::Node*>& seen,
                       std::vector<const Constant*>& found) {
  std::vector<std::pair<const ov::Node*, const Scope*>> open = {{value.get_node(), &scope}};
  while (!open.empty()) {
    const auto [node, in] = open.back();
    open.pop_back();
    if (!seen.insert(node).second) continue;
    if (const auto* constant = ov::as_type<const Constant>(node)) found.push_back(constant);
    if (const auto bound = in->bound.find(node); bound != in->bound.end())
      open.emplace_back(bound->second.get_node(), in->outer.get());
    for (const auto& input : node->input_values()) open.emplace_back(input.get_node(), in);
  }
}

std::uint64_t bytes_of(const Constant& constant) {
  return constant.get_element_type().is_real() ? 4 * ov::shape_size(constant.get_shape())
                                               : constant.get_byte_size();
}

std::vector<Value> constant_factors(const Site& site) {
  std::vector<Value> found;
  for (const std::size_t i : factors(*site.node)) {
    if (site.scope->constants.contains(site.node->get_input_node_ptr(i)))
      found.push_back(site.node->input_value(i));
  }
  return found;
}

// What a product multiplies by. The largest of the constants that make one factor is its tensor:
// the others are scales and zero points.
void describe_constants(const Site& site, const std::vector<Value>& constant_factors,
                        Product& product, std::vector<const Constant*>& multiplied) {
  for (const Value& factor : constant_factors) {
    std::set<const ov::Node*> seen;
    std::vector<const Constant*> made_of;
    collect_constants(factor, *site.scope, seen, made_of);
    multiplied.insert(multiplied.end(), made_of.begin(), made_of.end());
    const auto largest =
        std::max_element(made_of.begin(), made_of.end(), [](const Constant* a, const Constant* b) {
          return ov::shape_size(a->get_shape()) < ov::shape_size(b->get_shape());
        });
    if (largest == made_of.end()) continue;
    product.constants.push_back((*largest)->get_friendly_name());
    product.elements += ov::shape_size((*largest)->get_shape());
    product.bytes += bytes_of(**largest);
  }
}

// Which tensors have been counted: a graph and its bodies hold copies of what a file stores once.
class Tally {
 public:
  bool add(const Constant& constant) {
    auto& same_name = by_name_[constant.get_friendly_name()];
    for (const Constant* known : same_name) {
      if (known == &constant || equal(*known, constant)) return false;
    }
    same_name.push_back(&constant);
    return true;
  }

 private:
  static bool equal(const Constant& a, const Constant& b) {
    return a.get_element_type() == b.get_element_type() && a.get_shape() == b.get_shape() &&
           (a.get_byte_size() == 0 ||
            std::memcmp(a.get_data_ptr(), b.get_data_ptr(), a.get_byte_size()) == 0);
  }
  std::map<std::string, std::vector<const Constant*>> by_name_;
};

class Inventory {
 public:
  explicit Inventory(Graph& graph) : graph_(graph) {
    for (const Layer& layer : graph.layers) {
      if (layer.weight) weight_ports_.emplace(layer.node.get(), weight_input(layer));
      layers_.insert(layer.node.get());
    }
    for (const Weight& weight : graph.weights) {
      const Layer& first = graph.layers[weight.layers.front()];
      const auto source = weight_source(first.node->input_value(weight_input(first)));
      if (const auto* constant = ov::as_type<const Constant>(source.get_node()))
        tally_.add(*constant);
    }
  }

  void take() {
    const std::vector<Site> sites = find_sites(*graph_.ov_model);
    add_products(sites, "");
    const auto constants = constant_nodes(*graph_.ov_model);
    count(*graph_.ov_model, constants);
    for (const Constant* constant : multiplied_) {
      if (!constant->get_element_type().is_real() && tally_.add(*constant))
        graph_.other_bytes += bytes_of(*constant);
    }
  }

 private:
  void add_products(const std::vector<Site>& sites, const std::string& inside) {
    for (const Site& site : sites) {
      const std::string within =
          "in the body of '" + site.name + "' (" + site.node->get_type_name() + ")";
      for (const auto& body : site.bodies) add_products(body, within);
      if (is_product(*site.node)) {
        if (!layers_.contains(site.node.get())) add_product(site, inside);
      } else if (site.bodies.empty()) {
        add_elementwise(site, inside);
      }
    }
  }

  void add_elementwise(const Site& site, const std::string& inside) {
    Product product{.name = site.name, .type = site.node->get_type_name(), .reason = inside};
    describe_constants(site, elementwise_factors(*site.node, site.scope->constants), product,
                       multiplied_);
    graph_.elementwise.push_back(std::move(product));
  }

  void add_product(const Site& site, const std::string& inside) {
    Product product{.name = site.name,
                    .type = site.node->get_type_name(),
                    .reason = verdict_on(*site.node, site.scope->constants).reason};
    if (!inside.empty())
      product.reason = inside + (product.reason.empty() ? "" : ", " + product.reason);
    describe_constants(site, constant_factors(site), product, multiplied_);
    product.integers = site.node->get_output_element_type(0).is_integral();
    const auto inputs = factors(*site.node);
    product.of_8_bits = std::all_of(inputs.begin(), inputs.end(), [&](std::size_t i) {
      return comes_from_8_bits(site.node->input_value(i));
    });
    graph_.products.push_back(std::move(product));
  }

  // Constants that nodes computed from inputs read, themselves or through constant nodes; what only
  // makes the weight of a layer (weight norm, the scales of stored codes) is folded into that
  // weight.
  std::set<const ov::Node*> read_beside_weights(const ov::Model& model,
                                                const std::set<const ov::Node*>& constants) const {
    std::set<const ov::Node*> read;
    std::vector<const ov::Node*> open;
    for (const auto& node : model.get_ordered_ops()) {
      if (constants.contains(node.get()) && !ov::is_type<ov::op::v0::Result>(node)) continue;
      for (std::size_t i = 0; i < node->get_input_size(); ++i) {
        const ov::Node* source = node->get_input_node_ptr(i);
        if (constants.contains(source) && !weight_ports_.contains({node.get(), i}))
          open.push_back(source);
      }
    }
    while (!open.empty()) {
      const ov::Node* node = open.back();
      open.pop_back();
      if (!read.insert(node).second) continue;
      for (std::size_t i = 0; i < node->get_input_size(); ++i)
        open.push_back(node->get_input_node_ptr(i));
    }
    return read;
  }

  void count(const ov::Model& model, const std::set<const ov::Node*>& constants) {
    const std::set<const ov::Node*> read = read_beside_weights(model, constants);
    for (const auto& node : model.get_ordered_ops()) {
      if (const auto* parent = dynamic_cast<const MultiSubGraphOp*>(node.get())) {
        if (constants.contains(node.get()) && !read.contains(node.get())) continue;
        for (const auto& body : parent->get_functions()) count(*body, constant_nodes(*body));
      }
      const auto* constant = ov::as_type<const Constant>(node.get());
      if (constant == nullptr || !read.contains(node.get()) ||
          !constant->get_element_type().is_real())
        continue;
      if (!tally_.add(*constant)) continue;
      graph_.other_parameters += ov::shape_size(constant->get_shape());
      graph_.other_bytes += bytes_of(*constant);
      note_what_is_not_finite(*constant);
    }
  }

  // Infinities are numbers that masks and padding use, -inf nearly always so; NaN is seldom meant.
  void note_what_is_not_finite(const Constant& constant) {
    const std::vector<float> values = constant.cast_vector<float>();
    const auto bad = std::find_if(values.begin(), values.end(), [](float x) {
      return std::isnan(x) || (std::isinf(x) && x > 0);
    });
    if (bad == values.end()) return;
    graph_.notes.push_back("tensor '" + constant.get_friendly_name() + "' holds " +
                           (std::isnan(*bad) ? "a NaN" : "+inf") + " (element " +
                           std::to_string(bad - values.begin()) + "): outputs may not be finite");
  }

  Graph& graph_;
  std::set<const ov::Node*> layers_;
  std::set<std::pair<const ov::Node*, std::size_t>> weight_ports_;
  std::vector<const Constant*> multiplied_;
  Tally tally_;
};

}  // namespace

void take_inventory(Graph& graph) { Inventory(graph).take(); }

}  // namespace posittune::model
