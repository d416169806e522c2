#pragma once

// Scorer: compares a model's outputs with FP32's, batch by batch. Only sums for each unit are kept
// (for detectors the matched boxes of each image), no outputs.
//
//   task            metrics
//   language_model  kl, perplexity, top1_agreement
//   classify        kl, top1_agreement; with labels accuracy, f1_macro, and top5_accuracy for more
//                   than five classes
//   detect          kl, and map, map50 with true boxes, else map_agreement, map50_agreement, whose
//                   truth is what FP32 detects (detection.h)
//   ctc             kl, top1_agreement of the steps; exact_match and cer with labels, else
//                   exact_match_to_fp32 and cer_to_fp32, whose truth is what FP32 spells
//   segment         kl, top1_agreement of the positions
//   generic         rel_sq_error
//   all of these    cosine, sqnr_db of the scored output
//   agreement       agreement alone: of outputs of integers
//
//   kl              KL(P_fp32 || P) in nats, the mean over tokens, items, steps or positions; what
//                   P is of a row, ScorerOptions::scores says (scores.h); for a detector over
//                   images of class scores and boxes (scores.h: detection_kl)
//   rel_sq_error    mean over items of sum (x - y)^2 / sum x^2
//   agreement       part of the elements that are FP32's
//   exact_match     part of the items whose best path (ctc_decode) is the label
//   cer             edits (insertions, deletions, substitutions) to the labels / symbols of the
//                   labels
//   perplexity      exp of the mean negative log-likelihood of the next token
//   top1_agreement  part of the tokens or items whose most likely class is FP32's
//   cosine          mean over rows (tokens, items) of the cosine between FP32's row and the model's
//   sqnr_db         10 log10(sum x^2 / sum (x - y)^2) over all elements; infinity for equal outputs
//
// Accuracy and agreement of a classifier of one class (kSigmoid): the class is score > 0.5.
//
// FP32 beside itself has kl and rel_sq_error 0, agreement 1 and cosine 1 exactly.
//
// An output with NaN or +inf: its row counts as wrong in accuracy, f1_macro, top5_accuracy and
// agreement, its item in exact_match, its NaN scores are no detections, and kl, cer, perplexity,
// cosine and sqnr_db of the data set become NaN. FP32's own rows are treated alike.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/metrics/custom_metric.h"
#include "posittune/metrics/detection.h"
#include "posittune/metrics/metric.h"
#include "posittune/metrics/score_kind.h"
#include "posittune/records/annotations.h"

namespace posittune::metrics {

enum class Task { kLanguageModel, kClassify, kDetect, kCtc, kSegment, kGeneric, kAgreement };

Result<Task> parse_task(std::string_view text);  // "language_model", "classify" ...
std::string_view name(Task task);

// Whether the outputs of a task are scores of classes, whose kind ScorerOptions::scores gives.
bool has_classes(Task task);

// The loss of a task, which sensitivity and search minimise: "kl", "rel_sq_error", or
// "disagreement", which is 1 - agreement.
Metric loss_of(Task task);

struct ScorerOptions {
  std::string output{};  // the scored output; empty: the only one, or the first by name
  ScoreKind scores = ScoreKind::kLogits;  // for tasks that have classes
  std::optional<int> class_axis{};        // kCtc, kSegment: see class_axis()
  std::int64_t blank = 0;  // kCtc: the class that is no symbol; from the end where negative
  std::string tokens = "input_ids";     // a language model's input, (items, tokens) integers
  std::string mask = "attention_mask";  // used when the model has such an input
  DetectorOptions detector{};
  std::vector<CustomMetric> custom{};  // the user's, beside those of the task
  int threads = 0;                     // 0 = all; the result does not depend on it
};

// A user's request of what is scored, and how; an empty member: decided by model and data
// (evaluation/scored_output.h).
struct ScoreRequest {
  std::optional<Task> task{};
  std::string output{};               // name of the model's output
  std::optional<ScoreKind> scores{};  // for tasks that have classes
  std::string tokens{};               // a language model's input of tokens
  std::optional<int> class_axis{};
  std::int64_t blank = 0;              // see ScorerOptions
  std::vector<CustomMetric> custom{};  // not of a sensitivity analysis, which has but the loss
};

// The identity of task and options for keys, all that results depend on but custom metrics, which
// have their own: "classify/probs/probabilities".
std::string identity(Task task, const ScorerOptions& options);

// The axis of an output of this many dimensions that holds the classes: `wanted` (from the end
// where it is negative), else 1 for kSegment (items, classes, ...) and the last one for all other
// tasks. None where there is no such axis, or it is that of the items.
std::optional<std::size_t> class_axis(Task task, std::size_t dimensions, std::optional<int> wanted);

// Whether all rows along the class axis are not negative and sum to 1, see score_kind.h; false
// where there is no such axis or but one class.
bool holds_probabilities(const Tensor& output, Task task, std::optional<int> class_axis);

// The best path of a CTC output: runs of one symbol are one, then blanks go away.
// source: A. Graves et al., "Connectionist Temporal Classification", 2006, section 3.2.
std::vector<std::int64_t> ctc_decode(std::span<const std::int64_t> best, std::int64_t blank);

class TaskScorer;

class Scorer {
 public:
  // Makes a scorer. annotations: labels for kClassify, boxes for kDetect, sequences (or labels, as
  // sequences of one) for kCtc, each for all items or empty. units: the unit of each item (any
  // numbers; items of one document share one); empty: each item is a unit.
  Scorer(Task task, ScorerOptions options, records::Annotations annotations,
         std::vector<std::int64_t> units);
  ~Scorer();
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;

  // Adds items first_item, first_item + 1 .. of the data set, in order: the first dimension of
  // every tensor is the batch. The scored output is float32 (kAgreement: integers), of the same
  // shape in both:
  //   kLanguageModel  (items, tokens, classes); position t of a row predicts token t + 1, and
  //                   counts when the mask of both is not 0
  //   kClassify       (items, classes), and dimensions of 1 behind
  //   kDetect         (items, 4 + classes, cells)
  //   kCtc            (items, steps, classes), or (items, classes, steps) by class_axis
  //   kSegment        (items, classes, ...), or as class_axis says
  //   kGeneric, kAgreement  (items, any ...)
  // kInput: a missing output, wrong shapes or types, FP32's rows not of the kind of scores, labels
  // and tokens that are no class (naming the item), fewer labels, boxes or units than items,
  // numbers of custom metrics that are none (CustomSums). After an error the scorer is of no use.
  Status add(std::size_t first_item, const Tensors& inputs, const Tensors& reference,
             const Tensors& outputs);

  // Units with a NaN in the scored output, or an infinity where the reference is finite.
  std::size_t nonfinite() const { return nonfinite_.size(); }

  // The metrics. Call it once, after the last batch. kInput when nothing was scored; kUsage where
  // the task has a metric with the name of a custom one.
  Result<std::vector<MetricSamples>> finish();

 private:
  Result<std::vector<std::uint32_t>> units_of(std::size_t first_item, std::size_t items);
  Status add_custom(const ItemBatch& batch, std::span<const std::uint32_t> units,
                    const std::vector<bool>& broken);

  Task task_kind_;
  ScorerOptions options_;
  Status annotations_fit_;
  std::vector<std::int64_t> unit_ids_;
  std::unordered_map<std::int64_t, std::uint32_t> dense_units_;
  std::size_t next_item_ = 0;
  std::unordered_set<std::uint32_t> nonfinite_;
  CustomSums custom_;
  records::Annotations annotations_;  // for custom metrics
  std::unique_ptr<TaskScorer> task_;
};

}  // namespace posittune::metrics
