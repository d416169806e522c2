#pragma once

// What the tests of the engine share: engines of small models, settings by
// name, and quantization by plain loops over formats::, which shares nothing
// with the engine's kernels.

#include <span>
#include <string>
#include <vector>

#include "posittune/engine/engine.h"
#include "posittune/engine/input_statistics.h"
#include "tests/model/models.h"

namespace posittune::test {

formats::Format format(const std::string& name);
quant::WeightSetting weight_setting(const std::string& format,
                                    quant::ScaleRule rule = quant::ScaleRule::kRmsPow2,
                                    quant::Granularity granularity = quant::Granularity::kTensor,
                                    std::size_t group = 0);
quant::ActivationSetting activation_setting(
    const std::string& format, quant::ScaleRule rule = quant::ScaleRule::kRmsPow2,
    quant::ActivationScale scale = quant::ActivationScale::kStatic);

// All layers chosen, attention too.
engine::Engine engine_of(model::Graph graph, int threads = 2);
// The test fails, and nothing is returned, when these do.
Tensors run(engine::Engine& engine, const Tensors& inputs);
void apply(engine::Engine& engine, const quant::Recipe& recipe);
void calibrate(engine::Engine& engine, const Tensors& inputs);

// Statistics of `data`, added in batches of `rows` tokens of `cols` values.
engine::InputStatistics statistics_of(const std::vector<float>& data, std::size_t cols,
                                      std::size_t rows, int threads = 2);

// Each element by formats::round_to_float; blocks of MX run along rows.
float quantized(const formats::Format& format, float x, float scale);
std::vector<float> quantized(const formats::Format& format, std::span<const float> x,
                             kernels::Shape shape, std::span<const float> scales,
                             std::size_t group = 0);

}  // namespace posittune::test
