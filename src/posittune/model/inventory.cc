#include "posittune/model/inventory.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <openvino/op/constant.hpp>
#include <openvino/op/if.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/util/sub_graph_base.hpp>
#include <set>
#include <utility>

#include "posittune/model/products.h"
#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

using ov::op::util::MultiSubGraphOp;

// Parameters of body `index` that stand for a constant of the graph around it.
std::shared_ptr<Scope> scope_of_body(const MultiSubGraphOp& node, int index,
                                     const std::shared_ptr<const Scope>& outer) {
  auto scope = std::make_shared<Scope>();
  scope->outer = outer;
  const auto& body = node.get_function(static_cast<std::size_t>(index));
  std::set<const ov::Node*> fixed;
  for (const auto& input : node.get_input_descriptions(index)) {
    if (ov::as_type_ptr<MultiSubGraphOp::InvariantInputDescription>(input) == nullptr) continue;
    const ov::Output<ov::Node> value = node.input_value(input->m_input_index);
    if (!outer->constants.contains(value.get_node())) continue;
    const ov::Node* parameter = body->get_parameters()[input->m_body_parameter_index].get();
    fixed.insert(parameter);
    scope->bound.emplace(parameter, value);
  }
  scope->constants = constant_nodes(*body, fixed);
  return scope;
}

class SiteFinder {
 public:
  std::vector<Site> find(const ov::Model& model, const std::shared_ptr<const Scope>& scope,
                         const std::string& prefix) {
    std::vector<Site> sites;
    for (const auto& node : model.get_ordered_ops()) {
      if (scope->constants.contains(node.get())) continue;
      const auto* parent = dynamic_cast<const MultiSubGraphOp*>(node.get());
      if (parent == nullptr && !is_product(*node)) continue;
      Site site{.node = node, .name = prefix + node_name(*node), .scope = scope, .bodies = {}};
      const int used = ++names_[site.name];
      if (used > 1) site.name += "#" + std::to_string(used);
      for (int b = 0;
           parent != nullptr && b < static_cast<int>(parent->get_internal_subgraphs_size()); ++b) {
        site.bodies.push_back(find(*parent->get_function(static_cast<std::size_t>(b)),
                                   scope_of_body(*parent, b, scope), site.name + "/"));
      }
      sites.push_back(std::move(site));
    }
    return sites;
  }

 private:
  std::map<std::string, int> names_;
};

using Constant = ov::op::v0::Constant;

// The constants that a value is computed from, in the scopes around it, too.
void collect_constants(const ov::Output<ov::Node>& value, const Scope& scope,
                       std::set<const ov::Node*>& seen, std::vector<const Constant*>& found) {
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

// What a product multiplies by. The largest of the constants that make one factor is its tensor:
// the others are scales and zero points.
void describe_constants(const Site& site, Product& product,
                        std::vector<const Constant*>& multiplied) {
  for (const std::size_t i : factors(*site.node)) {
    const ov::Output<ov::Node> factor = site.node->input_value(i);
    if (!site.scope->constants.contains(factor.get_node())) continue;
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
      if (is_product(*site.node) && !layers_.contains(site.node.get())) add_product(site, inside);
    }
  }

  void add_product(const Site& site, const std::string& inside) {
    Product product{.name = site.name,
                    .type = site.node->get_type_name(),
                    .reason = verdict_on(*site.node, site.scope->constants).reason};
    if (!inside.empty())
      product.reason = inside + (product.reason.empty() ? "" : ", " + product.reason);
    describe_constants(site, product, multiplied_);
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

std::uint64_t elements(const ov::PartialShape& shape) {
  return shape.is_static() ? ov::shape_size(shape.to_shape()) : 0;
}

LayerSizes sizes_of(const Site& site) {
  LayerSizes sizes;
  sizes.known = has_known_shapes(*site.node);
  if (!sizes.known) return sizes;
  sizes.macs = macs_of(*site.node);
  sizes.outputs = ov::shape_size(site.node->get_output_shape(0));
  for (const std::size_t i : factors(*site.node)) {
    const bool constant = site.scope->constants.contains(site.node->get_input_node_ptr(i));
    (constant ? sizes.weights : sizes.inputs) += elements(site.node->get_input_partial_shape(i));
  }
  sizes.inputs += states_of(*site.node);
  return sizes;
}

using Sizes = std::map<std::string, LayerSizes>;

Sizes count(const std::vector<Site>& sites);

// The branch that multiplies most, as if it were taken each time.
void count_branches(const Site& site, Sizes& all) {
  std::vector<Sizes> branches;
  std::vector<std::uint64_t> macs;
  for (const auto& body : site.bodies) {
    branches.push_back(count(body));
    std::uint64_t sum = 0;
    for (const auto& [name, sizes] : branches.back()) sum += sizes.macs;
    macs.push_back(sum);
  }
  const auto taken = std::max_element(macs.begin(), macs.end()) - macs.begin();
  for (std::size_t b = 0; b < branches.size(); ++b) {
    for (auto& [name, sizes] : branches[b]) {
      if (static_cast<std::ptrdiff_t>(b) != taken)
        sizes = {.known = sizes.known, .note = "the other branch counts"};
      all.emplace(name, sizes);
    }
  }
}

void count_iterations(const Site& site, Sizes& all) {
  const auto* loop = dynamic_cast<const ov::op::util::SubGraphOp*>(site.node.get());
  const std::int64_t iterations = loop != nullptr ? loop->get_num_iterations() : -1;
  for (const auto& body : site.bodies) {
    for (auto [name, sizes] : count(body)) {
      const auto times =
          static_cast<std::uint64_t>(std::max<std::int64_t>(iterations, iterations < 0 ? 1 : 0));
      sizes.macs *= times;
      sizes.inputs *= times;
      sizes.outputs *= times;
      if (iterations < 0) sizes.note = "one iteration counts: their number is not known";
      all.emplace(name, sizes);
    }
  }
}

Sizes count(const std::vector<Site>& sites) {
  Sizes all;
  for (const Site& site : sites) {
    if (ov::is_type<ov::op::v8::If>(site.node)) {
      count_branches(site, all);
    } else if (!site.bodies.empty()) {
      count_iterations(site, all);
    } else {
      all.emplace(site.name, sizes_of(site));
    }
  }
  return all;
}

}  // namespace

std::vector<Site> find_sites(const ov::Model& model) {
  auto scope = std::make_shared<Scope>();
  scope->constants = constant_nodes(model);
  return SiteFinder().find(model, scope, "");
}

void take_inventory(Graph& graph) { Inventory(graph).take(); }

std::map<std::string, LayerSizes> sizes_of_sites(const ov::Model& model) {
  return count(find_sites(model));
}

}  // namespace posittune::model
