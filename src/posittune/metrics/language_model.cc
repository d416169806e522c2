#include <cmath>
#include <string>

#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

class LanguageModelScorer : public TaskScorer {
 public:
  explicit LanguageModelScorer(const ScorerOptions& options) : options_(options) {}

  Status add(const Batch& batch) override;
  std::vector<MetricSamples> finish(std::size_t units) override;

 private:
  // The integers of input `name`, of shape (items, tokens).
  Result<std::vector<std::int64_t>> input(const Batch& batch, const std::string& name) const;

  ScorerOptions options_;
  LogitSums logits_;
  UnitSums nll_, tokens_;
};

Result<std::vector<std::int64_t>> LanguageModelScorer::input(const Batch& batch,
                                                             const std::string& name) const {
  const auto found = batch.inputs.find(name);
  if (found == batch.inputs.end()) {
    std::string names;
    for (const auto& [other, tensor] : batch.inputs) names += (names.empty() ? "" : ", ") + other;
    return input_error("a language model's tokens are not among its inputs", "input '" + name + "'",
                       "an input of that name", names.empty() ? "no inputs" : names,
                       "name the input that holds the tokens");
  }
  const TensorShape expected = {batch.items, batch.output.shape[1]};
  if (found->second.shape != expected) {
    return input_error("an input does not fit the logits", "input '" + name + "'",
                       to_string(expected) + ", (items, tokens) of the logits",
                       to_string(found->second.shape));
  }
  return integers(found->second, name);
}

Status LanguageModelScorer::add(const Batch& batch) {
  const TensorShape& shape = batch.output.shape;
  if (shape.size() != 3 || shape[2] == 0) {
    return input_error("the output is not the logits of a language model", "output",
                       "(items, tokens, classes)", to_string(shape));
  }
  const std::size_t length = shape[1], classes = shape[2];
  if (Status several = check_classes(options_, classes); !several) return several;
  auto tokens = input(batch, options_.tokens);
  if (!tokens) return tokens.error();
  std::vector<std::int64_t> mask(tokens->size(), 1);
  if (batch.inputs.contains(options_.mask)) {
    auto given = input(batch, options_.mask);
    if (!given) return given.error();
    mask = std::move(*given);
  }
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < tokens->size(); ++row) {
    if (row % length + 1 == length || mask[row] == 0 || mask[row + 1] == 0) continue;
    const std::int64_t target = (*tokens)[row + 1];
    if (target < 0 || static_cast<std::size_t>(target) >= classes) {
      return input_error("a token is not in the vocabulary of the logits",
                         "item " + std::to_string(batch.first_item + row / length) + ", token " +
                             std::to_string(row % length + 1),
                         "0 .. " + std::to_string(classes - 1), std::to_string(target),
                         "was the text tokenized for another model?");
    }
    rows.push_back(row);
  }
  const auto outputs = batch.output.as<float>();
  const auto scores = score_rows(batch.reference.as<float>().data(), outputs.data(), classes, rows,
                                 options_.threads, options_.scores);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t item = batch.first_item + rows[i] / length;
    if (Status row = check_reference(options_, std::span(scores).subspan(i, 1), item); !row)
      return row;
    const std::uint32_t unit = batch.units[rows[i] / length];
    const auto target = static_cast<std::size_t>((*tokens)[rows[i] + 1]);
    logits_.add(unit, scores[i]);
    nll_.add(unit, surprisal(options_.scores, scores[i], outputs[rows[i] * classes + target]));
    tokens_.add(unit, 1);
  }
  return success();
}

std::vector<MetricSamples> LanguageModelScorer::finish(std::size_t units) {
  std::vector<MetricSamples> metrics;
  if (logits_.empty()) return metrics;
  logits_.finish(units, "token", metrics);
  metrics.insert(metrics.begin() + 1,
                 ratio({"perplexity", Direction::kLowerIsBetter, "", Rank::kTask}, nll_.take(units),
                       tokens_.take(units), [](double mean) { return std::exp(mean); }));
  return metrics;
}

}  // namespace

std::unique_ptr<TaskScorer> language_model_scorer(const ScorerOptions& options) {
  return std::make_unique<LanguageModelScorer>(options);
}

}  // namespace posittune::metrics
