#pragma once

// The nodes that multiply: of the graph itself and of the bodies of If, Loop and Scan
// (TensorIterator).

#include <map>
#include <memory>
#include <openvino/core/model.hpp>
#include <set>
#include <string>
#include <vector>

#include "posittune/model/graph.h"

namespace posittune::model {

// The nodes of a graph, or of a body, that do not depend on inputs. A body's parameter may stand
// for a constant outside.
struct Scope {
  std::set<const ov::Node*> constants;
  std::map<const ov::Node*, ov::Output<ov::Node>>
      bound;  // parameters to what they stand for, in `outer`
  std::shared_ptr<const Scope> outer;
};

// A node that is_product(), one that multiplies by constants element by element (elementwise.h), or
// one with bodies that hold some. Not those that are constant, the making of a weight among them.
struct Site {
  std::shared_ptr<ov::Node> node;
  std::string name;  // unique; behind the names of the nodes around it: "loop/MatMul"
  std::shared_ptr<const Scope> scope;
  std::vector<std::vector<Site>> bodies;
};
// In the order of execution.
std::vector<Site> find_sites(const ov::Model& model);

// Of each site that is_product() by name, for a model with the shapes that count. Loops count each
// iteration where their number is known, else one; of an If the branch with more
// multiply-accumulates counts.
std::map<std::string, LayerSizes> sizes_of_sites(const ov::Model& model);

}  // namespace posittune::model
