#include "posittune/metrics/scorer.h"

#include <array>
#include <utility>

#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

struct Named {
  Task task;
  std::string_view name;
};
constexpr std::array<Named, 4> kTasks = {{{Task::kLanguageModel, "language_model"},
                                          {Task::kClassify, "classify"},
                                          {Task::kDetect, "detect"},
                                          {Task::kGeneric, "generic"}}};

std::unique_ptr<TaskScorer> make_task_scorer(Task task, const ScorerOptions& options,
                                             records::Annotations annotations) {
  switch (task) {
    case Task::kLanguageModel:
      return language_model_scorer(options);
    case Task::kClassify:
      return classify_scorer(options, std::move(annotations.labels));
    case Task::kDetect:
      return detect_scorer(options, std::move(annotations.boxes), std::move(annotations.image_ids));
    case Task::kGeneric:
      break;
  }
  return generic_scorer(options);
}

// The output to score among a model's outputs, or null.
const Tensor* scored(const Tensors& outputs, const std::string& name) {
  if (outputs.empty()) return nullptr;
  const auto found = name.empty() ? outputs.begin() : outputs.find(name);
  return found == outputs.end() ? nullptr : &found->second;
}

Status check_outputs(const Tensor* reference, const Tensor* output, const std::string& name) {
  const std::string where = name.empty() ? "output" : "output '" + name + "'";
  if (reference == nullptr || output == nullptr) {
    return input_error("the model has no such output", where, "an output to score",
                       "none of that name");
  }
  for (const Tensor* tensor : {reference, output}) {
    if (tensor->type != ElementType::kF32) {
      return input_error("an output of this type cannot be scored", where, "float32",
                         std::string(posittune::name(tensor->type)));
    }
  }
  if (reference->shape != output->shape) {
    return input_error("the outputs of FP32 and of a format differ in shape", where,
                       to_string(reference->shape) + ", FP32's", to_string(output->shape));
  }
  if (output->shape.empty() || output->shape[0] == 0) {
    return input_error("an output without items cannot be scored", where, "(items, ...)",
                       to_string(output->shape));
  }
  return success();
}

}  // namespace

Result<Task> parse_task(std::string_view text) {
  std::string known;
  for (const Named& named : kTasks) {
    if (text == named.name) return named.task;
    known += (known.empty() ? "" : ", ") + std::string(named.name);
  }
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown task '" + std::string(text.substr(0, 48)) + "'",
               .expected = "one of " + known};
}

std::string_view name(Task task) {
  for (const Named& named : kTasks) {
    if (named.task == task) return named.name;
  }
  return "generic";
}

Scorer::Scorer(Task task, ScorerOptions options, records::Annotations annotations,
               std::vector<std::int64_t> units)
    : options_(std::move(options)),
      unit_ids_(std::move(units)),
      task_(make_task_scorer(task, options_, std::move(annotations))) {}
Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

Result<std::vector<std::uint32_t>> Scorer::units_of(std::size_t first_item, std::size_t items) {
  std::vector<std::uint32_t> units;
  for (std::size_t item = first_item; item < first_item + items; ++item) {
    if (!unit_ids_.empty() && item >= unit_ids_.size()) {
      return input_error("an item belongs to no unit", "item " + std::to_string(item),
                         "a document for each item", std::to_string(unit_ids_.size()) + " entries");
    }
    const std::int64_t id = unit_ids_.empty() ? static_cast<std::int64_t>(item) : unit_ids_[item];
    const auto next = static_cast<std::uint32_t>(dense_units_.size());
    units.push_back(dense_units_.try_emplace(id, next).first->second);
  }
  return units;
}

Status Scorer::add(std::size_t first_item, const Tensors& inputs, const Tensors& reference,
                   const Tensors& outputs) {
  const Tensor* base = scored(reference, options_.output);
  const Tensor* output = scored(outputs, options_.output);
  if (Status checked = check_outputs(base, output, options_.output); !checked) return checked;
  if (first_item != next_item_) {
    return Error{.what = "a batch of items is out of order",
                 .expected = "item " + std::to_string(next_item_),
                 .found = "item " + std::to_string(first_item)};
  }
  const std::size_t items = output->shape[0];
  auto units = units_of(first_item, items);
  if (!units) return units.error();
  next_item_ += items;
  return task_->add({first_item, items, inputs, *base, *output, *units});
}

Result<std::vector<MetricSamples>> Scorer::finish() {
  std::vector<MetricSamples> metrics = task_->finish(dense_units_.size());
  if (metrics.empty()) {
    return input_error("nothing was scored", "data",
                       "at least one item, or a token with a next one",
                       std::to_string(next_item_) + " items");
  }
  return metrics;
}

}  // namespace posittune::metrics
