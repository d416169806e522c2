#include "posittune/report/scored_text.h"

#include <fmt/format.h>

namespace posittune::report {

std::string scored_text(const records::ScoredRecord& scored) {
  std::string text = fmt::format("output '{}'", scored.output);
  if (!scored.scores.empty()) text += fmt::format(" as {} ({})", scored.scores, scored.reason);
  return text + fmt::format(", task {}", scored.task);
}

std::string loss_title(const records::ScoredRecord& scored) {
  return scored.loss == "kl" ? "KL" : scored.loss == "disagreement" ? "1 - agreement" : scored.loss;
}

}  // namespace posittune::report
