#pragma once

// Annotations: the ground truth for the items of a data set.

#include <cstdint>
#include <vector>

namespace posittune::records {

// A box in pixels; x, y is the upper left corner (COCO's convention).
struct Box {
  float x = 0, y = 0, width = 0, height = 0;
  std::int32_t category = 0;
  bool crowd = false;  // COCO iscrowd: neither found nor missed
};

struct Annotations {
  std::vector<std::int64_t> labels{};     // one class for each item, or empty
  std::vector<std::vector<Box>> boxes{};  // the objects of each item, or empty
  std::vector<std::int64_t> image_ids{};  // id of each item where boxes come with ids, or empty
  // A sequence of symbols for each item (the text of a recording), or empty.
  std::vector<std::vector<std::int64_t>> sequences{};
};

}  // namespace posittune::records
