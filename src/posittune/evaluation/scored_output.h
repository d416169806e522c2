#pragma once

// The scored output of a model: which it is, by which task it is scored, and what its numbers are;
// decided once for a run.

#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/data/dataset.h"
#include "posittune/engine/engine.h"
#include "posittune/metrics/scorer.h"
#include "posittune/records/comparison.h"

namespace posittune::evaluation {

struct ScoredOutput {
  metrics::Task task = metrics::Task::kGeneric;
  metrics::ScorerOptions scorer{};  // output, scores, class_axis, blank, tokens
  std::string reason{};             // why the scores are taken for what they are
  bool by_data = false;  // the graph does not say: settle() has to look at FP32's own output
  std::string note{};    // what the user may want to decide otherwise; empty: nothing
};

// The model's first output of float numbers, else its first. Empty without outputs.
std::string default_output(const model::Graph& graph);

// The input that holds a language model's tokens: `input_ids`, else the only input of integers
// (items, tokens) whose name is not that of another part of a tokenizer's output. Empty: none, or
// several.
std::string default_tokens(const model::Graph& graph);

// The task that model and data suggest for an output: by boxes or detector outputs, labels, logits
// of tokens.
metrics::Task guess_task(const model::Graph& graph, const data::Dataset& data,
                         const std::string& output);

// Chooses the scored output. kUsage: an unknown name, an output that the model does not have, an
// axis that the output does not have, scores of a task without classes, a language model without an
// input of tokens. The graph must still have its nodes.
Result<ScoredOutput> choose_scored(const model::Graph& graph, const data::Dataset& data,
                                   const metrics::ScoreRequest& request);

// Settles what the scores are where the graph does not say it: runs FP32 on the first items (at
// most kLookedAt).
inline constexpr std::size_t kLookedAt = 4;
Status settle(ScoredOutput& scored, engine::Engine& engine, const data::Dataset& data);

records::ScoredRecord to_record(const ScoredOutput& scored);

}  // namespace posittune::evaluation
