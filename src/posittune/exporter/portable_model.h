#pragma once

// A model's numbers under a recipe, apart from the model: what is exported, and what an archive
// holds.

#include <map>
#include <string>
#include <vector>

#include "posittune/base/tensor.h"
#include "posittune/exporter/coded_weight.h"
#include "posittune/model/stored_layout.h"
#include "posittune/quant/recipe.h"

namespace posittune::exporter {

struct PortableWeight {
  CodedWeight codes;
  TensorShape shape;                 // as the model's file stores it
  model::StoredLayout layout{};      // where the matrix of `codes` lies in that
  std::vector<std::string> readers;  // layers that read it quantized; others read it in FP32

  friend bool operator==(const PortableWeight&, const PortableWeight&) = default;
};

// An input of a layer that is rounded.
struct PortableInput {
  std::size_t operands = 1;     // 2: a product of two activations
  std::vector<float> scales{};  // one for each operand; empty: chosen per token

  friend bool operator==(const PortableInput&, const PortableInput&) = default;
};

struct PortableModel {
  std::string model_sha256;  // of the model that the numbers are of: records::ModelRecord
  quant::Recipe recipe;
  std::map<std::string, PortableWeight> weights;  // key: name of the weight
  std::map<std::string, PortableInput> inputs;    // key: name of the layer
  // Corrections, added to biases: one for each output channel, by the layer's name.
  std::map<std::string, std::vector<float>> corrections;

  friend bool operator==(const PortableModel&, const PortableModel&) = default;
};

}  // namespace posittune::exporter
