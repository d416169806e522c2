#pragma once

// Settings of a quantized node, which it reads when it runs: its entry of the current recipe,
// prepared.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/epilogue.h"
#include "posittune/formats/format.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

// A path, how a node multiplies. The order is that of preference; the last one always works.
enum class Path : std::uint8_t {
  kInt8,   // int8 x int8 -> int32
  kBf16,   // grid values, exact in bf16, with fp32 sums
  kFp32,   // fake-quantized floats
  kQuire,  // fake-quantized floats, exact sums
};
std::string_view name(Path path);

// Whether this machine has instructions for a path and oneDNN gives the right answer with them.
bool path_works(Path path);

// The environment variable that limits the paths: "fp32", "bf16" or "int8" is the first in the
// order of preference that may be used (fp32: neither bf16 nor int8). It is read whenever a recipe
// is applied.
inline constexpr const char* kPathVariable = "POSITTUNE_PATH";

// The first path that the variable allows. A value that names no path is an error (kUsage) here;
// choose_path then runs as if the variable were not set.
Result<Path> most_preferred_path();

// The path for a weight and an activation format; one that is missing is in FP32.
Path choose_path(const std::optional<formats::Format>& weight,
                 const std::optional<formats::Format>& activation, bool scale_per_group,
                 quant::Accumulate accumulate);

// A prepared weight, under one setting; rows x cols. It never changes once it is in use.
struct PreparedWeight {
  std::size_t rows = 0, cols = 0;
  std::shared_ptr<const std::vector<float>> values;  // q(w), scale applied
  // Grid values before the scale, for the paths that multiply them; empty otherwise.
  std::vector<std::uint16_t> bf16;
  std::vector<std::int8_t> int8;
  std::vector<float> unscale;  // 1/s: one for all rows, or one for each
  // Packed `values`, where a layer multiplies them often; for that layer's products, which run one
  // after the other.
  std::shared_ptr<class PackedWeight> packed{};
};

// The quantizer of a layer's input: its format and, unless chosen per token, its scale.
struct ActivationQuantizer {
  formats::Format format;
  quant::ScaleRule rule = quant::ScaleRule::kNone;
  bool per_token = false;
  float scale = 1;
};

struct LayerSetting {
  std::shared_ptr<const PreparedWeight> weight;      // null for attention
  std::optional<ActivationQuantizer> activation[2];  // [1]: the second operand of attention
  Path path = Path::kFp32;
  std::shared_ptr<const std::vector<float>> shift;  // added to each output channel; null: nothing
  // Convolutions: the bias and activation that the node applies too; null where the layer is run by
  // itself.
  std::shared_ptr<const Epilogue> epilogue;
};

}  // namespace posittune::engine
