#pragma once

// The work of `posittune cost`: formats or a recipe, each with its costs on one table of MAC units.

#include <optional>
#include <string>
#include <vector>

#include "posittune/cost/loads.h"
#include "posittune/cost/recipe_cost.h"
#include "posittune/cost/table.h"
#include "posittune/model/graph.h"
#include "posittune/quant/recipe.h"

namespace posittune::cli {

struct CostOptions {
  std::string model;  // empty: MAC units only
  std::vector<std::string> shapes, formats;
  std::string recipe, activations = "same", granularity = "tensor";
  std::string table, accumulator, pipeline;
  std::optional<double> weight_pj_per_bit, activation_pj_per_bit;  // default: cost::memory_of(table)
  bool attention = false, by_layer = false, json = false, table_csv = false;
};

// A format for weights with one for activations; FP32 is none of either.
struct FormatPair {
  formats::Format weight, activation;
};
// --formats with --activations, each once. kUsage for unknown ones.
Result<std::vector<FormatPair>> format_pairs(const CostOptions& options);

// --table: a file, `rtl` (the synthesised units of this project) or `placeholder` (a model for every pair); with the
// preferences. Without it: rtl where there is a rtl folder, else the placeholder.
Result<cost::Table> open_table(const CostOptions& options);
// Without --table, a pair that the rtl table lacks makes a run use the placeholder for everything: numbers of one table can
// be compared, those of two cannot. Gives that table, and what to tell; nothing when `error` is another, or --table was given.
struct Fallback {
  cost::Table table;
  std::string note;
};
std::optional<Fallback> fallback_table(const CostOptions& options, const cost::Table& table, const Error& error);
// Memory energies for a table: the options, or those of its node.
cost::Memory memory_for(const CostOptions& options, const cost::Table& table);

// What kinds of products take of a row's costs; storage is no part of it. The three are the whole.
struct CostParts {
  cost::SiteCost weighted;     // layers with weights
  cost::SiteCost activations;  // products of two activations, layers or not
  cost::SiteCost others;       // products with constants that are no layers
};

struct CostRow {
  std::string format, activations;  // "recipe" and "" for a recipe
  cost::RecipeCost cost;
  CostParts parts;
  std::vector<cost::SiteCost> layers;  // of each of graph.layers; storage is no part of it
  std::vector<cost::SiteCost> products;  // of each of graph.products
};

struct ModelCost {
  std::string model;
  model::Graph graph;
  cost::Loads loads;
  std::vector<CostRow> rows;
  std::optional<CostRow> fp32, int8;  // what rows are compared with; absent where the table has no units
  std::vector<std::string> notes;
};
Result<ModelCost> run_cost(const CostOptions& options, const cost::Table& table);

}  // namespace posittune::cli
