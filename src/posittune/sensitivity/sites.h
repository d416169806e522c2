#pragma once

// Sites: what a probe changes, and to which formats.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/engine.h"
#include "posittune/quant/recipe.h"
#include "posittune/sensitivity/request.h"

namespace posittune::sensitivity {

struct Site {
  Operand operand = Operand::kWeight;
  std::optional<std::size_t> weight;  // index in the graph; none for attention
  std::vector<std::size_t> layers;    // changed layers, in execution order
};

// Lists every chosen weight and input of the engine's model, in the order of execution.
std::vector<Site> list_sites(const engine::Engine& engine, std::span<const Operand> operands);

// A candidate: one format with the way its scales are chosen.
struct Candidate {
  quant::WeightSetting weight;
  quant::ActivationSetting activation;
  const formats::Format& format() const { return weight.format; }
};

quant::Recipe recipe_of(const engine::Engine& engine, const Site& site, const Candidate& candidate);

// The recipe that changes only rows [first, first + count) of a weight.
quant::Recipe window_recipe(const engine::Engine& engine, std::size_t weight,
                            const Candidate& candidate, std::size_t first, std::size_t count);

// Stored bits of the site's weight; 0 for activations.
double stored_bits(const engine::Engine& engine, const Site& site, const Candidate& candidate);

}  // namespace posittune::sensitivity
