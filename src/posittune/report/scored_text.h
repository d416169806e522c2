#pragma once

// What is scored, in words.

#include <string>

#include "posittune/records/comparison.h"

namespace posittune::report {

// "output 'probs' as probabilities (the graph ends in Softmax), task classify"
std::string scored_text(const records::ScoredRecord& scored);

// How tables call the loss: "KL", "rel_sq_error", "1 - agreement".
std::string loss_title(const records::ScoredRecord& scored);

}  // namespace posittune::report
