#include "tests/engine/engines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"

namespace posittune::test {

formats::Format format(const std::string& name) { return formats::parse_format(name).value(); }

quant::WeightSetting weight_setting(const std::string& name, quant::ScaleRule rule,
                                    quant::Granularity granularity, std::size_t group) {
  return {.format = format(name), .rule = rule, .granularity = granularity, .group = group};
}

quant::ActivationSetting activation_setting(const std::string& name, quant::ScaleRule rule,
                                            quant::ActivationScale scale) {
  return {format(name), rule, scale};
}

engine::Engine engine_of(model::Graph graph, int threads) {
  const std::vector<bool> all(graph.layers.size(), true);
  auto engine = engine::Engine::create(std::move(graph), {.chosen = all, .threads = threads});
  EXPECT_TRUE(engine.ok()) << engine.error().message();
  return std::move(engine.value());  // throws when there is none: the test fails
}

Tensors run(engine::Engine& engine, const Tensors& inputs) {
  auto outputs = engine.run(inputs);
  if (outputs.ok()) return std::move(*outputs);
  ADD_FAILURE() << outputs.error().message();
  return {};
}

void apply(engine::Engine& engine, const quant::Recipe& recipe) {
  const Status applied = engine.apply(recipe);
  EXPECT_TRUE(applied.ok()) << applied.error().message();
}

void calibrate(engine::Engine& engine, const Tensors& inputs) {
  const Status seen = engine.calibrate(inputs);
  EXPECT_TRUE(seen.ok()) << seen.error().message();
}

engine::InputStatistics statistics_of(const std::vector<float>& data, std::size_t cols,
                                      std::size_t rows, int threads) {
  engine::InputStatistics statistics;
  for (std::size_t first = 0; first < data.size(); first += rows * cols) {
    const std::size_t count = std::min(rows * cols, data.size() - first);
    const Status added = statistics.add(std::span(data).subspan(first, count), {count / cols, cols},
                                        {cols}, threads);
    EXPECT_TRUE(added.ok());
  }
  return statistics;
}

float quantized(const formats::Format& format, float x, float scale) {
  return formats::round_to_float(format, x * scale) * (1.0F / scale);
}

std::vector<float> quantized(const formats::Format& of, std::span<const float> x,
                             kernels::Shape shape, std::span<const float> scales,
                             std::size_t group) {
  const std::size_t groups = group == 0 ? 1 : (shape.cols + group - 1) / group;
  std::vector<float> y(x.size());
  for (std::size_t r = 0; r < shape.rows; ++r) {
    for (std::size_t c = 0; c < shape.cols; ++c) {
      const float scale =
          scales.size() == 1 ? scales[0] : scales[r * groups + (group == 0 ? 0 : c / group)];
      const std::size_t i = r * shape.cols + c;
      if (of.block == 0) {
        y[i] = quantized(of, x[i], scale);
        continue;
      }
      const std::size_t first = c / of.block * of.block,
                        last = std::min<std::size_t>(shape.cols, first + of.block);
      float absmax = 0;
      for (std::size_t k = first; k < last; ++k)
        absmax = std::max(absmax, std::fabs(x[r * shape.cols + k] * scale));
      const int exponent = formats::shared_exponent(of, absmax);
      const float element =
          formats::round_to_float(formats::element(of), std::ldexp(x[i] * scale, -exponent));
      y[i] = std::ldexp(element, exponent) * (1.0F / scale);
    }
  }
  return y;
}

}  // namespace posittune::test
