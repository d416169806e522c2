#pragma once

// A recipe says which format and which kind of scale each weight and each layer's input gets. It is
// data: a value that is compared, written, read and searched over; scales follow from it and the
// calibration data.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/formats/format.h"
#include "posittune/quant/scale_rules.h"

namespace posittune::quant {

// Granularity: which elements share a scale.
enum class Granularity { kTensor, kChannel, kGroup };

// A window: output channels of a weight that have another format than the rest.
struct RowWindow {
  std::size_t first = 0, count = 0;
  formats::Format format;
  ScaleRule rule = ScaleRule::kRmsPow2;
  std::vector<formats::Format> alternatives{};  // as WeightSetting's

  friend bool operator==(const RowWindow&, const RowWindow&) = default;
};

// Rounding: how a weight is rounded to its grid.
enum class Rounding {
  kNearest,
  // GPTQ: columns not yet rounded are updated to cancel the output error of those already rounded,
  // as the calibration data's E[x x^T] says. Nearest where that is not known (wide embeddings,
  // grouped convolutions, MX blocks), or where the error on held-out calibration data is not lower.
  // reference: Frantar et al., GPTQ, ICLR 2023; Chee et al., QuIP, NeurIPS 2023 (LDLQ)
  kCompensated,
};

struct WeightSetting {  // defaults: of keys a recipe leaves out, not of jobs (session/settings.h)
  formats::Format format;
  ScaleRule rule = ScaleRule::kRmsPow2;
  Granularity granularity = Granularity::kTensor;
  std::size_t group = 0;        // columns that share a scale, for kGroup
  bool input_weighted = false;  // the error of input column k counts E[x_k^2] times
  // Windows in ascending order, which do not overlap; rows outside have `format`. Each window, and
  // each run of rows between two windows, has its own scales, of `granularity`.
  std::vector<RowWindow> windows{};
  // Alternatives: formats of as many bits as `format`. Each row takes that of {format,
  // alternatives...} which has the least (weighted) squared error with its own scale under the
  // rule; the first of equals. Only with kChannel.
  std::vector<formats::Format> alternatives{};
  Rounding rounding = Rounding::kNearest;
  // Bias correction, for matrix products and convolutions: each output channel gets the mean of (W
  // - q(W)) x over the calibration data added, so that rounding does not shift it.
  bool bias_correction = false;

  friend bool operator==(const WeightSetting&, const WeightSetting&) = default;
};

// ActivationScale: when the scale of an activation is chosen, and by what.
enum class ActivationScale {
  kStatic,  // least error of the activation itself, on calibration data
  kOutput,  // least error at the layer's output, on calibration data
  kToken,   // anew for each token (row; image for convolutions) when the model runs
};

struct ActivationSetting {
  formats::Format format;
  ScaleRule rule = ScaleRule::kRmsPow2;
  ActivationScale scale = ActivationScale::kStatic;

  friend bool operator==(const ActivationSetting&, const ActivationSetting&) = default;
};

// Accumulate: how the products of a dot product are added.
enum class Accumulate {
  kFp32,   // float32, order of the fastest kernel
  kQuire,  // exactly, with one rounding at the end; slow
};

// A recipe; weights and activations that it does not name stay in FP32.
struct Recipe {
  std::map<std::string, WeightSetting> weights;          // key: name of the weight
  std::map<std::string, ActivationSetting> activations;  // key: name of the layer
  Accumulate accumulate = Accumulate::kFp32;

  friend bool operator==(const Recipe&, const Recipe&) = default;
};

std::string_view name(Granularity granularity);
// The granularity as parse_granularity() reads it: "tensor", "channel", "group:32".
std::string granularity_text(const WeightSetting& setting);
std::string_view name(ActivationScale scale);
std::string_view name(Rounding rounding);
// Parses "tensor", "channel", "group:32". kUsage errors name the known words.
Status parse_granularity(std::string_view text, WeightSetting& setting);
Result<ActivationScale> parse_activation_scale(std::string_view text);
Result<Rounding> parse_rounding(std::string_view text);  // "nearest", "compensated"

// Stored bits of a weight of rows x cols: its codes, the scales (8 bits for a power of two, 32 for
// a real one, none for rule `none`), shared exponents of MX blocks, and 8 bits that name each
// format; where rows choose among n formats, ceil(log2 n) bits for each row. With windows, the sum
// of that over parts(); windows that do not fit count for nothing. Bias correction is not counted:
// it is added to the layer's bias.
double stored_bits(const WeightSetting& setting, std::size_t rows, std::size_t cols);

// Parts of a weight, which together hold every row once, in order: a window, or rows between
// windows in the setting's own format. kUsage when windows overlap or reach beyond the last row,
// and for alternatives that rows cannot choose among: of other bits, of MX blocks, named twice, or
// without a scale for each row.
Result<std::vector<RowWindow>> parts(const WeightSetting& setting, std::size_t rows);

// Recipes as YAML, sorted by name; read back, they are equal. Keys that are left out: granularity
// tensor, scale rms_pow2. `where` names the text in errors (kInput; kUsage for unknown words).
std::string to_yaml(const Recipe& recipe);  // always writes the keys granularity and scale
Result<Recipe> recipe_from_yaml(const std::string& text, const std::string& where);

}  // namespace posittune::quant
