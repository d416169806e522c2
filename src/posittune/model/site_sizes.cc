#include <algorithm>
#include <openvino/op/if.hpp>
#include <openvino/op/util/sub_graph_base.hpp>

#include "posittune/model/products.h"
#include "posittune/model/sites.h"

namespace posittune::model {
namespace {

LayerSizes sizes_of(const Site& site) {
  LayerSizes sizes;
  sizes.known = has_known_shapes(*site.node);
  if (!sizes.known) return sizes;
  sizes.macs = macs_of(*site.node);
  sizes.outputs = ov::shape_size(site.node->get_output_shape(0));
  for (const std::size_t i : factors(*site.node)) {
    const bool constant = site.scope->constants.contains(site.node->get_input_node_ptr(i));
    (constant ? sizes.weights : sizes.inputs) += elements_read(*site.node, i);
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
    } else if (is_product(*site.node)) {
      all.emplace(site.name, sizes_of(site));
    }
  }
  return all;
}

}  // namespace

std::map<std::string, LayerSizes> sizes_of_sites(const ov::Model& model) {
  return count(find_sites(model));
}

}  // namespace posittune::model
