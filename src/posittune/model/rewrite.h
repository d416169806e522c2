#pragma once

// Rewriting of products as MatMuls, which can be layers.

#include <memory>

namespace ov {
class Model;
}  // namespace ov

namespace posittune::model {

// Rewrites as plain MatMuls, in place and in float32: an Einsum that is one matrix product of
// activations with a constant, a MatMul with a constant vector, and attention in one node (its
// scores, their softmax, the weighted sum of values). The first two keep their names; attention's
// products are called "NAME/scores" and "NAME/values". Nodes that cannot be rewritten stay.
void rewrite_products(const std::shared_ptr<ov::Model>& model);

}  // namespace posittune::model
