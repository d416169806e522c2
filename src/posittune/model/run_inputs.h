#pragma once

// Run inputs: what a user says of a model's inputs and outputs beside its file, which inputs are
// constants and which axis holds the items.

#include <cstddef>
#include <map>
#include <memory>
#include <openvino/core/model.hpp>
#include <string>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::model {

// Puts constants in the place of inputs, by their names; types and shapes must be those of the
// inputs. They are neither weights nor part of the model's size, and nodes that are computed from
// them alone are no layers: see is_of_run().
Status give_constants(const std::shared_ptr<ov::Model>& model, const Tensors& constants);

// Whether a node is a constant that was given, or depends on nothing but these and constants of the
// model.
bool is_of_run(const ov::Node& node);

// Moves the items to axis 0 of all inputs and outputs, by Transposes from and to `axes` (by name of
// input or output; others have them at 0). kUsage: an unknown name, an axis that does not exist;
// kUnsupported: an unknown rank.
Status move_batch_axes(const std::shared_ptr<ov::Model>& model,
                       const std::map<std::string, std::size_t>& axes);

}  // namespace posittune::model
