#pragma once

// Products that are written in another way than layers are.

#include <memory>

namespace ov {
class Model;
}  // namespace ov

namespace posittune::model {

// Writes as plain MatMuls, in place and in float32: an Einsum that is one matrix product of
// activations with a constant, a MatMul with a constant vector, and attention in one node (its
// scores, their softmax, what they weigh). The first two keep their names; attention's products are
// called "NAME/scores" and "NAME/values". What cannot be written so stays.
void rewrite_products(const std::shared_ptr<ov::Model>& model);

}  // namespace posittune::model
