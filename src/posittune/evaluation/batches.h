#pragma once

// Batches: how many items a model takes at once, and checks of what it gives for them.

#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "posittune/base/result.h"
#include "posittune/data/dataset.h"
#include "posittune/engine/engine.h"

namespace posittune::evaluation {

// The most items that a batch may have: 1 where the model fixes its first dimension at 1, and so
// on.
std::size_t batch_limit(const model::Graph& graph);

// kAlone as `wanted` asks for one item at a time, for models whose items of a batch share something
// (the scale of a dynamic quantization).
inline constexpr std::size_t kAlone = std::numeric_limits<std::size_t>::max();

struct Batch {
  std::size_t items = 1;
  std::map<std::size_t, Tensor> apart{};  // scored outputs of items that were run alone
};

// Chooses the batch: the model's fixed batch; else `wanted` items, or (0) as many as make outputs
// of 64 MiB, at most 16: more are no faster. One item is run alone to find the size. Where a batch
// has several items and `output` is named, its output is kept for check_items_are_independent()
// (for a batch of two, both items'). With kAlone the comparison is done here: the first two items
// alone and together, if the model takes two.
Result<Batch> choose_batch(engine::Engine& engine, const data::Dataset& data, std::size_t wanted,
                           const std::string& output);

// Checks that FP32's output of an item does not depend on the others in its batch: kInput where the
// RMS of the difference is above 1e-3 of that of the item's output. Other batch sizes change the
// order of sums, which makes 1e-6; a model that reads other items, such as an LSTM whose first axis
// is time, is above 1e-2. `outputs` are those of the first batch. Outputs of integers are not
// checked.
Status check_items_are_independent(const Batch& batch, const Tensors& outputs,
                                   const std::string& name);

// Checks rows and independence of FP32's outputs by running the first batch, where no later run
// would check them.
Status check_first_batch(engine::Engine& engine, const data::Dataset& data, const Batch& batch,
                         const std::string& name);

// Checks that FP32's own output has no NaN and no +inf (-inf comes from masks), so that others can
// be compared with it: kInput, naming the item.
Status check_reference(const Tensors& outputs, const std::string& name, std::size_t first_item);

// Checks that an output that is scored has a row for each item of the batch: kInput. (A missing
// output is reported by the scorer.)
Status check_rows(const Tensors& outputs, const std::string& name, std::size_t first_item,
                  std::size_t items);

// Adds to an error the data set, or the items, that caused it.
Error of_data(Error error, const data::Dataset& data);
Error in_items(Error error, std::size_t first_item, std::size_t items);

// Runs a batch. Where it fails because of its data, its items run one by one, as far as the model
// allows that, and the first that fails is named.
using RunBatch = std::function<Status(const Tensors& inputs)>;
Status run_items(engine::Engine& engine, const data::Dataset& data, std::size_t first_item,
                 std::size_t items, const Tensors& inputs, const RunBatch& run);

// Outputs of a batch: run_items() with the engine's run; `keep` is used for the whole batch only.
Result<Tensors> outputs_of(engine::Engine& engine, const data::Dataset& data,
                           std::size_t first_item, std::size_t items, const Tensors& inputs,
                           const engine::Engine::Keep& keep = {});

using BatchBody = std::function<Status(std::size_t index, std::size_t first_item, Tensors inputs)>;
Status for_each_batch(const data::Dataset& data, std::size_t batch, const BatchBody& body);

}  // namespace posittune::evaluation
