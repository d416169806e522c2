#include "posittune/metrics/scorer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

struct Named {
  Task task;
  std::string_view name;
};
constexpr std::array<Named, 7> kTasks = {{{Task::kLanguageModel, "language_model"},
                                          {Task::kClassify, "classify"},
                                          {Task::kDetect, "detect"},
                                          {Task::kCtc, "ctc"},
                                          {Task::kSegment, "segment"},
                                          {Task::kGeneric, "generic"},
                                          {Task::kAgreement, "agreement"}}};

std::unique_ptr<TaskScorer> make_task_scorer(Task task, const ScorerOptions& options,
                                             records::Annotations annotations) {
  switch (task) {
    case Task::kLanguageModel:
      return language_model_scorer(options);
    case Task::kClassify:
      return classify_scorer(options, std::move(annotations.labels));
    case Task::kDetect:
      return detect_scorer(options, std::move(annotations.boxes), std::move(annotations.image_ids));
    case Task::kCtc:
      return ctc_scorer(options, std::move(annotations.sequences));
    case Task::kSegment:
      return segment_scorer(options);
    case Task::kAgreement:
      return agreement_scorer();
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

// Labels of one class are sequences of one symbol for a recogniser; no other task takes sequences.
Status check_annotations(Task task, records::Annotations& annotations) {
  if (task == Task::kCtc && annotations.sequences.empty()) {
    for (const std::int64_t label : annotations.labels) annotations.sequences.push_back({label});
  }
  if (task == Task::kCtc || annotations.sequences.empty()) return success();
  return input_error("labels are sequences, which this task does not take",
                     "array 'labels', task " + std::string(name(task)), "one number for each item",
                     "a sequence for each item", "task ctc compares sequences");
}

Status check_outputs(Task task, const Tensor* reference, const Tensor* output,
                     const std::string& name) {
  const std::string where = name.empty() ? "output" : "output '" + name + "'";
  if (reference == nullptr || output == nullptr) {
    return input_error("the model has no such output", where, "an output to score",
                       "none of that name");
  }
  for (const Tensor* tensor : {reference, output}) {
    const bool counted = task == Task::kAgreement;
    if (counted ? is_integer(tensor->type) : tensor->type == ElementType::kF32) continue;
    return input_error("an output of this type cannot be scored", where,
                       counted ? "integers, which task agreement counts" : "float32",
                       std::string(posittune::name(tensor->type)),
                       counted ? "" : "score another output, or integers by task agreement");
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

// No branches inside: compilers make vectors of it.
bool has_new_nonfinite(std::span<const float> reference, std::span<const float> output) {
  bool any = false;
  for (std::size_t i = 0; i < output.size(); ++i) {
    any |= std::isnan(output[i]) | (std::isinf(output[i]) & std::isfinite(reference[i]));
  }
  return any;
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

bool has_classes(Task task) {
  return task == Task::kLanguageModel || task == Task::kClassify || task == Task::kCtc ||
         task == Task::kSegment;
}

Metric loss_of(Task task) {
  const auto kl = [](const char* unit) {
    return Metric{"kl", Direction::kLowerIsBetter, unit, Rank::kLoss};
  };
  switch (task) {
    case Task::kLanguageModel:
      return kl("nats/token");
    case Task::kClassify:
      return kl("nats/item");
    case Task::kDetect:
      return kl("nats/image");
    case Task::kCtc:
      return kl("nats/step");
    case Task::kSegment:
      return kl("nats/position");
    case Task::kAgreement:
      return {"disagreement", Direction::kLowerIsBetter, "", Rank::kLoss};
    case Task::kGeneric:
      break;
  }
  return {"rel_sq_error", Direction::kLowerIsBetter, "", Rank::kLoss};
}

std::string identity(Task task, const ScorerOptions& options) {
  std::string text(name(task));
  text += "/" + options.output;
  if (has_classes(task)) text.append("/").append(name(options.scores));
  if (options.class_axis) text += "/axis " + std::to_string(*options.class_axis);
  if (task == Task::kLanguageModel && options.tokens != ScorerOptions{}.tokens)
    text += "/tokens " + options.tokens;
  if (task == Task::kCtc) text += "/blank " + std::to_string(options.blank);
  return text;
}

Scorer::Scorer(Task task, ScorerOptions options, records::Annotations annotations,
               std::vector<std::int64_t> units)
    : task_kind_(task),
      options_(std::move(options)),
      annotations_fit_(check_annotations(task, annotations)),
      unit_ids_(std::move(units)),
      custom_(options_.custom),
      annotations_(custom_.empty() ? records::Annotations{} : annotations),
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
  if (!annotations_fit_) return annotations_fit_;
  if (Status checked = check_outputs(task_kind_, base, output, options_.output); !checked)
    return checked;
  if (first_item != next_item_) {
    return Error{.what = "a batch of items is out of order",
                 .expected = "item " + std::to_string(next_item_),
                 .found = "item " + std::to_string(first_item)};
  }
  const std::size_t items = output->shape[0];
  auto units = units_of(first_item, items);
  if (!units) return units.error();
  next_item_ += items;
  const std::size_t per_item = output->size() / items;
  std::vector<bool> broken(items);
  for (std::size_t i = 0; output->type == ElementType::kF32 && i < items; ++i) {
    const auto x = base->as<float>().subspan(i * per_item, per_item),
               y = output->as<float>().subspan(i * per_item, per_item);
    broken[i] = has_new_nonfinite(x, y);
    if (broken[i]) nonfinite_.insert((*units)[i]);
  }
  if (const Status added = task_->add({first_item, items, inputs, *base, *output, *units}); !added)
    return added;
  return add_custom({first_item, items, inputs, outputs, annotations_}, *units, broken);
}

Status Scorer::add_custom(const ItemBatch& batch, std::span<const std::uint32_t> units,
                          const std::vector<bool>& broken) {
  const auto has_rows = [&](const auto& output) {
    return !output.second.shape.empty() && output.second.shape[0] == batch.count;
  };
  if (custom_.empty() || std::ranges::all_of(batch.outputs, has_rows))
    return custom_.add(batch, units, broken);
  Tensors with_rows;
  for (const auto& output : batch.outputs) {
    if (has_rows(output)) with_rows.insert(output);
  }
  return custom_.add({batch.first, batch.count, batch.inputs, with_rows, batch.annotations}, units,
                     broken);
}

Result<std::vector<MetricSamples>> Scorer::finish() {
  std::vector<MetricSamples> metrics = task_->finish(dense_units_.size());
  if (metrics.empty()) {
    return input_error("nothing was scored", "data",
                       "at least one item, or a token with a next one",
                       std::to_string(next_item_) + " items");
  }
  if (const Status named = custom_.finish(dense_units_.size(), metrics); !named)
    return named.error();
  return metrics;
}

}  // namespace posittune::metrics
