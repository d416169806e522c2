#pragma once

// Declared shapes of an ONNX file, compared with those that OpenVINO finds: a difference shows a
// node that was exported, or is read, wrongly.

#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/model/graph.h"
#include "posittune/model/read.h"

namespace posittune::model {

// Compares the dimensions that are fixed on both sides. kInput names the first tensor, in the order
// of execution, whose shapes contradict.
Status check_declared(const ModelFile& file, const std::string& path);

// The declared dimensions of an output, which check_declared() compares when the model has run. The
// items are axis 0 and -1, as is what the file does not declare. Empty: nothing is declared.
std::vector<std::int64_t> declared_dims(const ModelFile& file, const std::string& output,
                                        const std::map<std::string, std::size_t>& batch_axes);

// Compares the outputs of a run, by their names, with graph.declared. kInput where they contradict.
Status check_declared(const Graph& graph, const Tensors& outputs);

}  // namespace posittune::model
