#pragma once

// Mean average precision of COCO, area "all": the mean over classes, ten IoUs (0.50, 0.55 .. 0.95)
// and 101 recalls (0, 0.01 .. 1) of the interpolated precision.
// source: T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", 2014, and the evaluation
// code that defines it, cocoeval.py of pycocotools 2.0.11.
//
// An image is matched once; the bootstrap then only counts. Precision is interpolated by a maximum,
// so estimates from few images are too high, and those of resamples a little more than that of the
// images themselves: by 0.003 for a mAP of 0.609 on 250 images of the zoo, where the interval is
// 0.591 to 0.633.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "posittune/metrics/bootstrap.h"
#include "posittune/metrics/detection.h"
#include "posittune/records/annotations.h"

namespace posittune::metrics {

inline constexpr std::size_t kIous = 10;
inline constexpr std::size_t kMostDetections = 100;  // counted per class and image

// A matched detection; bit t of a mask belongs to IoU t.
struct MatchedDetection {
  std::int32_t category = 0;
  float score = 0;
  std::uint16_t found = 0;    // it found an object
  std::uint16_t ignored = 0;  // it lies on a crowd: neither right nor wrong
};

struct ImageMatch {
  std::vector<MatchedDetection> detections;                     // sorted by class, best first
  std::vector<std::pair<std::int32_t, std::uint32_t>> objects;  // class, how many without crowds
  std::int64_t image_id = 0;                                    // decides between equal scores
};

// Matches greedily, class by class, best detection first: each takes the free object of the highest
// IoU at or above the threshold (of equal ones the last), a crowd only if there is none; crowds
// take any number, and their IoU is the part of the detection inside. Boxes without area overlap
// nothing. Detections with a NaN score are left out.
ImageMatch match_image(std::span<const Detection> detections, std::span<const records::Box> truth);

// A table of matches for a set of images: for each class the detections of all images in the order
// of their scores. Equal scores come in the order of their images' ids, as in cocoeval.py, which
// sorts the ids and then the scores, stably; of equal ids in the order of `images`.
class MatchTable {
 public:
  // Makes the table; unit_of[i] < units is the unit of image i.
  MatchTable(std::span<const ImageMatch> images, std::span<const std::uint32_t> unit_of,
             std::size_t units);
  std::size_t units() const { return units_; }
  // The mean over the first `ious` thresholds and over the classes of which there is an object; NaN
  // when there is none.
  double mean_average_precision(std::span<const std::uint32_t> times, std::size_t ious) const;

 private:
  struct Event {  // a detection that is not simply wrong
    std::uint32_t position = 0;
    bool found = false;  // else ignored
  };
  struct Category {
    std::int32_t id = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> objects;  // unit, how many
    std::vector<std::uint32_t> detections;                         // unit, best score first
    std::array<std::vector<Event>, kIous> events;
  };
  struct Scratch;
  static double average_precision(const Category& category, std::size_t iou,
                                  std::span<const std::uint32_t> times, double objects,
                                  Scratch& scratch);
  std::size_t units_ = 0;
  std::vector<Category> categories_;
};

// mAP (ious = kIous) or mAP50 (ious = 1) as a statistic for the bootstrap.
class AveragePrecision : public Statistic {
 public:
  AveragePrecision(std::shared_ptr<const MatchTable> table, std::size_t ious)
      : table_(std::move(table)), ious_(ious) {}
  std::size_t units() const override { return table_->units(); }
  double value(std::span<const std::uint32_t> times) const override {
    return table_->mean_average_precision(times, ious_);
  }

 private:
  std::shared_ptr<const MatchTable> table_;
  std::size_t ious_;
};

}  // namespace posittune::metrics
