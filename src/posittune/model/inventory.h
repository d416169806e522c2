#pragma once

// Inventory of a model: everything that multiplies, and everything that the model stores beside the
// weights of its layers, in the graph itself and in the bodies of If, Loop and Scan
// (TensorIterator).

#include "posittune/model/graph.h"

namespace posittune::model {

// Fills products, elementwise, other_parameters, other_bytes, and notes on tensors that are not
// finite. Call it when the layers are known.
void take_inventory(Graph& graph);

}  // namespace posittune::model
