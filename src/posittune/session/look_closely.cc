// A close look at recipes: errors of their layers, histograms of their weights.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "posittune/session/run_details.h"

namespace posittune::session {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kBins = 64, kBlock = 32;
// Bins reach as far as the values, but no further than this many times their root mean square: a
// single outlier would leave all others in one bin.
constexpr double kReach = 6;

// Values of some rows in units of their grid.
struct OnGrid {
  std::size_t rows = 0;
  std::vector<float> values, scales;
};

double exponent_of(const engine::QuantizedWeight& weight, std::size_t row, std::size_t column) {
  if (weight.exponents.empty()) return 0;
  const std::size_t blocks = (weight.cols + kBlock - 1) / kBlock;
  return weight.exponents[row * blocks + column / kBlock] - 127.0;
}

// The scale of a row and column in a run.
float scale_of(const engine::QuantizedWeight& weight, const engine::RowRun& run, std::size_t row,
               std::size_t column) {
  if (run.scales.empty()) return 1;
  if (run.scales.size() == 1) return run.scales.front();
  const std::size_t groups = std::max<std::size_t>(1, run.scales.size() / run.count);
  const std::size_t group = groups > 1 ? column / weight.group : 0;
  return run.scales[(row - run.first) * groups + group];
}

std::map<std::string, OnGrid> on_grids(const engine::QuantizedWeight& weight,
                                       std::span<const float> w) {
  std::map<std::string, OnGrid> grids;
  for (const engine::RowRun& run : weight.runs) {
    OnGrid& grid = grids[formats::name(run.format)];
    const bool blocks = run.format.block > 0;
    grid.rows += run.count;
    grid.scales.insert(grid.scales.end(), run.scales.begin(), run.scales.end());
    for (std::size_t r = run.first; r < run.first + run.count; ++r) {
      for (std::size_t c = 0; c < weight.cols; ++c) {
        const double x = static_cast<double>(w[r * weight.cols + c]) * scale_of(weight, run, r, c);
        grid.values.push_back(static_cast<float>(
            blocks ? std::ldexp(x, -static_cast<int>(exponent_of(weight, r, c))) : x));
      }
    }
  }
  return grids;
}

records::WeightHistogram histogram_of(const std::string& format, OnGrid& grid) {
  records::WeightHistogram made{.format = format, .rows = grid.rows};
  if (grid.scales.empty()) grid.scales.push_back(1);
  std::ranges::sort(grid.scales);
  made.scale_low = grid.scales.front();
  made.scale_median = grid.scales[grid.scales.size() / 2];
  made.scale_high = grid.scales.back();
  double most = 0, squares = 0;
  for (const float v : grid.values) {
    most = std::max(most, std::abs(static_cast<double>(v)));
    squares += static_cast<double>(v) * v;
  }
  const double rms =
      std::sqrt(squares / std::max<double>(1, static_cast<double>(grid.values.size())));
  made.limit = most > 0 && std::isfinite(most) ? std::min(most, kReach * rms) : 1;
  made.counts.assign(kBins, 0);
  for (const float v : grid.values) {
    if (!(std::abs(v) <= made.limit)) continue;  // beyond the bins
    const double at = (static_cast<double>(v) + made.limit) / (2 * made.limit) * kBins;
    ++made.counts[std::min(kBins - 1, static_cast<std::size_t>(at))];
  }
  return made;
}

// |W - q(W)|^2 / |W|^2; 0 for a weight of zeros.
double relative_error(std::span<const float> w, std::span<const float> rounded) {
  double error = 0, signal = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double difference = static_cast<double>(w[i]) - rounded[i];
    error += difference * difference;
    signal += static_cast<double>(w[i]) * w[i];
  }
  return signal > 0 ? error / signal : 0;
}

// Error over signal, or NaN: a layer that cannot be looked at by itself, or no calibration data.
Result<double> part_of(const Result<engine::OutputError>& found) {
  if (!found) {
    const ErrorKind kind = found.error().kind;
    if (kind == ErrorKind::kUsage || kind == ErrorKind::kUnsupported) return kUnknown;
    return found.error();
  }
  return found->signal > 0 ? found->error / found->signal : kUnknown;
}

Status look_at_weight(engine::Engine& engine, const model::Graph& weights, std::size_t weight,
                      const quant::WeightSetting& setting, records::LayerLook& to) {
  auto quantized = engine.quantized_weight(weight, setting);
  if (!quantized) return quantized.error();
  auto w = model::weight_values(weights, weight);
  if (!w) return w.error();
  auto rounded = engine::decoded(*quantized);
  if (!rounded) return rounded.error();
  to.weight_error = relative_error(*w, *rounded);
  for (auto& [format, grid] : on_grids(*quantized, *w))
    to.histograms.push_back(histogram_of(format, grid));
  auto error = part_of(engine.weight_error(to.layer, setting));
  if (!error) return error.error();
  to.output_error = *error;
  return success();
}

// What a recipe gives a layer. Absent: FP32, or (weight) looked at in an earlier layer.
struct LayerSettings {
  std::optional<quant::WeightSetting> weight;
  std::optional<quant::ActivationSetting> input;
  bool operator==(const LayerSettings&) const = default;
};

template <class Setting>
std::optional<Setting> setting_of(const std::map<std::string, Setting>& settings,
                                  const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

Result<records::LayerLook> look_at(engine::Engine& engine, const model::Graph& weights,
                                   std::size_t layer, const LayerSettings& settings) {
  records::LayerLook made{.layer = layer,
                          .weight_error = kUnknown,
                          .output_error = kUnknown,
                          .input_error = kUnknown,
                          .histograms = {}};
  if (settings.weight) {
    const std::size_t weight = *engine.graph().layers[layer].weight;
    if (const Status done = look_at_weight(engine, weights, weight, *settings.weight, made); !done)
      return done.error();
  }
  if (settings.input) {
    auto error = part_of(engine.activation_error(layer, *settings.input));
    if (!error) return error.error();
    made.input_error = *error;
  }
  return made;
}

// Adds what recipes give a layer to their mixes. `first`: the first layer that uses its weight.
Status add_looks(engine::Engine& engine, const model::Graph& weights, std::size_t layer, bool first,
                 std::span<const quant::Recipe> recipes, records::CloseLook& to) {
  const model::Layer& of = engine.graph().layers[layer];
  const std::string& weight = engine.graph().weights[*of.weight].name;
  std::vector<std::pair<LayerSettings, std::size_t>> known;  // and their looks
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    LayerSettings settings{.weight = {}, .input = setting_of(recipes[i].activations, of.name)};
    if (first) settings.weight = setting_of(recipes[i].weights, weight);
    if (settings == LayerSettings{}) continue;
    auto at = std::ranges::find(known, settings, &std::pair<LayerSettings, std::size_t>::first);
    if (at == known.end()) {
      auto look = look_at(engine, weights, layer, settings);
      if (!look) return look.error();
      at = known.emplace(known.end(), std::move(settings), to.looks.size());
      to.looks.push_back(std::move(*look));
    }
    to.mixes[i].looks.push_back(at->second);
  }
  return success();
}

}  // namespace

Result<records::CloseLook> look_closely(engine::Engine& engine, const model::Graph& weights,
                                        std::span<const quant::Recipe> recipes,
                                        const Advance& advance) {
  records::CloseLook found{.looks = {}, .mixes = std::vector<records::MixDetails>(recipes.size())};
  const model::Graph& graph = engine.graph();
  std::set<std::size_t> seen;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    if (!engine.chosen(l)) continue;
    const std::optional<std::size_t> weight = graph.layers[l].weight;
    if (weight) {
      const bool first = seen.insert(*weight).second;
      if (const Status added = add_looks(engine, weights, l, first, recipes, found); !added)
        return added.error();
    }
    if (const Status going = advance(1); !going) return going.error();
  }
  return found;
}

}  // namespace posittune::session
