#pragma once

// Scored output: the output of a model that is scored, by which task, and what its numbers are. It
// is decided once for a run.

#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/data/dataset.h"
#include "posittune/engine/engine.h"
#include "posittune/metrics/scorer.h"
#include "posittune/records/comparison.h"

namespace posittune::evaluation {

// ScoredOutput: what was decided.
struct ScoredOutput {
  metrics::Task task = metrics::Task::kGeneric;
  metrics::ScorerOptions scorer{};  // output, scores, class_axis, blank, tokens
  std::string reason{};             // why the scores are taken for what they are
  bool by_data = false;             // the graph does not tell: settle() looks at FP32's own output
  std::string note{};               // a decision that the user may want to change; empty: none
};

// The output that is scored where the user names none: the first of float numbers, else the first.
// Empty where the model has no outputs.
std::string default_output(const model::Graph& graph);

// The input that holds a language model's tokens: `input_ids`, else the only input of integers
// (items, tokens) whose name is not that of another part of a tokenizer's output. Empty: none, or
// several.
std::string default_tokens(const model::Graph& graph);

// Guesses the task of an output from the model and the data: boxes or a detector's outputs, labels,
// logits of tokens.
metrics::Task guess_task(const model::Graph& graph, const data::Dataset& data,
                         const std::string& output);

// Chooses the scored output. kUsage: an unknown name, an output that the model does not have, an
// axis that the output does not have, scores of a task without classes, a language model without an
// input of tokens. The graph must still have its nodes.
Result<ScoredOutput> choose_scored(const model::Graph& graph, const data::Dataset& data,
                                   const metrics::ScoreRequest& request);

// Settles what the scores are where the graph does not tell: runs FP32 on the first items, at most
// kLookedAt.
inline constexpr std::size_t kLookedAt = 4;
Status settle(ScoredOutput& scored, engine::Engine& engine, const data::Dataset& data);

records::ScoredRecord to_record(const ScoredOutput& scored);

}  // namespace posittune::evaluation
