#include "posittune/engine/fixed_batch.h"

#include <algorithm>

namespace posittune::engine {
namespace {

void repeat_rows(Tensor& tensor, std::size_t batch) {
  const std::size_t rows = tensor.shape[0], given = tensor.bytes.size();
  tensor.bytes.resize(given / rows * batch);
  for (std::size_t i = given; i < tensor.bytes.size(); ++i)
    tensor.bytes[i] = tensor.bytes[i - given];
  tensor.shape[0] = batch;
}

}  // namespace

FilledBatch fill_batch(const std::vector<TensorInfo>& infos, const Tensors& inputs) {
  FilledBatch filled;
  for (const TensorInfo& info : infos) {
    const auto found = inputs.find(info.name);
    if (info.dims.empty() || info.dims[0] <= 1 || found == inputs.end() ||
        found->second.shape.empty())
      continue;
    const auto batch = static_cast<std::size_t>(info.dims[0]);
    const std::size_t rows = found->second.shape[0];
    if (rows == 0 || rows >= batch) continue;
    if (filled.batch == 0) filled = {inputs, rows, batch};
    if (rows == filled.items) repeat_rows(filled.inputs[info.name], batch);
  }
  if (filled.batch == 0) return filled;
  // Inputs that would take any number of items get as many.
  for (const TensorInfo& info : infos) {
    const auto found = filled.inputs.find(info.name);
    if (info.dims.empty() || info.dims[0] >= 0 || found == filled.inputs.end() ||
        found->second.shape.empty())
      continue;
    if (found->second.shape[0] == filled.items) repeat_rows(found->second, filled.batch);
  }
  return filled;
}

void leave_out_filling(const FilledBatch& filled, Tensors& outputs) {
  for (auto& [name, tensor] : outputs) {
    if (tensor.shape.empty() || tensor.shape[0] != filled.batch) continue;
    tensor.bytes.resize(tensor.bytes.size() / filled.batch * filled.items);
    tensor.shape[0] = filled.items;
  }
}

}  // namespace posittune::engine
