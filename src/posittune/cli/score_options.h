#pragma once

// Options of every command that scores a model: which output, by which task, and what its numbers are.

#include <string>

#include "posittune/evaluation/scored_output.h"

namespace CLI {
class App;
}

namespace posittune::cli {

void declare_scores(CLI::App& app, evaluation::ScoreRequest& request, const std::string& group);

// "output 'probs' as probabilities (the graph ends in Softmax), task classify"
std::string scored_text(const records::ScoredRecord& scored);

// How tables call the loss: "KL", "rel_sq_error", "1 - agreement".
std::string loss_title(const records::ScoredRecord& scored);

}  // namespace posittune::cli
