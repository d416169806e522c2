#pragma once

// Constant sub-trees: which tensors are weights, where they are stored, and their values.

#include <memory>
#include <openvino/core/node.hpp>
#include <optional>
#include <set>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/model/graph.h"

namespace posittune::model {

// Nodes whose value does not depend on the model's inputs. `fixed`: parameters of the model (the
// body of a loop) that are constant all the same.
std::set<const ov::Node*> constant_nodes(const ov::Model& model,
                                         const std::set<const ov::Node*>& fixed = {});

// Whether a node keeps the values of its first input: conversions and changes of shape.
bool keeps_values(const ov::Node* node);

// The Constant that a weight's values come from, through conversions and changes of shape; the
// output itself where they come from more than one.
ov::Output<ov::Node> weight_source(const ov::Output<ov::Node>& output);

// The value of a constant sub-tree.
Result<ov::Tensor> fold(const ov::Output<ov::Node>& output);

// The input of a layer's node that holds its weights.
std::size_t weight_input(const Layer& layer);

// The arrangement by which the folded tensor of a layer's weight becomes its matrix.
Arrangement arrangement(const Layer& layer);

// The layout of a layer's weight in `source`, which its values come from (weight_source()). None
// where they cannot be followed: a transposition whose order is not constant.
std::optional<StoredLayout> stored_layout(const Layer& layer, const ov::Output<ov::Node>& source);

// Rows and columns of a layer's weight, from its shape alone.
struct MatrixShape {
  std::size_t rows = 0, cols = 0;
};
MatrixShape matrix_shape(const Layer& layer);

// The weights of a layer as its rows x cols matrix.
Result<std::vector<float>> weight_matrix(const Layer& layer);

}  // namespace posittune::model
