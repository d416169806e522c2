#pragma once

// Sites: the nodes that multiply, in the graph itself and in the bodies of If, Loop and Scan
// (TensorIterator).

#include <map>
#include <memory>
#include <openvino/core/model.hpp>
#include <set>
#include <string>
#include <vector>

#include "posittune/model/graph.h"

namespace posittune::model {

// The scope of a graph or a body: its nodes that do not depend on inputs. A body's parameter may
// stand for a constant outside.
struct Scope {
  std::set<const ov::Node*> constants;
  std::map<const ov::Node*, ov::Output<ov::Node>> bound;  // parameter -> value in `outer`
  std::shared_ptr<const Scope> outer;
};

// A site: a node that is_product(), one that multiplies by constants element by element
// (elementwise.h), or one with bodies that hold sites. Constant nodes, such as those that compute a
// weight, are none.
struct Site {
  std::shared_ptr<ov::Node> node;
  std::string name;  // unique; behind the names of the nodes around it: "loop/MatMul"
  std::shared_ptr<const Scope> scope;
  std::vector<std::vector<Site>> bodies;
};
// All sites, in the order of execution.
std::vector<Site> find_sites(const ov::Model& model);

// Sizes, by name, of each site that is_product(), for the shapes that the model has now. Loops
// count each iteration where their number is known, else one; an If counts its branch with more
// multiply-accumulates.
std::map<std::string, LayerSizes> sizes_of_sites(const ov::Model& model);

}  // namespace posittune::model
