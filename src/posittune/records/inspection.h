#pragma once

// Inspection of a model: what can be quantized, and what cannot and why; the result of `posittune
// inspect`.
//
// As JSON:
//   {"model": "gpt2.onnx",
//    "rows": [{"layer", "kind", "weight": name or null, "input_shape", "output_shape", "groups",
//              "macs": number or null, "quantized", and with a weight "weight_shape", "channels",
//              "parameters", "min", "max", "rms", "kurtosis", "shares_weight_with": [layers]},
//              ...],
//    "products": [{"product", "kind", "reason", "constants", "elements", "bytes",
//                  "already_quantized", "macs": number or null, "note"}, ...],
//    "elementwise": [{"product", "kind", "constants", "elements", "bytes",
//                     "where": the body it is in, if any}, ...],
//    "notes": [...], "other_parameters": 1, "other_bytes": 4}

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace posittune::records {

struct InspectedWeight {
  std::string name;
  std::vector<std::size_t> shape;  // stored shape
  std::size_t channels = 0, parameters = 0;
  double min = 0, max = 0, rms = 0, kurtosis = 0;  // quant/summary.h
  std::vector<std::string> layers{};               // users of the weight
};

struct InspectedLayer {
  std::string name, kind;
  std::optional<InspectedWeight> weight{};
  std::string input_shape, output_shape;  // "?" where the model leaves a dimension open
  std::size_t groups = 1;
  std::optional<std::uint64_t> macs{};  // none: not known for these shapes
  bool quantized = false;               // chosen by the selection
};

// A node that multiplies and adds but is no layer: it stays as it is.
struct InspectedProduct {
  std::string name, kind, reason;
  std::vector<std::string> constants{};  // constant operands; none: a product of activations
  std::uint64_t elements = 0, bytes = 0;
  bool already_quantized = false;
  std::optional<std::uint64_t> macs{};
  std::string note{};  // why it may run more often than counted
  std::string text{};  // all of it in a sentence, which is among the notes of the document
};

// A node that multiplies by constants element by element, which are among the other bytes.
struct InspectedElementwise {
  std::string name, kind;
  std::vector<std::string> constants{};
  std::uint64_t elements = 0, bytes = 0;  // sizes of the constants
  std::string where{};                    // the body it is in; empty for the model's own
};

struct Inspection {
  std::string model;
  std::vector<InspectedLayer> rows;
  std::vector<InspectedProduct> products;
  std::vector<InspectedElementwise> elementwise{};
  std::vector<std::string> notes;
  std::size_t weights = 0;                              // several layers may use one
  std::uint64_t parameters = 0;                         // elements of these weights
  std::uint64_t other_parameters = 0, other_bytes = 0;  // owned by no layer
};

// The JSON document; it ends in a newline.
std::string json_text(const Inspection& inspection);

}  // namespace posittune::records
