#include "posittune/cli/score_options.h"

#include <CLI/CLI.hpp>

namespace posittune::cli {

void declare_scores(CLI::App& app, evaluation::ScoreRequest& request, const std::string& group) {
  app.add_option("--task", request.task,
                 "what the output is, and so how it is scored: language_model; classify; detect "
                 "(boxes of YOLOv8's layout); "
                 "ctc (symbols at each step); segment (classes at each pixel); generic (plain "
                 "numbers); agreement (integers); "
                 "auto: what model and data suggest")
      ->default_val("auto")
      ->group(group);
  app.add_option("--output", request.output,
                 "output that is scored (default: the first one of float numbers)")
      ->group(group);
  app.add_option(
         "--scores", request.scores,
         "what scores of classes are: logits; probabilities (KL = sum of p log(p / max(q, "
         "1.18e-38))); sigmoid: one "
         "probability for each class (KL = sum over classes, from 1e-7 to 1 - 1e-7). Default: by "
         "the graph's last "
         "operator, or probabilities where FP32's rows are not negative and sum to 1 within 0.001")
      ->check(CLI::IsMember({"logits", "probabilities", "sigmoid"}))
      ->group(group);
  app.add_option("--class-axis", request.class_axis,
                 "axis of the output that holds the classes (default: ctc the last, segment 1)")
      ->check(CLI::Range(-16, 16))
      ->group(group);
  app.add_option("--blank", request.blank, "ctc: the class that is no symbol; -1: the last")
      ->check(CLI::Range(-(1 << 20), 1 << 20))
      ->default_val("0")
      ->group(group);
}

}  // namespace posittune::cli
