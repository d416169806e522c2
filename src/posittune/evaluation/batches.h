#pragma once

// Data in batches that a model takes.

#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "posittune/base/result.h"
#include "posittune/data/dataset.h"
#include "posittune/engine/engine.h"

namespace posittune::evaluation {

// Most items a batch may have: 1 where the model fixes its first dimension at 1, and so on.
std::size_t batch_limit(const model::Graph& graph);

// As `wanted`: one by one, and not compared with a run of two, for models that share something
// among the items of a batch (the scale of a dynamic quantization).
inline constexpr std::size_t kAlone = std::numeric_limits<std::size_t>::max();

struct Batch {
  std::size_t items = 1;
  std::map<std::size_t, Tensor> apart{};  // items that were run alone: the output that is scored
};

// The model's fixed batch; else `wanted` items, or (0) as many as make outputs of 64 MiB, at most
// 16: more are no faster. One item is run for that; where a batch has several and `output` is
// named, also to be compared with itself in the batch (of a batch of two, both are). Items that are
// `wanted` one by one are compared here: the first two alone and together, if the model takes two.
Result<Batch> choose_batch(engine::Engine& engine, const data::Dataset& data, std::size_t wanted,
                           const std::string& output);

// FP32's output of an item must not depend on those run with it: kInput where the RMS of the
// difference is above 1e-3 of that of the item's output. Other batches take other orders of
// summation, which is 1e-6; neighbours that are read, as by an LSTM whose first axis is time, are
// above 1e-2. `outputs` are those of the first batch. Not of integers.
Status check_items_are_independent(const Batch& batch, const Tensors& outputs,
                                   const std::string& name);

// Rows and independence of FP32's outputs for the first batch, which runs for that, where no later
// run would show them.
Status check_first_batch(engine::Engine& engine, const data::Dataset& data, const Batch& batch,
                         const std::string& name);

// FP32's own output must have no NaN and no +inf (-inf is what masks give), or nothing can be
// compared with it: kInput, naming the item.
Status check_reference(const Tensors& outputs, const std::string& name, std::size_t first_item);

// An output that is scored has a row for each item of the batch: kInput otherwise. (An absent one
// is for whoever scores it to report.)
Status check_rows(const Tensors& outputs, const std::string& name, std::size_t first_item,
                  std::size_t items);

// An error that data cause names them.
Error of_data(Error error, const data::Dataset& data);
Error in_items(Error error, std::size_t first_item, std::size_t items);

// Runs a batch. Where its data are refused, its items run one by one, as far as the model takes
// them so, and the first that is refused is named.
using RunBatch = std::function<Status(const Tensors& inputs)>;
Status run_items(engine::Engine& engine, const data::Dataset& data, std::size_t first_item,
                 std::size_t items, const Tensors& inputs, const RunBatch& run);

// run_items() with the engine's run; `keep` is for the whole batch alone.
Result<Tensors> outputs_of(engine::Engine& engine, const data::Dataset& data,
                           std::size_t first_item, std::size_t items, const Tensors& inputs,
                           const engine::Engine::Keep& keep = {});

using BatchBody = std::function<Status(std::size_t index, std::size_t first_item, Tensors inputs)>;
Status for_each_batch(const data::Dataset& data, std::size_t batch, const BatchBody& body);

}  // namespace posittune::evaluation
