#include "posittune/sensitivity/sites.h"

#include <algorithm>
#include <utility>

namespace posittune::sensitivity {
namespace {

std::vector<std::size_t> chosen_users(const engine::Engine& engine, std::size_t weight) {
  std::vector<std::size_t> users;
  for (const std::size_t l : engine.graph().weights[weight].layers) {
    if (engine.chosen(l)) users.push_back(l);
  }
  return users;
}

}  // namespace

std::vector<Site> list_sites(const engine::Engine& engine, std::span<const Operand> operands) {
  const model::Graph& graph = engine.graph();
  std::vector<Site> sites;
  for (const Operand each : operands) {
    for (std::size_t l = 0; l < graph.layers.size(); ++l) {
      const model::Layer& layer = graph.layers[l];
      if (!engine.chosen(l)) continue;
      if (each == Operand::kActivation) {
        if (layer.kind->operands > 0) sites.push_back({each, layer.weight, {l}});
        continue;
      }
      if (!layer.weight) continue;
      auto users = chosen_users(engine, *layer.weight);
      if (users.front() == l) sites.push_back({each, layer.weight, std::move(users)});
    }
  }
  return sites;
}

quant::Recipe recipe_of(const engine::Engine& engine, const Site& site,
                        const Candidate& candidate) {
  const model::Graph& graph = engine.graph();
  quant::Recipe recipe;
  if (site.operand != Operand::kActivation)
    recipe.weights[graph.weights[*site.weight].name] = candidate.weight;
  for (const std::size_t l : site.layers) {
    if (site.operand == Operand::kWeight || graph.layers[l].kind->operands == 0) continue;
    recipe.activations[graph.layers[l].name] = candidate.activation;
  }
  return recipe;
}

quant::Recipe window_recipe(const engine::Engine& engine, std::size_t weight,
                            const Candidate& candidate, std::size_t first, std::size_t count) {
  quant::WeightSetting setting = candidate.weight;
  setting.windows = {
      {first, count, candidate.format(), candidate.weight.rule, std::move(setting.alternatives)}};
  setting.alternatives.clear();
  setting.format = formats::fp32();
  setting.rule = quant::ScaleRule::kNone;
  quant::Recipe recipe;
  recipe.weights[engine.graph().weights[weight].name] = setting;
  return recipe;
}

double stored_bits(const engine::Engine& engine, const Site& site, const Candidate& candidate) {
  if (site.operand == Operand::kActivation) return 0;
  const model::Weight& weight = engine.graph().weights[*site.weight];
  return quant::stored_bits(candidate.weight, weight.rows, weight.cols);
}

}  // namespace posittune::sensitivity
