#pragma once

// Small folders as transformers saves models.

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "posittune/exporter/archive_tensors.h"
#include "posittune/exporter/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/exporter/portable_models.h"

namespace posittune::test {

inline exporter::StoredTensor float_tensor(std::string name, std::vector<std::uint64_t> shape,
                                           std::vector<float> values) {
  return {std::move(name), "F32", std::move(shape),
          [values = std::move(values)] { return exporter::to_bytes(values); }};
}

inline std::vector<float> transposed(const std::vector<float>& values, std::size_t rows,
                                     std::size_t cols) {
  std::vector<float> made(values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) made[c * rows + r] = values[r * cols + c];
  }
  return made;
}

// Numbers near those of a weight, as they were before it was quantized.
inline std::vector<float> before(const exporter::CodedWeight& codes) {
  std::vector<float> values = exporter::decoded(codes).value();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= i % 2 == 0 ? 1.01F : 0.99F;
  return values;
}

// A model of three Linear layers ("model.a", a posit; "model.b", int4; "model.c", 8 x 8) with a
// bias, a norm and a table of embeddings.
inline exporter::PortableModel small_model() {
  exporter::PortableModel model;
  model.weights["model.a.weight"] = portable(invented({{"posit<6,1>", 4, RunSpec::kRows}}, 6));
  model.weights["model.b.weight"] =
      portable(invented({{"int4", 6, RunSpec::kGroups, false}}, 64, 32));
  model.weights["model.c.weight"] = portable(invented({{"int8", 8, RunSpec::kRows}}, 8));
  model.weights["model.a.weight"].readers = {"a"};
  model.corrections["a"] = {1, 2, 3, 4};
  return model;
}

inline void write_small_folder(const TemporaryFolder& folder, const exporter::PortableModel& model,
                               bool turned = false) {
  std::vector<exporter::StoredTensor> tensors;
  for (const auto& [name, weight] : model.weights) {
    const std::size_t rows = weight.codes.rows, cols = weight.codes.cols;
    const std::vector<float> values = before(weight.codes);
    tensors.push_back(turned ? float_tensor(name, {cols, rows}, transposed(values, rows, cols))
                             : float_tensor(name, {rows, cols}, values));
  }
  tensors.push_back(float_tensor("model.a.bias", {4}, {10, 20, 30, 40}));
  tensors.push_back(
      {"model.norm.weight", "BF16", {2}, [] { return std::string("\x80\x3f\x01\x3f", 4); }});
  tensors.push_back({"model.ids", "I64", {1}, [] { return std::string(8, '\1'); }});
  (void)exporter::write_safetensors(folder.file("model.safetensors"), {}, std::move(tensors)).ok();
  write_bytes(folder.file("config.json"), R"({"model_type": "x", "torch_dtype": "bfloat16"})");
  write_bytes(folder.file("tokenizer.json"), "{}");
  write_bytes(folder.file("weights.bin"), "x");
}

}  // namespace posittune::test
