#include "posittune/evaluation/scored_output.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "posittune/base/nearest.h"
#include "posittune/evaluation/batches.h"
#include "posittune/model/output_end.h"

namespace posittune::evaluation {
namespace {

using metrics::ScoreKind;
using metrics::Task;
using model::OutputEnd;

bool is_float(ElementType type) {
  return type == ElementType::kF32 || type == ElementType::kF64 || type == ElementType::kF16;
}

const TensorInfo* find(const std::vector<TensorInfo>& outputs, const std::string& name) {
  const auto found = std::ranges::find(outputs, name, &TensorInfo::name);
  return found == outputs.end() ? nullptr : &*found;
}

std::string names_of(const std::vector<TensorInfo>& outputs) {
  std::vector<std::string> names;
  for (const TensorInfo& output : outputs) names.push_back(output.name);
  return joined(names);
}

std::string_view operator_name(OutputEnd end) {
  return end == OutputEnd::kSoftmax      ? "Softmax"
         : end == OutputEnd::kLogSoftmax ? "LogSoftmax"
                                         : "Sigmoid";
}

// What the last operator says of the scores; false where it says nothing.
bool by_graph(ScoredOutput& scored, const model::Graph& graph) {
  const model::Ending ending = model::ending_of(graph, scored.scorer.output);
  const auto axis =
      metrics::class_axis(scored.task, find(graph.outputs, scored.scorer.output)->dims.size(),
                          scored.scorer.class_axis);
  const bool softmax = ending.end == OutputEnd::kSoftmax || ending.end == OutputEnd::kLogSoftmax;
  if (ending.end == OutputEnd::kOther || (softmax && ending.axis != axis)) return false;
  scored.scorer.scores = ending.end == OutputEnd::kSoftmax   ? ScoreKind::kProbabilities
                         : ending.end == OutputEnd::kSigmoid ? ScoreKind::kSigmoid
                                                             : ScoreKind::kLogits;
  scored.reason = "the graph ends in " + std::string(operator_name(ending.end));
  return true;
}

Status decide_scores(ScoredOutput& scored, const model::Graph& graph,
                     const metrics::ScoreRequest& request) {
  const TensorInfo& output = *find(graph.outputs, scored.scorer.output);
  const std::string where =
      "output '" + output.name + "', task " + std::string(metrics::name(scored.task));
  if (!metrics::has_classes(scored.task)) {
    if (!request.scores && !request.class_axis) return success();
    return Error{.kind = ErrorKind::kUsage,
                 .what = "this task has no scores of classes",
                 .where = (request.scores ? "`scores`, " : "`class_axis`, ") + where,
                 .expected = "task language_model, classify, ctc or segment",
                 .found = request.scores ? std::string(metrics::name(*request.scores))
                                         : std::to_string(*request.class_axis)};
  }
  const bool fixed = scored.task == Task::kLanguageModel || scored.task == Task::kClassify;
  if (request.class_axis &&
      (fixed || !metrics::class_axis(scored.task, output.dims.size(), request.class_axis))) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the output has no such axis of classes",
                 .where = "`class_axis`, " + where,
                 .expected = fixed ? "task ctc or segment, which have one to choose"
                                   : "1 .. " + std::to_string(output.dims.size() - 1),
                 .found = std::to_string(*request.class_axis)};
  }
  if (request.scores) {
    if (*request.scores == ScoreKind::kSigmoid && scored.task == Task::kLanguageModel) {
      return Error{
          .kind = ErrorKind::kUsage,
          .what =
              "a language model's scores are one distribution over tokens, not a sigmoid for each",
          .where = "`scores`, " + where};
    }
    scored.scorer.scores = *request.scores;
    scored.reason = "asked for";
    return success();
  }
  scored.by_data = !by_graph(scored, graph);
  return success();
}

Status name_tokens(ScoredOutput& scored, const model::Graph& graph,
                   const metrics::ScoreRequest& request) {
  if (scored.task != Task::kLanguageModel) {
    if (request.tokens.empty()) return success();
    return Error{.kind = ErrorKind::kUsage,
                 .what = "this task has no input of tokens",
                 .where = "`tokens`, task " + std::string(metrics::name(scored.task)),
                 .expected = "task language_model",
                 .found = request.tokens};
  }
  scored.scorer.tokens = request.tokens.empty() ? default_tokens(graph) : request.tokens;
  if (find(graph.inputs, scored.scorer.tokens) != nullptr) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = request.tokens.empty()
                           ? "it is not clear which input holds a language model's tokens"
                           : "the model has no input '" + request.tokens + "'",
               .where = graph.path,
               .expected = "`tokens=NAME`, one of " + names_of(graph.inputs)};
}

std::string note_of(const ScoredOutput& scored, const model::Graph& graph,
                    const metrics::ScoreRequest& request) {
  std::string note;
  if (request.output.empty() && graph.outputs.size() > 1) {
    note = "output '" + scored.scorer.output + "' is scored, " +
           (scored.scorer.output == graph.outputs.front().name ? "the first"
                                                               : "the first of float numbers") +
           " of " + names_of(graph.outputs) + "; `output` names another";
  }
  const auto add = [&](const std::string& more) { note += (note.empty() ? "" : "\n") + more; };
  if (request.tokens.empty() && scored.task == Task::kLanguageModel &&
      scored.scorer.tokens != "input_ids")
    add("input '" + scored.scorer.tokens + "' is taken for the tokens; `tokens` names another");
  if (request.task) return note;
  if (scored.task == Task::kCtc)
    add("output '" + scored.scorer.output +
        "' is taken for a CTC recogniser's (items, steps, classes); if it is not, `task` says so: "
        "language_model, segment (labels of positions) or generic");
  if (scored.task == Task::kGeneric)
    add("output '" + scored.scorer.output +
        "' is compared number by number (task generic); if it holds scores of classes, `task` "
        "says so: classify, segment, ctc or language_model");
  return note;
}

}  // namespace

std::string default_output(const model::Graph& graph) {
  for (const TensorInfo& output : graph.outputs) {
    if (is_float(output.type)) return output.name;
  }
  return graph.outputs.empty() ? "" : graph.outputs.front().name;
}

std::string default_tokens(const model::Graph& graph) {
  constexpr std::array kOtherParts = {"attention_mask", "token_type_ids", "position_ids"};
  std::string only;
  for (const TensorInfo& input : graph.inputs) {
    const bool integers = input.type == ElementType::kI64 || input.type == ElementType::kI32;
    if (input.name == "input_ids") return input.name;
    if (!integers || input.dims.size() != 2 || std::ranges::count(kOtherParts, input.name) > 0)
      continue;
    if (!only.empty()) return {};
    only = input.name;
  }
  return only;
}

Task guess_task(const model::Graph& graph, const data::Dataset& data, const std::string& output) {
  const TensorInfo* scored = find(graph.outputs, output);
  if (scored == nullptr) return Task::kGeneric;
  const std::size_t rank = scored->dims.size();
  const auto any_input = [&](auto of) {
    return std::any_of(graph.inputs.begin(), graph.inputs.end(), of);
  };
  const bool images = any_input([](const TensorInfo& input) { return input.dims.size() == 4; });
  const bool numbers = any_input([](const TensorInfo& input) { return is_float(input.type); });
  const bool tokens = !default_tokens(graph).empty();
  const bool single = graph.outputs.size() == 1, logits = output == "logits";
  const model::Ending ending = model::ending_of(graph, output);
  const bool softmax = ending.end == OutputEnd::kSoftmax || ending.end == OutputEnd::kLogSoftmax;
  const bool last = softmax && rank > 0 && ending.axis == rank - 1;
  if (!is_float(scored->type)) return Task::kAgreement;
  if (!data.annotations().boxes.empty()) return Task::kDetect;
  if (!data.annotations().sequences.empty() && rank == 3) return Task::kCtc;
  if (!data.annotations().labels.empty() || !data.annotations().sequences.empty())
    return Task::kClassify;
  if (rank == 3 && last && numbers && !tokens) return Task::kCtc;
  if (rank == 3 && images && single && scored->dims[1] > 4) return Task::kDetect;
  if (rank == 3 && tokens && (logits || last)) return Task::kLanguageModel;
  if (rank == 3 && logits && single && !images) return Task::kCtc;
  if (rank == 2 && (logits || last || ending.end == OutputEnd::kSigmoid)) return Task::kClassify;
  const bool mask = ending.end == OutputEnd::kSigmoid && rank == 4 && scored->dims[1] == 1;
  if (rank == 4 && images && (logits || mask || (softmax && ending.axis == std::size_t{1})))
    return Task::kSegment;
  return Task::kGeneric;
}

Result<ScoredOutput> choose_scored(const model::Graph& graph, const data::Dataset& data,
                                   const metrics::ScoreRequest& request) {
  ScoredOutput scored;
  scored.scorer.output = request.output.empty() ? default_output(graph) : request.output;
  if (find(graph.outputs, scored.scorer.output) == nullptr) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the model has no output '" + request.output + "'",
                 .where = "`output`, " + graph.path,
                 .expected = names_of(graph.outputs)};
  }
  scored.task = request.task ? *request.task : guess_task(graph, data, scored.scorer.output);
  if (const Status named = name_tokens(scored, graph, request); !named) return named.error();
  scored.scorer.class_axis = request.class_axis;
  scored.scorer.blank = request.blank;
  if (const Status named = metrics::check(request.custom); !named) return named.error();
  scored.scorer.custom = request.custom;
  if (const Status decided = decide_scores(scored, graph, request); !decided)
    return decided.error();
  scored.note = note_of(scored, graph, request);
  return scored;
}

Status settle(ScoredOutput& scored, engine::Engine& engine, const data::Dataset& data) {
  if (!scored.by_data) return success();
  scored.by_data = false;
  scored.reason = "no softmax ends the graph, and FP32's rows do not sum to 1";
  const std::size_t fixed = batch_limit(engine.graph());  // where the model fixes its batch
  const bool any = fixed == std::numeric_limits<std::size_t>::max();
  const std::size_t items = std::min(any ? kLookedAt : fixed, data.items());
  if (items == 0) return success();
  auto inputs = data.batch(0, items);
  if (!inputs) return inputs.error();
  const auto outputs = outputs_of(engine, data, 0, items, *inputs);
  if (!outputs) return of_data(outputs.error(), data);
  const auto found = outputs->find(scored.scorer.output);
  if (found == outputs->end() ||
      !metrics::holds_probabilities(found->second, scored.task, scored.scorer.class_axis))
    return success();
  scored.scorer.scores = ScoreKind::kProbabilities;
  scored.reason = "FP32's rows are not negative and sum to 1";
  return success();
}

records::ScoredRecord to_record(const ScoredOutput& scored) {
  const metrics::Metric loss = metrics::loss_of(scored.task);
  const bool classes = metrics::has_classes(scored.task);
  return {.output = scored.scorer.output,
          .task = std::string(metrics::name(scored.task)),
          .scores = classes ? std::string(metrics::name(scored.scorer.scores)) : "",
          .reason = classes ? scored.reason : "",
          .loss = loss.name,
          .unit = loss.unit};
}

}  // namespace posittune::evaluation
