#pragma once

// Invented models in numbers, for tests of what is written of them.

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "posittune/engine/quantized_weight.h"
#include "posittune/exporter/portable_model.h"
#include "posittune/kernels/arrays.h"

namespace posittune::test {

inline formats::Format format(const std::string& name) {
  return formats::parse_format(name).value();
}

// Rows of a weight in one format, with a scale for all, for each, or for each group.
struct RunSpec {
  std::string format;
  std::size_t rows = 0;
  enum { kOne, kRows, kGroups } scales = kOne;
  bool powers = true;
};

// A weight of random codes (not NaN) and scales.
inline engine::QuantizedWeight invented(const std::vector<RunSpec>& runs, std::size_t cols,
                                        std::size_t group = 0, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  engine::QuantizedWeight made;
  made.cols = cols;
  made.group = group;
  const std::size_t blocks = (cols + 31) / 32;
  bool any_blocks = false;
  for (const RunSpec& spec : runs) any_blocks |= format(spec.format).block > 0;
  for (const RunSpec& spec : runs) {
    engine::RowRun run{made.rows, spec.rows, format(spec.format), {}};
    const std::size_t width = spec.scales == RunSpec::kGroups ? (cols + group - 1) / group : 1;
    const std::size_t scales = spec.scales == RunSpec::kOne ? 1 : spec.rows * width;
    for (std::size_t i = 0; i < scales; ++i) {
      const auto power = static_cast<float>(std::uint32_t{1} << random() % 9) / 16;
      run.scales.push_back(spec.powers ? power : power * 1.37F);
    }
    const std::uint32_t mask = run.format.bits == 32 ? ~0U : (1U << run.format.bits) - 1;
    const bool sign_is_nan = run.format.family != formats::Family::kFloat;
    for (std::size_t i = 0; i < spec.rows * cols; ++i) {
      const std::uint32_t code = static_cast<std::uint32_t>(random()) & mask;
      made.codes.push_back(sign_is_nan && code == mask / 2 + 1 ? 1 : code);
    }
    for (std::size_t i = 0; any_blocks && i < spec.rows * blocks; ++i)
      made.exponents.push_back(
          static_cast<std::uint8_t>(run.format.block > 0 ? 100 + random() % 50 : 0));
    made.rows += spec.rows;
    made.runs.push_back(std::move(run));
  }
  return made;
}

// It as a stored matrix of rows x cols, or transposed.
inline exporter::PortableWeight portable(const engine::QuantizedWeight& weight,
                                         bool transposed = false) {
  exporter::PortableWeight made{.codes = exporter::coded(weight).value(),
                                .shape = {weight.rows, weight.cols},
                                .layout = {{{weight.rows, weight.cols}}, {{weight.cols, 1}}},
                                .readers = {"reader"}};
  if (transposed) {
    made.shape = {weight.cols, weight.rows};
    made.layout = {{{weight.rows, 1}}, {{weight.cols, weight.rows}}};
  }
  return made;
}

// Weights with all that an archive may hold, by a name that tells it.
inline exporter::PortableModel invented_model() {
  exporter::PortableModel made;
  made.model_sha256 = std::string(64, 'a');
  made.recipe.weights["plain"] = {.format = format("posit<8,1>"),
                                  .rule = quant::ScaleRule::kMsePow2};
  made.recipe.activations["layer \xc3\xa9\"\n"] = {.format = format("int8")};
  made.recipe.accumulate = quant::Accumulate::kQuire;
  const auto add = [&](const std::string& name, const std::vector<RunSpec>& runs, std::size_t cols,
                       std::size_t group = 0) {
    made.weights[name] = portable(invented(runs, cols, group), made.weights.size() % 2 == 1);
  };
  add("plain", {{"posit<8,1>", 5, RunSpec::kOne}}, 7);
  add("rows/of 6 bits", {{"posit<6,1>", 9, RunSpec::kRows}}, 11);
  add("real scales", {{"int5", 9, RunSpec::kRows, false}}, 11);
  add("groups", {{"int4", 6, RunSpec::kGroups}}, 70, 32);
  add("windows",
      {{"int4", 40, RunSpec::kOne}, {"fp16", 3, RunSpec::kOne}, {"int4", 40, RunSpec::kOne}}, 13);
  add("choice",
      {{"posit<6,0>", 2, RunSpec::kRows},
       {"int6", 1, RunSpec::kRows},
       {"posit<6,2>", 3, RunSpec::kRows}},
      10);
  add("blocks", {{"mxfp4", 4, RunSpec::kOne}, {"fp4_e2m1", 2, RunSpec::kOne}}, 50);
  add("", {{"posit<2,0>", 1, RunSpec::kOne}}, 1);
  made.weights["plain"].codes.compensated = true;
  made.inputs["layer \xc3\xa9\"\n"] = {.operands = 2, .scales = {0.5F, 3.3F}};
  made.inputs["per token"] = {.operands = 1, .scales = {}};
  made.corrections["layer"] = {0.25F, -1e-3F, 0};
  return made;
}

}  // namespace posittune::test
