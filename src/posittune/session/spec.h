#pragma once

// What a session is opened on: a model, and data for it.

#include <cstddef>
#include <map>
#include <string>

#include "posittune/model/graph.h"

namespace posittune::session {

struct ModelSpec {
  std::string model{};           // ONNX file, OpenVINO IR (.xml), or zoo:NAME
  model::Selection selection{};  // the layers to quantize
  std::map<std::string, std::string>
      constants{};  // input -> number, numbers with commas, or a file.npy
  std::map<std::string, std::size_t>
      batch_axes{};  // input or output -> axis of its items, where not 0
};

// One file that describes all splits, or a path for each; neither: the data that zoo:NAME brings.
struct DataSpec {
  std::string data{};                           // data.yaml
  std::string calibrate{}, search{}, report{};  // .npz, .txt, folder of images, COCO .json
  std::string tokenizer{};                      // of text: OpenVINO IR
  std::string annotations{}, labels{};          // of images
  std::size_t sequence = 0;  // tokens in an item of text; 0: what the model fixes, else 256
  std::size_t limit = 0;     // items of each split at most; 0: all
};

}  // namespace posittune::session
