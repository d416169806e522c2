#include <string>
#include <utility>

#include "posittune/base/threads.h"
#include "posittune/metrics/average_precision.h"
#include "posittune/metrics/task_scorer.h"

namespace posittune::metrics {
namespace {

struct ImageScores {
  ImageMatch match;
  double kl = 0;
  Deviation deviation;
};

class DetectScorer : public TaskScorer {
 public:
  DetectScorer(const ScorerOptions& options, std::vector<std::vector<records::Box>> boxes,
               std::vector<std::int64_t> image_ids)
      : options_(options), boxes_(std::move(boxes)), image_ids_(std::move(image_ids)) {}

  Status add(const Batch& batch) override;
  std::vector<MetricSamples> finish(std::size_t units) override;

 private:
  Status check_boxes(const Batch& batch, std::size_t classes) const;
  ImageScores score(const Batch& batch, std::size_t image) const;

  ScorerOptions options_;
  std::vector<std::vector<records::Box>> boxes_;
  std::vector<std::int64_t> image_ids_;  // of each item, or empty: its number
  std::vector<ImageMatch> matches_;
  std::vector<std::uint32_t> unit_of_;
  UnitSums kl_, images_;
  UnitDeviation deviation_;
};

Status DetectScorer::check_boxes(const Batch& batch, std::size_t classes) const {
  for (std::size_t item = batch.first_item; item < batch.first_item + batch.items; ++item) {
    const std::string where = "item " + std::to_string(item);
    if (item >= boxes_.size()) {
      return input_error("an image has no list of true boxes", where,
                         "a list, maybe empty, for each image",
                         std::to_string(boxes_.size()) + " lists");
    }
    for (const records::Box& box : boxes_[item]) {
      if (box.category >= 0 && static_cast<std::size_t>(box.category) < classes) continue;
      return input_error("the class of a true box is out of range", where,
                         "0 .. " + std::to_string(classes - 1) + ", the classes of the output",
                         std::to_string(box.category), "are the boxes those of this model?");
    }
  }
  return success();
}

ImageScores DetectScorer::score(const Batch& batch, std::size_t image) const {
  const std::size_t channels = batch.output.shape[1], cells = batch.output.shape[2];
  const auto part = [&](const Tensor& tensor) {
    return tensor.as<float>().subspan(image * channels * cells, channels * cells);
  };
  const auto reference = part(batch.reference), output = part(batch.output);
  const auto detections = decode_detections(output, channels, cells, options_.detector);
  ImageScores scores;
  if (boxes_.empty()) {
    const auto found = decode_detections(reference, channels, cells, options_.detector);
    scores.match = match_image(detections, as_truth(found));
  } else {
    scores.match = match_image(detections, boxes_[batch.first_item + image]);
  }
  scores.kl = detection_kl(reference, output, channels, cells);
  scores.deviation = deviation(reference, output);
  return scores;
}

Status DetectScorer::add(const Batch& batch) {
  const TensorShape& shape = batch.output.shape;
  if (shape.size() != 3 || shape[1] < 5 || shape[2] == 0) {
    return input_error("the output is not that of a detector of YOLOv8's layout", "output",
                       "(items, 4 + classes, cells)", to_string(shape));
  }
  if (!boxes_.empty()) {
    if (Status boxes = check_boxes(batch, shape[1] - 4); !boxes) return boxes;
  }
  std::vector<ImageScores> scores(batch.items);
  parallel_for(batch.items, options_.threads,
               [&](std::size_t image) { scores[image] = score(batch, image); });
  for (std::size_t i = 0; i < batch.items; ++i) {
    const std::size_t item = batch.first_item + i;
    scores[i].match.image_id =
        item < image_ids_.size() ? image_ids_[item] : static_cast<std::int64_t>(item);
    matches_.push_back(std::move(scores[i].match));
    unit_of_.push_back(batch.units[i]);
    kl_.add(batch.units[i], scores[i].kl);
    images_.add(batch.units[i], 1);
    deviation_.add(batch.units[i], scores[i].deviation);
  }
  return success();
}

std::vector<MetricSamples> DetectScorer::finish(std::size_t units) {
  std::vector<MetricSamples> metrics;
  if (matches_.empty()) return metrics;
  const auto table = std::make_shared<const MatchTable>(matches_, unit_of_, units);
  const std::string suffix = boxes_.empty() ? "_agreement" : "";
  metrics.push_back({{"map" + suffix, Direction::kHigherIsBetter, "", Rank::kTask},
                     std::make_shared<AveragePrecision>(table, kIous)});
  metrics.push_back({{"map50" + suffix, Direction::kHigherIsBetter, ""},
                     std::make_shared<AveragePrecision>(table, std::size_t{1})});
  metrics.push_back(ratio(loss_of(Task::kDetect), kl_.take(units), images_.take(units)));
  deviation_.finish(units, metrics);
  return metrics;
}

}  // namespace

std::unique_ptr<TaskScorer> detect_scorer(const ScorerOptions& options,
                                          std::vector<std::vector<records::Box>> boxes,
                                          std::vector<std::int64_t> image_ids) {
  return std::make_unique<DetectScorer>(options, std::move(boxes), std::move(image_ids));
}

}  // namespace posittune::metrics
