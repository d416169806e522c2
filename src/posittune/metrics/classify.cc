#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "posittune/metrics/classification.h"
#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

constexpr std::size_t kTop = 5;

class ClassifyScorer : public TaskScorer {
 public:
  ClassifyScorer(const ScorerOptions& options, std::vector<std::int64_t> labels)
      : options_(options), labels_(std::move(labels)) {}

  Status add(const Batch& batch) override;
  std::vector<MetricSamples> finish(std::size_t units) override;

 private:
  Status check_labels(const Batch& batch) const;
  void add_label(std::size_t item, std::uint32_t unit, const RowScores& row,
                 std::span<const float> logits);

  ScorerOptions options_;
  std::vector<std::int64_t> labels_;
  std::size_t outputs_ = 0;  // scores of a row
  std::size_t classes_ = 0;  // the same, but two where one score is that of class 1
  LogitSums logits_;
  UnitSums right_, in_top_, items_;
  std::vector<Decision> decisions_;
};

Status ClassifyScorer::check_labels(const Batch& batch) const {
  for (std::size_t item = batch.first_item; item < batch.first_item + batch.items; ++item) {
    const std::string where = "labels, item " + std::to_string(item);
    if (item >= labels_.size()) {
      return input_error("an item has no label", where, "a label for each item",
                         std::to_string(labels_.size()) + " labels");
    }
    if (labels_[item] < 0 || static_cast<std::size_t>(labels_[item]) >= classes_) {
      return input_error("a label is out of range", where,
                         "0 .. " + std::to_string(classes_ - 1) + ", the classes of the output",
                         std::to_string(labels_[item]), "are the labels those of this model?");
    }
  }
  return success();
}

void ClassifyScorer::add_label(std::size_t item, std::uint32_t unit, const RowScores& row,
                               std::span<const float> logits) {
  const std::int64_t label = labels_[item];
  const bool valid = row.best != kNoClass;
  decisions_.push_back({unit, label, row.best});
  right_.add(unit, row.best == label ? 1 : 0);
  in_top_.add(
      unit,
      valid && outputs_ > kTop && in_top(logits, static_cast<std::size_t>(label), kTop) ? 1 : 0);
  items_.add(unit, 1);
}

Status ClassifyScorer::add(const Batch& batch) {
  const TensorShape& shape = batch.output.shape;
  const bool flat =
      shape.size() >= 2 && shape[1] > 0 && batch.output.size() == batch.items * shape[1];
  if (!flat || (outputs_ != 0 && shape[1] != outputs_)) {
    return input_error(
        "the output is not the logits of a classifier", "output",
        outputs_ == 0 ? "(items, classes)" : "(items, " + std::to_string(outputs_) + ")",
        to_string(shape));
  }
  outputs_ = shape[1];
  if (Status several = check_classes(options_, outputs_); !several) return several;
  classes_ = std::max<std::size_t>(outputs_, 2);
  if (!labels_.empty()) {
    if (Status labels = check_labels(batch); !labels) return labels;
  }
  std::vector<std::size_t> rows(batch.items);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const auto outputs = batch.output.as<float>();
  const auto scores = score_rows(batch.reference.as<float>().data(), outputs.data(), outputs_, rows,
                                 options_.threads, options_.scores);
  for (std::size_t i = 0; i < batch.items; ++i) {
    if (Status row =
            check_reference(options_, std::span(scores).subspan(i, 1), batch.first_item + i);
        !row)
      return row;
    logits_.add(batch.units[i], scores[i]);
    if (!labels_.empty()) {
      add_label(batch.first_item + i, batch.units[i], scores[i],
                outputs.subspan(i * outputs_, outputs_));
    }
  }
  return success();
}

std::vector<MetricSamples> ClassifyScorer::finish(std::size_t units) {
  std::vector<MetricSamples> metrics;
  if (logits_.empty()) return metrics;
  if (!labels_.empty()) {
    const std::vector<double> items = items_.take(units);
    metrics.push_back(ratio({"accuracy", Direction::kHigherIsBetter, "", Rank::kTask},
                            right_.take(units), items));
    if (classes_ > kTop) {
      metrics.push_back(
          ratio({"top5_accuracy", Direction::kHigherIsBetter, ""}, in_top_.take(units), items));
    }
    metrics.push_back({{"f1_macro", Direction::kHigherIsBetter, ""},
                       std::make_shared<MacroF1>(std::move(decisions_), classes_, units)});
  }
  logits_.finish(units, "item", metrics);
  return metrics;
}

}  // namespace

std::unique_ptr<TaskScorer> classify_scorer(const ScorerOptions& options,
                                            std::vector<std::int64_t> labels) {
  return std::make_unique<ClassifyScorer>(options, std::move(labels));
}

}  // namespace posittune::metrics
