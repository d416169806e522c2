#include "posittune/engine/recipe_check.h"

#include <set>
#include <string>

#include "posittune/base/nearest.h"

namespace posittune::engine {

using quant::ActivationSetting;
using quant::Recipe;
using quant::WeightSetting;

std::optional<WeightSetting> weight_setting(const Recipe& recipe, const model::Graph& graph,
                                            std::size_t weight) {
  const auto found = recipe.weights.find(graph.weights[weight].name);
  return found == recipe.weights.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ActivationSetting> activation_setting(const Recipe& recipe, const model::Graph& graph,
                                                    std::size_t layer) {
  const auto found = recipe.activations.find(graph.layers[layer].name);
  return found == recipe.activations.end() ? std::nullopt : std::optional(found->second);
}

std::vector<formats::Format> formats_of(const WeightSetting& setting) {
  std::vector<formats::Format> formats = {setting.format};
  formats.insert(formats.end(), setting.alternatives.begin(), setting.alternatives.end());
  for (const quant::RowWindow& window : setting.windows) {
    formats.push_back(window.format);
    formats.insert(formats.end(), window.alternatives.begin(), window.alternatives.end());
  }
  return formats;
}

Status check_names(const Recipe& recipe, const ChosenLayers& layers) {
  const model::Graph& graph = layers.graph;
  std::vector<std::string> weight_names, layer_names;
  for (std::size_t w = 0; w < layers.stores.size(); ++w) {
    if (layers.stores[w]) weight_names.push_back(graph.weights[w].name);
  }
  for (std::size_t l = 0; l < layers.nodes.size(); ++l) {
    if (layers.nodes[l]) layer_names.push_back(graph.layers[l].name);
  }
  const auto unknown = [&](const std::string& what, const std::string& name,
                           const std::vector<std::string>& known) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the recipe names a " + what + " that is not among the chosen layers: '" +
                         name + "'",
                 .where = graph.path,
                 .expected = "names like " + joined(nearest(name, known, 3)),
                 .hint = "`posittune inspect` lists the names"};
  };
  const std::set<std::string> known_weights(weight_names.begin(), weight_names.end()),
      known_layers(layer_names.begin(), layer_names.end());
  for (const auto& [name, setting] : recipe.weights) {
    if (!known_weights.contains(name)) return unknown("weight", name, weight_names);
  }
  for (const auto& [name, setting] : recipe.activations) {
    if (!known_layers.contains(name)) return unknown("layer", name, layer_names);
  }
  return success();
}

Status check_weights(const Recipe& recipe, const ChosenLayers& layers,
                     const Compensator& compensator) {
  const model::Graph& graph = layers.graph;
  for (const auto& [name, setting] : recipe.weights) {
    const bool grouped = setting.granularity == quant::Granularity::kGroup;
    for (const formats::Format& format : formats_of(setting)) {
      if (!grouped ||
          (setting.group > 0 && (format.block == 0 || setting.group % format.block == 0)))
        continue;
      return Error{.kind = ErrorKind::kUsage,
                   .what = "a group of columns that does not fit the format",
                   .where = "weight '" + name + "'",
                   .expected = format.block > 0 ? "a multiple of " + std::to_string(format.block)
                                                : "at least 1",
                   .found = std::to_string(setting.group)};
    }
    for (std::size_t w = 0; w < graph.weights.size(); ++w) {
      if (graph.weights[w].name != name) continue;
      if (auto fits = quant::parts(setting, graph.weights[w].rows); !fits) {
        Error error = fits.error();
        error.where = "weight '" + name + "'";
        return error;
      }
      if (const Status ready = compensator.check(w, setting); !ready) return ready.error();
    }
  }
  return success();
}

}  // namespace posittune::engine
