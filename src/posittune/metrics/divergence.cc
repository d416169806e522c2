#include "posittune/metrics/divergence.h"

#include <numeric>

#include "posittune/base/threads.h"
#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

// Positions of (items, tokens, classes) that predict a token: not the last, and neither masked.
Result<std::vector<std::size_t>> predicting(const ScorerOptions& options, const Tensors& inputs, const TensorShape& shape) {
  const std::size_t length = shape[1];
  std::vector<std::int64_t> mask(shape[0] * length, 1);
  if (const auto found = inputs.find(options.mask); found != inputs.end()) {
    if (found->second.shape != TensorShape{shape[0], length}) {
      return input_error("an input does not fit the logits", "input '" + options.mask + "'",
                         to_string({shape[0], length}) + ", (items, tokens) of the logits", to_string(found->second.shape));
    }
    auto given = integers(found->second, options.mask);
    if (!given) return given.error();
    mask = std::move(*given);
  }
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < mask.size(); ++row) {
    if (row % length + 1 < length && mask[row] != 0 && mask[row + 1] != 0) rows.push_back(row);
  }
  return rows;
}

std::vector<ItemDivergence> by_row(const std::vector<std::size_t>& rows, std::size_t items, std::size_t per_item,
                                   const Tensor& reference, const Tensor& output, int threads) {
  const std::size_t classes = output.shape.back();
  const auto scores = score_rows(reference.as<float>().data(), output.as<float>().data(), classes, rows, threads);
  std::vector<ItemDivergence> result(items);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result[rows[i] / per_item].sum += scores[i].kl;
    result[rows[i] / per_item].count += 1;
  }
  return result;
}

std::vector<ItemDivergence> by_item(Task task, const Tensor& reference, const Tensor& output, int threads) {
  const std::size_t items = output.shape[0], size = output.size() / items;
  std::vector<ItemDivergence> result(items, {0, 1});
  parallel_for(items, threads, [&](std::size_t item) {
    const auto x = reference.as<float>().subspan(item * size, size), y = output.as<float>().subspan(item * size, size);
    if (task == Task::kDetect) {
      result[item].sum = detection_kl(x, y, output.shape[1], output.shape[2]);
      return;
    }
    const Deviation apart = deviation(x, y);
    result[item].sum = apart.noise == 0 ? 0 : apart.noise / apart.signal;
  });
  return result;
}

}  // namespace

Result<std::vector<ItemDivergence>> divergence(Task task, const ScorerOptions& options, const Tensors& inputs,
                                               const Tensor& reference, const Tensor& output) {
  const TensorShape& shape = output.shape;
  const std::size_t dimensions = task == Task::kClassify ? 2 : task == Task::kGeneric ? shape.size() : 3;
  const bool fits = shape.size() == dimensions && !shape.empty() && output.size() > 0 && (task != Task::kDetect || shape[1] > 4);
  if (!fits || reference.shape != shape || output.type != ElementType::kF32 || reference.type != ElementType::kF32) {
    return input_error("the output does not fit the task", "output", "float32 outputs of one shape for task " + std::string(name(task)),
                       to_string(reference.shape) + " and " + to_string(shape));
  }
  if (task == Task::kLanguageModel) {
    auto rows = predicting(options, inputs, shape);
    if (!rows) return rows.error();
    return by_row(*rows, shape[0], shape[1], reference, output, options.threads);
  }
  if (task == Task::kClassify) {
    std::vector<std::size_t> rows(shape[0]);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return by_row(rows, shape[0], 1, reference, output, options.threads);
  }
  return by_item(task, reference, output, options.threads);
}

}  // namespace posittune::metrics
