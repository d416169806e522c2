#pragma once

// Detections: from a detector's output to boxes, as YOLOv8's own exporters and evaluators do it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "posittune/records/annotations.h"

namespace posittune::metrics {

// A detection in pixels; x and y are its upper left corner.
struct Detection {
  double x = 0, y = 0, width = 0, height = 0;
  float score = 0;
  std::int32_t category = 0;
};

struct DetectorOptions {
  float least_score = 0.001f;     // scores above it are candidates; COCO's curve wants nearly all
  float nms_iou = 0.7f;           // IoU above which the worse of two boxes of a class goes
  std::size_t candidates = 1000;  // the best so many enter NMS, which takes quadratic time
  std::size_t boxes = 100;        // the best so many leave it (COCO's maxDets)
};

// Decodes `prediction`, one image's (4 + classes, cells) array: rows centre x, centre y, width,
// height in pixels, then the score of each class from 0 to 1. A cell may report several classes;
// NMS runs per class. Boxes come best first; of equal scores the lower class, then the lower cell.
// Boxes that are not finite and scores that are NaN are left out. Needs channels > 4.
std::vector<Detection> decode_detections(std::span<const float> prediction, std::size_t channels,
                                         std::size_t cells, const DetectorOptions& options = {});

// Detections taken as the truth, for "agreement with FP32": those with a score of at least
// kAgreementScore, about where detectors report an object to their users.
inline constexpr float kAgreementScore = 0.25f;
std::vector<records::Box> as_truth(std::span<const Detection> detections);

}  // namespace posittune::metrics
