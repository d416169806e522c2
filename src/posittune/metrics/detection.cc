#include "posittune/metrics/detection.h"

#include <algorithm>
#include <cmath>

namespace posittune::metrics {
namespace {

struct Candidate {
  float score;
  std::int32_t category;
  float x0, y0, x1, y1, area;
};

std::vector<Candidate> candidates(std::span<const float> prediction, std::size_t channels,
                                  std::size_t cells, const DetectorOptions& options) {
  std::vector<Candidate> found;
  for (std::size_t c = 4; c < channels; ++c) {
    for (std::size_t cell = 0; cell < cells; ++cell) {
      const float score = prediction[c * cells + cell];
      if (!(score > options.least_score)) continue;
      const float x = prediction[cell], y = prediction[cells + cell];
      const float w = prediction[2 * cells + cell], h = prediction[3 * cells + cell];
      const Candidate box{
          score, static_cast<std::int32_t>(c - 4), x - w / 2, y - h / 2, x + w / 2, y + h / 2,
          w * h};
      // The sum of the corners is finite when each of them is, or overflows for no real box.
      if (std::isfinite(box.x0 + box.y0 + box.x1 + box.y1)) found.push_back(box);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  if (found.size() > options.candidates) found.resize(options.candidates);
  return found;
}

bool overlap(const Candidate& a, const Candidate& b, float limit) {
  const float width = std::max(0.0f, std::min(a.x1, b.x1) - std::max(a.x0, b.x0));
  const float height = std::max(0.0f, std::min(a.y1, b.y1) - std::max(a.y0, b.y0));
  const float common = width * height;
  return common / (a.area + b.area - common) > limit;  // false for 0 / 0
}

}  // namespace

std::vector<Detection> decode_detections(std::span<const float> prediction, std::size_t channels,
                                         std::size_t cells, const DetectorOptions& options) {
  std::vector<Candidate> kept;
  for (const Candidate& candidate : candidates(prediction, channels, cells, options)) {
    if (kept.size() >= options.boxes) break;
    const bool hidden = std::any_of(kept.begin(), kept.end(), [&](const Candidate& better) {
      return better.category == candidate.category && overlap(better, candidate, options.nms_iou);
    });
    if (!hidden) kept.push_back(candidate);
  }
  std::vector<Detection> detections;
  detections.reserve(kept.size());
  for (const Candidate& c : kept) {
    detections.push_back({c.x0, c.y0, double{c.x1} - double{c.x0}, double{c.y1} - double{c.y0},
                          c.score, c.category});
  }
  return detections;
}

std::vector<records::Box> as_truth(std::span<const Detection> detections) {
  std::vector<records::Box> boxes;
  for (const Detection& d : detections) {
    if (d.score < kAgreementScore) continue;
    boxes.push_back({static_cast<float>(d.x), static_cast<float>(d.y), static_cast<float>(d.width),
                     static_cast<float>(d.height), d.category, false});
  }
  return boxes;
}

}  // namespace posittune::metrics
