#pragma once

// The scored output in words.

#include <string>

#include "posittune/records/comparison.h"

namespace posittune::report {

// The sentence: "output 'probs' as probabilities (the graph ends in Softmax), task classify".
std::string scored_text(const records::ScoredRecord& scored);

// The title of the loss in tables: "KL", "rel_sq_error", "1 - agreement".
std::string loss_title(const records::ScoredRecord& scored);

}  // namespace posittune::report
