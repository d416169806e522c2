#include "posittune/model/sites.h"

#include <openvino/op/parameter.hpp>
#include <openvino/op/util/sub_graph_base.hpp>
#include <utility>

#include "posittune/model/elementwise.h"
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
      if (parent == nullptr && !is_product(*node) &&
          elementwise_factors(*node, scope->constants).empty())
        continue;
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

}  // namespace

std::vector<Site> find_sites(const ov::Model& model) {
  auto scope = std::make_shared<Scope>();
  scope->constants = constant_nodes(model);
  return SiteFinder().find(model, scope, "");
}

}  // namespace posittune::model
