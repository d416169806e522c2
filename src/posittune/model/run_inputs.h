#pragma once

// What is said of a model's inputs and outputs beside its file: values that each run gets as they
// are, and which axis holds the items.

#include <cstddef>
#include <map>
#include <memory>
#include <openvino/core/model.hpp>
#include <string>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"

namespace posittune::model {

// Puts constants in the place of inputs, by their names; types and shapes must be those of the
// inputs. They are neither weights nor part of the model's size, and what is computed from them
// alone is no layer: see is_of_run().
Status give_constants(const std::shared_ptr<ov::Model>& model, const Tensors& constants);

// A constant that was given, or a node that depends on none but these and on constants of the
// model.
bool is_of_run(const ov::Node& node);

// Items come first outside, and at `axes` (by name of input or output) inside. kUsage: a name that
// is neither, an axis that is not there; kUnsupported: an unknown rank.
Status move_batch_axes(const std::shared_ptr<ov::Model>& model,
                       const std::map<std::string, std::size_t>& axes);

}  // namespace posittune::model
