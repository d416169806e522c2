#pragma once

// Options of every command that scores a model: which output, by which task, and what its numbers
// are.

#include <string>

#include "posittune/evaluation/scored_output.h"

namespace CLI {
class App;
}

namespace posittune::cli {

void declare_scores(CLI::App& app, evaluation::ScoreRequest& request, const std::string& group);

}  // namespace posittune::cli
