#include "posittune/quant/row_formats.h"

#include "posittune/kernels/statistics.h"

namespace posittune::quant {

Result<RowFormats> choose_row_formats(std::span<const formats::Format> formats, ScaleRule rule,
                                      std::span<const float> x, kernels::Shape shape,
                                      std::span<const float> weights, kernels::Options options) {
  const std::size_t k = formats.size();
  std::vector<std::vector<float>> scales;
  std::vector<double> errors(shape.rows * k);  // rows x formats
  for (std::size_t f = 0; f < k; ++f) {
    auto chosen = choose_scales(formats[f], rule, x, shape, true, weights, options);
    if (!chosen) return chosen.error();
    auto by_row = kernels::rounding_error(scaled_format(formats[f], rule), x, shape, weights,
                                          *chosen, 1, options);
    if (!by_row) return by_row.error();
    for (std::size_t r = 0; r < shape.rows; ++r) errors[r * k + f] = (*by_row)[r];
    scales.push_back(std::move(*chosen));
  }
  RowFormats result;
  for (std::size_t r = 0; r < shape.rows; ++r) {
    const std::size_t best = best_candidate(std::span(errors).subspan(r * k, k));
    result.choice.push_back(static_cast<std::uint8_t>(best));
    result.scales.push_back(scales[best][r]);
  }
  return result;
}

}  // namespace posittune::quant
