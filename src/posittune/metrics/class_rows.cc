#include "posittune/metrics/class_rows.h"

#include <string>

#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {

std::optional<std::size_t> class_axis(Task task, std::size_t dimensions,
                                      std::optional<int> wanted) {
  const auto last = static_cast<int>(dimensions) - 1;
  int axis = wanted.value_or(task == Task::kSegment ? 1 : -1);
  if (axis < 0) axis += static_cast<int>(dimensions);
  if (axis < 1 || axis > last) return std::nullopt;
  return static_cast<std::size_t>(axis);
}

Result<ClassRows> class_rows(const Tensor& output, Task task, std::optional<int> wanted) {
  const TensorShape& shape = output.shape;
  const auto axis = class_axis(task, shape.size(), wanted);
  if (!axis || output.type != ElementType::kF32 || output.size() == 0) {
    return input_error("the output has no axis of classes", "output",
                       "float32 (items, ...), and one of the later axes holds the classes",
                       std::string(name(output.type)) + " " + to_string(shape));
  }
  ClassRows rows{
      .items = shape[0], .classes = shape[*axis], .values = output.as<float>(), .moved = {}};
  rows.positions = output.size() / rows.items / rows.classes;
  std::size_t inner = 1;  // elements between two classes
  for (std::size_t i = *axis + 1; i < shape.size(); ++i) inner *= shape[i];
  if (inner == 1) return rows;
  rows.moved.resize(output.size());
  const std::size_t outer = output.size() / inner / rows.classes;
  for (std::size_t o = 0; o < outer; ++o) {
    const std::size_t block = o * rows.classes * inner;
    for (std::size_t c = 0; c < rows.classes; ++c) {
      for (std::size_t i = 0; i < inner; ++i) {
        rows.moved[block + i * rows.classes + c] = rows.values[block + c * inner + i];
      }
    }
  }
  rows.values = rows.moved;
  return rows;
}

bool holds_probabilities(const Tensor& output, Task task, std::optional<int> class_axis) {
  const auto rows = class_rows(output, task, class_axis);
  if (!rows || rows->classes < 2) return false;
  for (std::size_t at = 0; at < rows->values.size(); at += rows->classes) {
    if (!is_of_kind(ScoreKind::kProbabilities, rows->values.subspan(at, rows->classes)))
      return false;
  }
  return true;
}

}  // namespace posittune::metrics
