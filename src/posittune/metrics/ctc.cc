// Recognisers that were trained with CTC: a distribution over symbols and the blank at each step.

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "posittune/base/edit_distance.h"
#include "posittune/base/threads.h"
#include "posittune/metrics/class_rows.h"
#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

using Symbols = std::vector<std::int64_t>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct ItemScores {
  std::vector<RowScores> steps;
  Symbols symbols, reference;  // as decoded
  double edits = 0;            // to the truth; NaN where a step has no best symbol
};

class CtcScorer : public TaskScorer {
 public:
  CtcScorer(const ScorerOptions& options, std::vector<Symbols> sequences)
      : options_(options), sequences_(std::move(sequences)) {}

  Status add(const Batch& batch) override;
  std::vector<MetricSamples> finish(std::size_t units) override;

 private:
  Status check(const Batch& batch, std::size_t classes) const;
  ItemScores score(const ClassRows& reference, const ClassRows& output, std::size_t item) const;
  std::int64_t blank(std::size_t classes) const {
    return options_.blank < 0 ? options_.blank + static_cast<std::int64_t>(classes)
                              : options_.blank;
  }

  ScorerOptions options_;
  std::vector<Symbols> sequences_;  // the truth of each item, or empty: what FP32 spells
  LogitSums steps_;
  UnitSums right_, items_, edits_, symbols_;
};

Status CtcScorer::check(const Batch& batch, std::size_t classes) const {
  if (blank(classes) < 0 || static_cast<std::size_t>(blank(classes)) >= classes) {
    return input_error("the blank is no class of the output", "output",
                       "0 .. " + std::to_string(classes - 1), std::to_string(options_.blank));
  }
  if (sequences_.empty()) return success();
  for (std::size_t item = batch.first_item; item < batch.first_item + batch.items; ++item) {
    const std::string where = "labels, item " + std::to_string(item);
    if (item >= sequences_.size()) {
      return input_error("an item has no label", where, "a sequence for each item",
                         std::to_string(sequences_.size()) + " sequences");
    }
    for (const std::int64_t symbol : sequences_[item]) {
      if (symbol >= 0 && static_cast<std::size_t>(symbol) < classes && symbol != blank(classes))
        continue;
      return input_error("a label is no symbol", where,
                         "0 .. " + std::to_string(classes - 1) +
                             ", the classes of the output, without the blank " +
                             std::to_string(blank(classes)),
                         std::to_string(symbol), "are the labels those of this model?");
    }
  }
  return success();
}

ItemScores CtcScorer::score(const ClassRows& reference, const ClassRows& output,
                            std::size_t item) const {
  std::vector<std::size_t> rows(output.positions);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  ItemScores scores;
  scores.steps = score_rows(reference.item(item).data(), output.item(item).data(), output.classes,
                            rows, 1, options_.scores);
  Symbols best, best_reference;
  for (const RowScores& step : scores.steps) {
    best.push_back(step.best);
    best_reference.push_back(step.best_reference);
  }
  scores.symbols = ctc_decode(best, blank(output.classes));
  scores.reference = ctc_decode(best_reference, blank(output.classes));
  return scores;
}

Status CtcScorer::add(const Batch& batch) {
  if (batch.output.shape.size() != 3) {
    return input_error("the output is not that of a CTC recogniser", "output",
                       "(items, steps, classes)", to_string(batch.output.shape));
  }
  auto reference = class_rows(batch.reference, Task::kCtc, options_.class_axis);
  if (!reference) return reference.error();
  auto output = class_rows(batch.output, Task::kCtc, options_.class_axis);
  if (!output) return output.error();
  if (Status fits = check(batch, output->classes); !fits) return fits;
  std::vector<ItemScores> scores(batch.items);
  parallel_for(batch.items, options_.threads, [&](std::size_t i) {
    scores[i] = score(*reference, *output, i);
    const Symbols& truth =
        sequences_.empty() ? scores[i].reference : sequences_[batch.first_item + i];
    const bool valid =
        std::ranges::find(scores[i].steps, kNoClass, &RowScores::best) == scores[i].steps.end();
    scores[i].edits = valid ? static_cast<double>(edit_distance(scores[i].symbols, truth)) : kNaN;
  });
  for (std::size_t i = 0; i < batch.items; ++i) {
    const std::uint32_t unit = batch.units[i];
    if (Status rows = check_reference(options_, scores[i].steps, batch.first_item + i); !rows)
      return rows;
    for (const RowScores& step : scores[i].steps) steps_.add(unit, step);
    const Symbols& truth =
        sequences_.empty() ? scores[i].reference : sequences_[batch.first_item + i];
    right_.add(unit, scores[i].edits == 0 ? 1 : 0);
    items_.add(unit, 1);
    edits_.add(unit, scores[i].edits);
    symbols_.add(unit, static_cast<double>(truth.size()));
  }
  return success();
}

std::vector<MetricSamples> CtcScorer::finish(std::size_t units) {
  std::vector<MetricSamples> metrics;
  if (steps_.empty()) return metrics;
  const std::string suffix = sequences_.empty() ? "_to_fp32" : "";
  metrics.push_back(ratio({"exact_match" + suffix, Direction::kHigherIsBetter, "", Rank::kTask},
                          right_.take(units), items_.take(units)));
  metrics.push_back(ratio({"cer" + suffix, Direction::kLowerIsBetter, ""}, edits_.take(units),
                          symbols_.take(units)));
  steps_.finish(units, "step", metrics);
  return metrics;
}

}  // namespace

std::vector<std::int64_t> ctc_decode(std::span<const std::int64_t> best, std::int64_t blank) {
  Symbols symbols;
  for (std::size_t t = 0; t < best.size(); ++t) {
    if (best[t] != blank && (t == 0 || best[t] != best[t - 1])) symbols.push_back(best[t]);
  }
  return symbols;
}

std::unique_ptr<TaskScorer> ctc_scorer(const ScorerOptions& options,
                                       std::vector<std::vector<std::int64_t>> sequences) {
  return std::make_unique<CtcScorer>(options, std::move(sequences));
}

}  // namespace posittune::metrics
