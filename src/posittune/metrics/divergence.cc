#include "posittune/metrics/divergence.h"

#include <numeric>

#include "posittune/base/threads.h"
#include "posittune/metrics/class_rows.h"
#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

// Positions of (items, tokens, classes) that predict a token: not the last, and neither masked.
Result<std::vector<std::size_t>> predicting(const ScorerOptions& options, const Tensors& inputs,
                                            const TensorShape& shape) {
  const std::size_t length = shape[1];
  std::vector<std::int64_t> mask(shape[0] * length, 1);
  if (const auto found = inputs.find(options.mask); found != inputs.end()) {
    if (found->second.shape != TensorShape{shape[0], length}) {
      return input_error("an input does not fit the logits", "input '" + options.mask + "'",
                         to_string({shape[0], length}) + ", (items, tokens) of the logits",
                         to_string(found->second.shape));
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

Result<std::vector<ItemDivergence>> by_row(const std::vector<std::size_t>& rows, std::size_t items,
                                           std::size_t per_item, const Tensor& reference,
                                           const Tensor& output, const ScorerOptions& options,
                                           std::size_t first_item) {
  const std::size_t classes = output.size() / items / per_item;
  const auto scores = score_rows(reference.as<float>().data(), output.as<float>().data(), classes,
                                 rows, options.threads, options.scores);
  std::vector<ItemDivergence> result(items);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const Status valid = check_reference(options, std::span(scores).subspan(i, 1),
                                             first_item + rows[i] / per_item);
        !valid)
      return valid.error();
    result[rows[i] / per_item].sum += scores[i].kl;
    result[rows[i] / per_item].count += 1;
  }
  return result;
}

// All rows along the class axis, item by item: their scores together would be larger than the
// output.
Result<std::vector<ItemDivergence>> by_position(Task task, const Tensor& reference,
                                                const Tensor& output, const ScorerOptions& options,
                                                std::size_t first_item) {
  const auto x = class_rows(reference, task, options.class_axis);
  if (!x) return x.error();
  const auto y = class_rows(output, task, options.class_axis);
  if (!y) return y.error();
  if (const Status several = check_classes(options, y->classes); !several) return several.error();
  std::vector<std::size_t> rows(y->positions);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::vector<ItemDivergence> result(y->items, {0, static_cast<double>(y->positions)});
  for (std::size_t item = 0; item < y->items; ++item) {
    const auto scores = score_rows(x->item(item).data(), y->item(item).data(), y->classes, rows,
                                   options.threads, options.scores);
    if (const Status valid = check_reference(options, scores, first_item + item); !valid)
      return valid.error();
    for (const RowScores& row : scores) result[item].sum += row.kl;
  }
  return result;
}

std::vector<ItemDivergence> disagreement(const Tensor& reference, const Tensor& output) {
  const std::size_t items = output.shape[0], size = output.size() / items;
  std::vector<ItemDivergence> result;
  for (std::size_t item = 0; item < items; ++item) {
    result.push_back({static_cast<double>(differing_elements(reference, output, item)),
                      static_cast<double>(size)});
  }
  return result;
}

std::vector<ItemDivergence> by_item(Task task, const Tensor& reference, const Tensor& output,
                                    int threads) {
  const std::size_t items = output.shape[0], size = output.size() / items;
  std::vector<ItemDivergence> result(items, {0, 1});
  parallel_for(items, threads, [&](std::size_t item) {
    const auto x = reference.as<float>().subspan(item * size, size),
               y = output.as<float>().subspan(item * size, size);
    if (task == Task::kDetect) {
      result[item].sum = detection_kl(x, y, output.shape[1], output.shape[2]);
      return;
    }
    result[item].sum = relative_error(deviation(x, y));
  });
  return result;
}

bool fits(Task task, const TensorShape& shape, std::size_t size) {
  switch (task) {
    case Task::kClassify:
      return shape.size() >= 2 && size == shape[0] * shape[1];
    case Task::kDetect:
      return shape.size() == 3 && shape[1] > 4;
    case Task::kLanguageModel:
    case Task::kCtc:
      return shape.size() == 3;
    case Task::kSegment:
    case Task::kGeneric:
    case Task::kAgreement:
      break;
  }
  return !shape.empty();
}

}  // namespace

Result<std::vector<ItemDivergence>> divergence(Task task, const ScorerOptions& options,
                                               const Tensors& inputs, const Tensor& reference,
                                               const Tensor& output, std::size_t first_item) {
  const TensorShape& shape = output.shape;
  const bool counted = task == Task::kAgreement;
  const auto has_type = [&](const Tensor& tensor) {
    return counted ? is_integer(tensor.type) : tensor.type == ElementType::kF32;
  };
  const bool of_task = output.size() > 0 && fits(task, shape, output.size());
  if (!of_task || reference.shape != shape || !has_type(output) || !has_type(reference) ||
      output.type != reference.type) {
    return input_error("the output does not fit the task", "output",
                       std::string(counted ? "integer" : "float32") +
                           " outputs of one shape for task " + std::string(name(task)),
                       to_string(reference.shape) + " and " + to_string(shape));
  }
  if (counted) return disagreement(reference, output);
  if (task == Task::kCtc || task == Task::kSegment)
    return by_position(task, reference, output, options, first_item);
  if (has_classes(task)) {
    if (const Status several = check_classes(
            options, output.size() / shape[0] / (task == Task::kLanguageModel ? shape[1] : 1));
        !several) {
      return several.error();
    }
  }
  if (task == Task::kLanguageModel) {
    auto rows = predicting(options, inputs, shape);
    if (!rows) return rows.error();
    return by_row(*rows, shape[0], shape[1], reference, output, options, first_item);
  }
  if (task == Task::kClassify) {
    std::vector<std::size_t> rows(shape[0]);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return by_row(rows, shape[0], 1, reference, output, options, first_item);
  }
  return by_item(task, reference, output, options.threads);
}

}  // namespace posittune::metrics
