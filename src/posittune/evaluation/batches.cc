#include "posittune/evaluation/batches.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
#include <utility>

namespace posittune::evaluation {
namespace {

constexpr std::size_t kBatchBytes = 64UL << 20;
constexpr std::size_t kMostItems = 16;
constexpr double kCompanyTolerance = 1e-3;

std::string number(double x) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", x);
  return text.data();
}

// How far the output of an item run alone, of one row, is from its row in a batch; empty: within
// the tolerance.
std::string change_in_company(std::span<const float> alone, std::span<const float> row,
                              const TensorShape& alone_shape, const TensorShape& shape) {
  if (alone_shape.size() != shape.size() || alone_shape[0] != 1 ||
      !std::equal(shape.begin() + 1, shape.end(), alone_shape.begin() + 1)) {
    return "shape " + to_string(alone_shape) + " alone, " + to_string(shape) + " in the batch";
  }
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    if (alone[i] == row[i]) continue;  // infinities too
    difference += (double{alone[i]} - row[i]) * (double{alone[i]} - row[i]);
  }
  for (const float x : alone) size += std::isfinite(x) ? double{x} * x : 0;
  if (difference <= kCompanyTolerance * kCompanyTolerance * size) return {};
  return number(std::sqrt(difference / size));
}

// Two items together, against each alone. A model that does not take two has no more to be asked.
Status check_pair(engine::Engine& engine, const data::Dataset& data, const Batch& batch,
                  const std::string& output) {
  auto inputs = data.batch(0, 2);
  if (!inputs) return inputs.error();
  const auto outputs = engine.run(*inputs);
  if (outputs) return check_items_are_independent(batch, *outputs, output);
  if (outputs.error().kind == ErrorKind::kResource) return outputs.error();
  return success();
}

}  // namespace

std::size_t batch_limit(const model::Graph& graph) {
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  for (const TensorInfo& input : graph.inputs) {
    if (!input.dims.empty() && input.dims[0] >= 0)
      limit = std::min(limit, static_cast<std::size_t>(input.dims[0]));
  }
  return limit;
}

Result<Batch> choose_batch(engine::Engine& engine, const data::Dataset& data, std::size_t wanted,
                           const std::string& output) {
  // A fixed batch is the model's own; the engine fills up the last one.
  const std::size_t fixed = batch_limit(engine.graph());
  const bool any = fixed == std::numeric_limits<std::size_t>::max();
  const bool alone = any && wanted == kAlone;
  Batch batch{.items = !any ? std::max<std::size_t>(fixed, 1) : alone ? 1 : wanted};
  const auto run_alone = [&](std::size_t item) -> Status {
    auto inputs = data.batch(item, 1);
    if (!inputs) return inputs.error();
    auto outputs = engine.run(*inputs);
    if (!outputs) return of_data(in_items(outputs.error(), item, 1), data);
    if (batch.items == 0) {
      std::size_t bytes = 0;
      for (const auto& [name, tensor] : *outputs) bytes += tensor.bytes.size();
      batch.items =
          std::clamp<std::size_t>(kBatchBytes / std::max<std::size_t>(1, bytes), 1, kMostItems);
    }
    if (const auto found = outputs->find(output); found != outputs->end())
      batch.apart[item] = std::move(found->second);
    return success();
  };
  const auto together = [&] { return std::min(batch.items, data.items()); };
  // The second item has a neighbour on both sides, if there are three.
  if (batch.items == 0 || (together() > 1 && !output.empty())) {
    if (const Status ran = run_alone(std::min<std::size_t>(1, data.items() - 1)); !ran)
      return ran.error();
  }
  if (together() == 2 && !output.empty()) {
    if (const Status ran = run_alone(0); !ran) return ran.error();
  }
  if (any && wanted == 1 && data.items() > 1 && !output.empty()) {
    for (const std::size_t item : {0, 1}) {
      if (const Status ran = run_alone(item); !ran) return ran.error();
    }
    if (const Status apart = check_pair(engine, data, batch, output); !apart) return apart.error();
    batch.apart.clear();
  }
  return batch;
}

Status check_items_are_independent(const Batch& batch, const Tensors& outputs,
                                   const std::string& name) {
  const auto found = outputs.find(name);
  if (found == outputs.end() || found->second.type != ElementType::kF32) return success();
  for (const auto& [item, alone] : batch.apart) {
    const Tensor& all = found->second;
    if (all.shape.empty() || item >= all.shape[0] || all.shape[0] == 1 || alone.type != all.type)
      continue;
    const std::string change = change_in_company(
        alone.as<float>(),
        all.as<float>().subspan(item * (all.bytes.size() / sizeof(float) / all.shape[0])),
        alone.shape, all.shape);
    if (change.empty()) continue;
    return Error{.kind = ErrorKind::kInput,
                 .what = "FP32's output of an item depends on the items that are run with it",
                 .where = "output '" + name + "', item " + std::to_string(item) +
                          " alone and in a batch of " + std::to_string(all.shape[0]),
                 .expected = "a relative difference (RMS) of at most " + number(kCompanyTolerance),
                 .found = change,
                 .hint =
                     "the first axis of an input or of the output may not be the items (as of an "
                     "LSTM with time first): name it "
                     "(`batch_axes=NAME=1`, or batch_axis in a data.yaml); where only rounding is "
                     "shared (dynamic quantization), run item by item (`batch=alone`)"};
  }
  return success();
}

Status check_first_batch(engine::Engine& engine, const data::Dataset& data, const Batch& batch,
                         const std::string& name) {
  const std::size_t items = std::min(batch.items, data.items());
  auto inputs = data.batch(0, items);
  if (!inputs) return inputs.error();
  auto outputs = outputs_of(engine, data, 0, items, *inputs);
  if (!outputs) return outputs.error();
  if (const Status rows = check_rows(*outputs, name, 0, items); !rows) return rows.error();
  return check_items_are_independent(batch, *outputs, name);
}

Status check_reference(const Tensors& outputs, const std::string& name, std::size_t first_item) {
  const auto found = outputs.find(name);
  if (found == outputs.end() || found->second.type != ElementType::kF32 ||
      found->second.shape.empty())
    return success();
  const auto values = found->second.as<float>();
  const auto bad = std::find_if(values.begin(), values.end(), [](float x) {
    return std::isnan(x) || x == std::numeric_limits<float>::infinity();
  });
  if (bad == values.end()) return success();
  const std::size_t per_item = values.size() / found->second.shape[0];
  return Error{.kind = ErrorKind::kInput,
               .what = "the model's own FP32 output is not a number",
               .where = "output '" + name + "', item " +
                        std::to_string(first_item +
                                       static_cast<std::size_t>(bad - values.begin()) / per_item),
               .hint = "look for infinities or huge numbers in that item"};
}

Status check_rows(const Tensors& outputs, const std::string& name, std::size_t first_item,
                  std::size_t items) {
  const auto found = outputs.find(name);
  if (found == outputs.end()) return success();
  const TensorShape& shape = found->second.shape;
  if (!shape.empty() && shape[0] == items) return success();
  return Error{.kind = ErrorKind::kInput,
               .what = "an output that is scored has not a row for each item",
               .where = "output '" + name + "', from item " + std::to_string(first_item) + " on",
               .expected = std::to_string(items) + " rows, one for each item",
               .found = "shape " + to_string(shape),
               .hint =
                   "score an output whose first dimension is the batch (`output`), or name the "
                   "axis of the items (`batch_axes`)"};
}

Status run_items(engine::Engine& engine, const data::Dataset& data, std::size_t first_item,
                 std::size_t items, const Tensors& inputs, const RunBatch& run) {
  const Status done = run(inputs);
  if (done || done.error().kind != ErrorKind::kInput) return done;
  Error refused = done.error();
  const bool apart = items > 1 && batch_limit(engine.graph()) > items;
  for (std::size_t i = first_item; apart && i < first_item + items; ++i) {
    auto one = data.batch(i, 1);
    if (!one) return one.error();
    if (const Status alone = run(*one); !alone && alone.error().kind == ErrorKind::kInput)
      return in_items(alone.error(), i, 1);
  }
  return in_items(std::move(refused), first_item, items);
}

Result<Tensors> outputs_of(engine::Engine& engine, const data::Dataset& data,
                           std::size_t first_item, std::size_t items, const Tensors& inputs,
                           const engine::Engine::Keep& keep) {
  Tensors outputs;
  const Status ran =
      run_items(engine, data, first_item, items, inputs, [&](const Tensors& some) -> Status {
        auto done = engine.run(some, &some == &inputs ? keep : engine::Engine::Keep{});
        if (!done) return done.error();
        outputs = std::move(*done);
        return success();
      });
  if (!ran) return ran.error();
  return outputs;
}

Error in_items(Error error, std::size_t first_item, std::size_t items) {
  if (error.kind != ErrorKind::kInput) return error;
  const std::string which = items == 1 ? "item " + std::to_string(first_item)
                                       : "items " + std::to_string(first_item) + " to " +
                                             std::to_string(first_item + items - 1);
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
    if (const Status done = body(index, first, std::move(*inputs)); !done)
      return of_data(done.error(), data);
  }
  return success();
}

}  // namespace posittune::evaluation
