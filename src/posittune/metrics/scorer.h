#pragma once

// Scores a model's outputs beside FP32's, batch by batch. Only sums for each unit are kept (for
// detectors the matched boxes of each image), no outputs.
//
//   task            metrics
//   language_model  kl, perplexity, top1_agreement
//   classify        kl, top1_agreement; with labels accuracy, f1_macro, and top5_accuracy for more
//                   than five classes
//   detect          kl, and map, map50 with true boxes, else map_agreement, map50_agreement, whose
//                   truth is what FP32 detects (detection.h)
//   all             cosine, sqnr_db of the scored output
//
//   kl              KL(P_fp32 || P), the mean over tokens or items of the softmax's; for a detector
//                   over images of class scores and boxes (scores.h: detection_kl)
//   perplexity      exp of the mean negative log-likelihood of the next token
//   top1_agreement  part of the tokens or items whose most likely class is FP32's
//   cosine          mean over rows (tokens, items) of the cosine between FP32's row and the model's
//   sqnr_db         10 log10(sum x^2 / sum (x - y)^2) over all elements; infinity for equal outputs
//
// FP32 beside itself has kl 0, agreement 1 and cosine 1 exactly.
//
// An output with NaN or +inf: its row counts as wrong in accuracy, f1_macro, top5_accuracy and
// agreement, its NaN scores are no detections, and kl, perplexity, cosine and sqnr_db of the data
// set become NaN. FP32's own rows are treated alike.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/metrics/detection.h"
#include "posittune/metrics/metric.h"
#include "posittune/records/annotations.h"

namespace posittune::metrics {

enum class Task { kLanguageModel, kClassify, kDetect, kGeneric };

Result<Task> parse_task(std::string_view text);  // "language_model", "classify" ...
std::string_view name(Task task);

struct ScorerOptions {
  std::string output{};              // the scored output; empty: the only one, or the first by name
  std::string tokens = "input_ids";  // of a language model: (items, tokens) integers
  std::string mask = "attention_mask";  // used when the model has such an input
  DetectorOptions detector{};
  int threads = 0;  // 0 = all; the result does not depend on it
};

class TaskScorer;

class Scorer {
 public:
  // annotations: labels for kClassify, boxes for kDetect, each for all items or empty.
  // units: what each item belongs to (any numbers; items of one document share one); empty: each
  // item is a unit.
  Scorer(Task task, ScorerOptions options, records::Annotations annotations,
         std::vector<std::int64_t> units);
  ~Scorer();
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;

  // Items first_item, first_item + 1 .. of the data set, in order: the first dimension of every
  // tensor is the batch. The scored output is float32, of the same shape in both:
  //   kLanguageModel  (items, tokens, classes); position t of a row predicts token t + 1, and
  //                   counts when the mask of both is not 0
  //   kClassify       (items, classes)
  //   kDetect         (items, 4 + classes, cells)
  //   kGeneric        (items, any ...)
  // kInput: a missing output, wrong shapes or types, labels and tokens that are no class (naming
  // the item), fewer labels, boxes or units than items. After an error the scorer is of no use.
  Status add(std::size_t first_item, const Tensors& inputs, const Tensors& reference,
             const Tensors& outputs);

  // Once, after the last batch. kInput when nothing was scored.
  Result<std::vector<MetricSamples>> finish();

 private:
  Result<std::vector<std::uint32_t>> units_of(std::size_t first_item, std::size_t items);

  ScorerOptions options_;
  std::vector<std::int64_t> unit_ids_;
  std::unordered_map<std::int64_t, std::uint32_t> dense_units_;
  std::size_t next_item_ = 0;
  std::unique_ptr<TaskScorer> task_;
};

}  // namespace posittune::metrics
