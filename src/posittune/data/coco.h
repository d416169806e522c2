#pragma once

// Object annotations of COCO: https://cocodataset.org/#format-data

#include <cstdint>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/data/image.h"
#include "posittune/records/annotations.h"

namespace posittune::data {

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;
  ImageSize size;                   // 0 x 0 when the file does not say
  std::vector<records::Box> boxes;  // pixels of the file; category: position in `categories`
};

struct Coco {
  std::vector<CocoImage> images;         // file order
  std::vector<std::int64_t> categories;  // ids, ascending
  std::vector<std::string> category_names;
};

// Reads annotations. kInput, with the place as a JSON pointer: not JSON, a field missing or of
// another type, an image or category that is not listed, an id twice, a box that is not finite or
// has a negative side, no images. Unknown fields are ignored, as is `segmentation`.
Result<Coco> read_coco(const std::string& path);

}  // namespace posittune::data
