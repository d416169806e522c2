#pragma once

// Verification: a model and its export, run on the same data by the same runtime.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/metrics/scorer.h"
#include "posittune/records/verification.h"
#include "posittune/session/model_runner.h"

namespace posittune::session {

enum class Runtime : std::uint8_t { kOnnxRuntime, kOpenVino };
Result<Runtime> parse_runtime(std::string_view text);  // "onnxruntime", "openvino"; kUsage

struct VerifyOptions {
  std::string exported{};  // ONNX file
  Runtime runtime = Runtime::kOnnxRuntime;
  RunnerOptions runner{};
  metrics::ScoreRequest scores{};
  std::size_t batch = 0, resamples = 1000;
  std::uint64_t seed = 1;
};

}  // namespace posittune::session
