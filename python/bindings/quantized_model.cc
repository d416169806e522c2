#include "quantized_model.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "bindings.h"

namespace posittune::python {
namespace nb = nanobind;

namespace {

// A matrix with a copy of the values, each as a T.
template <class T, class From>
nb::object matrix(std::span<const From> values, std::size_t rows) {
  const std::size_t cols = rows == 0 ? 0 : values.size() / rows;
  return to_numpy(std::vector<T>(values.begin(), values.end())).attr("reshape")(rows, cols);
}

// Of the type that arrays.py has codes of so many bits in.
nb::object codes_of(std::span<const std::uint32_t> codes, std::size_t rows, int bits) {
  if (bits <= 8) return matrix<std::uint8_t>(codes, rows);
  if (bits <= 16) return matrix<std::uint16_t>(codes, rows);
  return matrix<std::uint32_t>(codes, rows);
}

nb::tuple to_python(const engine::QuantizedWeight& weight, const engine::RowRun& run) {
  const std::span<const std::uint32_t> codes(weight.codes);
  const std::span<const std::uint8_t> exponents(weight.exponents);
  const bool blocks = run.format.block > 0;
  const std::size_t per_row = weight.rows == 0 ? 0 : exponents.size() / weight.rows;
  return nb::make_tuple(
      formats::name(run.format),
      codes_of(codes.subspan(run.first * weight.cols, run.count * weight.cols), run.count,
               run.format.bits),
      to_numpy(run.scales),
      blocks ? matrix<std::uint8_t>(exponents.subspan(run.first * per_row, run.count * per_row),
                                    run.count)
             : nb::none());
}

}  // namespace

nb::dict to_python(session::QuantizedModel model) {
  nb::dict layers, weights, input_scales, corrections, dict;
  for (const auto& [layer, weight] : model.layers) layers[layer.c_str()] = weight;
  for (auto& [name, weight] : model.weights) {
    nb::list runs;
    for (const engine::RowRun& run : weight.runs) runs.append(to_python(weight, run));
    weights[name.c_str()] = nb::make_tuple(weight.compensated, weight.group, runs);
    weight = {};  // one copy of a weight at a time
  }
  for (const auto& [layer, scales] : model.input_scales)
    input_scales[layer.c_str()] = nb::cast(scales);
  for (const auto& [layer, shift] : model.corrections) corrections[layer.c_str()] = to_numpy(shift);
  dict["layers"] = layers;
  dict["weights"] = weights;
  dict["input_scales"] = input_scales;
  dict["corrections"] = corrections;
  return dict;
}

}  // namespace posittune::python
