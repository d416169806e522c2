#pragma once

// Splits in a file: data.yaml describes all three.
//   calibrate: text.npz            # a path alone, or:
//   search:
//     kind: coco                   # auto (default), npz, text, images, coco
//     path: search.json            # relative paths are from the yaml's folder
//     images: search/              # coco: where the images are
//     annotations: search.json     # coco: when path is the folder
//     labels: labels.txt           # images: lines FILE LABEL
//     tokenizer: openvino_tokenizer.xml
//     tokenizer_library: libopenvino_tokenizers.so
//     document_start: "<|endoftext|>"
//     sequence: 256                # text: tokens a row
//     limit: 100                   # items
//     sha256: 64 hex digits        # of the data, checked
//     preprocessing:
//       size: 320                  # or [height, width]
//       resize: letterbox          # none (default), stretch, letterbox, center_crop
//       short_side: 256            # center_crop only; default: the larger of height and width
//       pad: 114                   # of 0..255
//       scale: 0.00392156862745098 # 1/255 (default)
//       mean: [0.485, 0.456, 0.406]
//       std: [0.229, 0.224, 0.225]
//       channels: rgb              # rgb (default), bgr
//       layout: nchw               # nchw (default), nhwc
//   report: ...
//   constants:                     # inputs that each run gets as they are
//     sr: 16000
//     scales: [0.667, 1, 0.8]      # or a file.npy
//   batch_axis:                    # where items are not axis 0 of an input or output
//     x: 1

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/data/constants.h"
#include "posittune/data/data_spec.h"

namespace posittune::data {

struct SplitSpecs {
  std::optional<DataSpec> calibrate, search, report;
  ConstantTexts constants{};
  std::map<std::string, std::size_t> batch_axes{};  // key: name of an input or output
};

// Reads a data.yaml. kInput: a file that cannot be read or is no YAML; kUsage, with the line: wrong
// content; an unknown key comes with the nearest known one.
Result<SplitSpecs> read_data_yaml(const std::string& path);

}  // namespace posittune::data
