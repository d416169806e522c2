#include "posittune/engine/bias_correction.h"

#include <algorithm>

namespace posittune::engine {

std::shared_ptr<const std::vector<float>> bias_shift(
    const ChosenLayers& layers, const Calibration& calibration, std::size_t layer,
    const std::optional<quant::WeightSetting>& setting, const PreparedWeight& prepared) {
  const model::Layer& of = layers.graph.layers[layer];
  if (!setting || !setting->bias_correction || layers.operands(layer) == 0) return nullptr;
  const std::vector<double> means = calibration.statistics(layer, 0).means();
  const std::vector<float>& exact = layers.stores[*of.weight]->values();
  const std::size_t channels =
      means.size() / std::max<std::size_t>(1, of.groups);  // that a row sees
  if (channels == 0 || prepared.cols % channels != 0) return nullptr;
  const std::size_t taps = prepared.cols / channels, group_rows = prepared.rows / of.groups;
  auto shift = std::make_shared<std::vector<float>>(prepared.rows);
  for (std::size_t r = 0; r < prepared.rows; ++r) {
    const double* mean = means.data() + r / group_rows * channels;
    double sum = 0;
    for (std::size_t c = 0; c < prepared.cols; ++c) {
      const std::size_t i = r * prepared.cols + c;
      sum += (double{exact[i]} - (*prepared.values)[i]) * mean[c / taps];
    }
    (*shift)[r] = static_cast<float>(sum);
  }
  return shift;
}

}  // namespace posittune::engine
