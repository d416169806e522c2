#include "posittune/evaluation/batches.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace posittune::evaluation {
namespace {

constexpr std::size_t kBatchBytes = 64UL << 20;
constexpr std::size_t kMostItems = 16;

}  // namespace

std::size_t batch_limit(const model::Graph& graph) {
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  for (const TensorInfo& input : graph.inputs) {
    if (!input.dims.empty() && input.dims[0] >= 0) limit = std::min(limit, static_cast<std::size_t>(input.dims[0]));
  }
  return limit;
}

Result<std::size_t> choose_batch(engine::Engine& engine, const data::Dataset& data, std::size_t wanted) {
  std::size_t batch = wanted;
  if (batch == 0) {
    auto inputs = data.batch(0, 1);
    if (!inputs) return inputs.error();
    auto outputs = engine.run(*inputs);
    if (!outputs) return of_data(in_items(outputs.error(), 0, 1), data);
    std::size_t bytes = 0;
    for (const auto& [name, tensor] : *outputs) bytes += tensor.bytes.size();
    batch = std::clamp<std::size_t>(kBatchBytes / std::max<std::size_t>(1, bytes), 1, kMostItems);
  }
  return std::min(batch, batch_limit(engine.graph()));
}

Status check_reference(const Tensors& outputs, const std::string& name, std::size_t first_item) {
  const auto found = outputs.find(name);
  if (found == outputs.end() || found->second.type != ElementType::kF32 || found->second.shape.empty()) return success();
  const auto values = found->second.as<float>();
  const auto bad = std::find_if(values.begin(), values.end(), [](float x) { return std::isnan(x) || x == std::numeric_limits<float>::infinity(); });
  if (bad == values.end()) return success();
  const std::size_t per_item = values.size() / found->second.shape[0];
  return Error{.kind = ErrorKind::kInput,
               .what = "the model's own FP32 output is not a number",
               .where = "output '" + name + "', item " + std::to_string(first_item + static_cast<std::size_t>(bad - values.begin()) / per_item),
               .hint = "look for infinities or huge numbers in that item"};
}

Status check_rows(const Tensors& outputs, const std::string& name, std::size_t first_item, std::size_t items) {
  const auto found = outputs.find(name);
  if (found == outputs.end()) return success();
  const TensorShape& shape = found->second.shape;
  if (!shape.empty() && shape[0] == items) return success();
  return Error{.kind = ErrorKind::kInput,
               .what = "an output that is scored has not a row for each item",
               .where = "output '" + name + "', from item " + std::to_string(first_item) + " on",
               .expected = std::to_string(items) + " rows, one for each item",
               .found = "shape " + to_string(shape),
               .hint = "score an output whose first dimension is the batch (--output)"};
}

Status run_items(engine::Engine& engine, const data::Dataset& data, std::size_t first_item, std::size_t items, const Tensors& inputs,
                 const RunBatch& run) {
  const Status done = run(inputs);
  if (done || done.error().kind != ErrorKind::kInput) return done;
  Error refused = done.error();
  const bool apart = items > 1 && batch_limit(engine.graph()) > items;
  for (std::size_t i = first_item; apart && i < first_item + items; ++i) {
    auto one = data.batch(i, 1);
    if (!one) return one.error();
    if (const Status alone = run(*one); !alone && alone.error().kind == ErrorKind::kInput) return in_items(alone.error(), i, 1);
  }
  return in_items(std::move(refused), first_item, items);
}

Error in_items(Error error, std::size_t first_item, std::size_t items) {
  if (error.kind != ErrorKind::kInput) return error;
  const std::string which = items == 1 ? "item " + std::to_string(first_item) : "items " + std::to_string(first_item) + " to " + std::to_string(first_item + items - 1);
  error.where = which + (error.where.empty() ? "" : ", " + error.where);
  return error;
}

Error of_data(Error error, const data::Dataset& data) {
  const std::string& path = data.description().path;
  if (error.kind == ErrorKind::kInput && error.where.find(path) == std::string::npos) {
    error.where = path + (error.where.empty() ? "" : ", " + error.where);
  }
  return error;
}

Status for_each_batch(const data::Dataset& data, std::size_t batch, const BatchBody& body) {
  for (std::size_t first = 0, index = 0; first < data.items(); first += batch, ++index) {
    auto inputs = data.batch(first, std::min(batch, data.items() - first));
    if (!inputs) return inputs.error();
    if (const Status done = body(index, first, std::move(*inputs)); !done) return of_data(done.error(), data);
  }
  return success();
}

}  // namespace posittune::evaluation
