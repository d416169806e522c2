#pragma once

// Shapes that an ONNX file declares, against those that OpenVINO finds: a difference is a node that
// was exported, or is read, wrongly.

#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/model/graph.h"
#include "posittune/model/read.h"

namespace posittune::model {

// Dimensions that are fixed on both sides. kInput: names the first tensor, in the order of
// execution, whose shapes contradict.
Status check_declared(const ModelFile& file, const std::string& path);

// What is left to be looked at when the model runs: of an output, the dimensions that the file
// declares; -1 where it declares none, and for the items, which are axis 0 of what is returned.
// Empty: none.
std::vector<std::int64_t> declared_dims(const ModelFile& file, const std::string& output,
                                        const std::map<std::string, std::size_t>& batch_axes);

// Outputs that ran, by their names, against graph.declared. kInput.
Status check_declared(const Graph& graph, const Tensors& outputs);

}  // namespace posittune::model
