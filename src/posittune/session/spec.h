#pragma once

// Specifications of a model, and of data for it, on which a session is opened.

#include <cstddef>
#include <map>
#include <string>

#include "posittune/model/select.h"

namespace posittune::session {

struct ModelSpec {
  std::string model{};           // ONNX file, OpenVINO IR (.xml), or zoo:NAME
  model::Selection selection{};  // the layers to quantize
  // Constants, by input: a number, numbers with commas, or a file.npy.
  std::map<std::string, std::string> constants{};
  // Axis of the items, by input or output, where it is not 0.
  std::map<std::string, std::size_t> batch_axes{};
};

// A specification of data: one file that describes all splits, or a path for each; neither: the
// data of zoo:NAME.
struct DataSpec {
  std::string data{};                           // data.yaml
  std::string calibrate{}, search{}, report{};  // .npz, .txt, folder of images, COCO .json
  std::string tokenizer{};                      // OpenVINO IR, for text
  std::string annotations{}, labels{};          // for images
  std::size_t sequence = 0;  // tokens in an item of text; 0: what the model fixes, else 256
  std::size_t limit = 0;     // items of each split at most; 0: all
};

}  // namespace posittune::session
