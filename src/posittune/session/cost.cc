// Session::cost.

#include "posittune/session/cost.h"

#include <algorithm>
#include <utility>

#include "posittune/cost/loads.h"
#include "posittune/cost/recipe_cost.h"
#include "posittune/quant/recipe_file.h"
#include "posittune/session/cost_table.h"
#include "posittune/session/session_state.h"

namespace posittune::session {
namespace {

using formats::Format;

bool is_fp32(const Format& format) { return format == formats::fp32(); }

// A pair of formats, for weights and activations; fp32 leaves them in FP32.
struct FormatPair {
  Format weight, activation;
};

// Pairs of each format with the activations' format, each once.
std::vector<FormatPair> format_pairs(const CostOptions& options) {
  std::vector<FormatPair> pairs;
  for (const Format& format : options.formats) {
    const bool known =
        std::ranges::any_of(pairs, [&](const FormatPair& pair) { return pair.weight == format; });
    if (!known) pairs.push_back({format, options.activations.value_or(format)});
  }
  return pairs;
}

struct Trial {
  std::string format, activations;
  quant::Recipe recipe;
};

// The pair for every weight, and for every layer's input that is multiplied with one.
Trial uniform(const model::Graph& graph, const FormatPair& pair, const CostOptions& options) {
  Trial trial{formats::name(pair.weight), formats::name(pair.activation), {}};
  quant::WeightSetting weight = options.settings.weight;
  weight.format = pair.weight;
  const quant::ActivationSetting activation{.format = pair.activation};
  if (!is_fp32(pair.weight)) {
    for (const model::Weight& each : graph.weights) trial.recipe.weights[each.name] = weight;
  }
  if (is_fp32(pair.activation)) return trial;
  for (const model::Layer& layer : graph.layers) {
    const bool reads = layer.kind->operands > 0 && (layer.weight || options.attention);
    if (reads) trial.recipe.activations[layer.name] = activation;
  }
  return trial;
}

template <class Setting>
std::optional<Setting> find(const std::map<std::string, Setting>& settings,
                            const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

records::CostPart to_record(const cost::SiteCost& part) {
  return {.macs = part.macs,
          .mac_bits = part.mac_bits,
          .compute_pj = part.compute_pj,
          .memory_pj = part.memory_pj,
          .area_um2 = part.area_um2,
          .inputs_read = part.inputs};
}

Result<records::CostRow> row_of(const model::Graph& graph, const cost::CostModel& costs,
                                const Trial& trial) {
  auto cost = costs.recipe_cost(trial.recipe);
  if (!cost) return cost.error();
  records::CostRow row{trial.format, trial.activations, *cost, {}, {}, {}, {}, {}};
  cost::SiteCost weighted, of_activations, others;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    auto part = costs.layer_cost(
        l,
        layer.weight ? find(trial.recipe.weights, graph.weights[*layer.weight].name) : std::nullopt,
        find(trial.recipe.activations, layer.name));
    if (!part) return part.error();
    (layer.weight ? weighted : of_activations) += *part;
    row.layers.push_back(to_record(*part));
  }
  for (std::size_t p = 0; p < graph.products.size(); ++p) {
    auto part = costs.product_cost(p);
    if (!part) return part.error();
    (graph.products[p].constants.empty() ? of_activations : others) += *part;
    row.products.push_back(to_record(*part));
  }
  row.weighted = to_record(weighted);
  row.of_activations = to_record(of_activations);
  row.others = to_record(others);
  return row;
}

records::LoadRecord to_record(const cost::LayerLoad& load, std::string name, std::string kind) {
  return {.name = std::move(name),
          .kind = std::move(kind),
          .known = load.known,
          .macs = load.macs,
          .weights = load.weights,
          .inputs = load.inputs,
          .outputs = load.outputs};
}

void add_loads(const model::Graph& graph, const cost::Loads& loads, records::CostResult& to) {
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    to.layers.push_back(to_record(loads.layers[l], layer.name, std::string(layer.kind->name)));
    if (layer.weight) to.layers.back().weight = graph.weights[*layer.weight].name;
  }
  for (std::size_t p = 0; p < graph.products.size(); ++p) {
    const model::Product& product = graph.products[p];
    to.products.push_back(to_record(loads.products[p], product.name, product.type));
    to.products.back().reason = product.reason;
    to.products.back().bits = product.of_8_bits ? 8 : 32;
  }
}

// made_for: SessionState::check_made_for.
template <class MadeFor>
Result<std::vector<Trial>> make_trials(const model::Graph& graph, const CostOptions& options,
                                       MadeFor made_for) {
  if (!options.recipe.empty()) {
    auto file = quant::read_recipe_file(options.recipe);
    if (!file) return of_field(file.error(), "recipe");
    const Status fits = made_for(file->model_sha256, options.recipe);
    if (!fits) return of_field(fits.error(), "recipe");
    return std::vector<Trial>{{"recipe", "", std::move(file->recipe)}};
  }
  std::vector<Trial> trials;
  for (const FormatPair& pair : format_pairs(options))
    trials.push_back(uniform(graph, pair, options));
  if (!trials.empty()) return trials;
  return Error{
      .kind = ErrorKind::kUsage, .what = "nothing to cost", .expected = "`formats` or `recipe`"};
}

// Nothing when the table has no unit for it: then nothing is compared with it.
std::optional<records::CostTotals> reference(const model::Graph& graph,
                                             const cost::CostModel& costs, const Format& format,
                                             const CostOptions& options) {
  auto cost = costs.recipe_cost(uniform(graph, {format, format}, options).recipe);
  return cost ? std::optional(*cost) : std::nullopt;
}

std::vector<std::string> notes_on(const model::Graph& graph, const cost::Loads& loads,
                                  const CostOptions& options) {
  std::vector<std::string> notes;
  if (model::has_open_dimension(graph, options.shapes))
    notes.emplace_back("costs are for 1 in each open dimension; `shapes` gives others");
  if (loads.unknown > 0) {
    notes.push_back(
        std::to_string(loads.unknown) +
        " layers or products have shapes that depend on data: they count only as storage");
  }
  if (options.attention) {
    if (std::string note = model::attention_note(graph); !note.empty())
      notes.push_back(std::move(note));
  }
  notes.insert(notes.end(), loads.notes.begin(), loads.notes.end());
  return notes;
}

records::CostTableRecord table_record(const cost::Table& table, const TableChoice& choice) {
  const cost::Memory memory = memory_for(choice, table);
  return {.source = table.source(),
          .placeholder = table.is_placeholder(),
          .node = table.node(),
          .weight_pj_per_bit = memory.weight_pj_per_bit,
          .activation_pj_per_bit = memory.activation_pj_per_bit};
}

records::UnitRecord to_record(const cost::MacCost& unit) {
  return {.format = formats::name(unit.weight),
          .activations = formats::name(unit.activation),
          .unit = unit.unit,
          .accumulator = unit.accumulator,
          .pipeline = unit.pipeline,
          .area_um2 = unit.area_um2,
          .nand2_eq = unit.nand2_eq,
          .delay_ns = unit.delay_ns,
          .energy_pj = unit.energy_pj,
          .leakage_nw = unit.leakage_nw};
}

Result<records::UnitsResult> units_of(const CostOptions& options, const cost::Table& table) {
  records::UnitsResult result{
      .table = table_record(table, options.table), .rows = {}, .fp32 = {}, .int8 = {}, .notes = {}};
  for (const FormatPair& pair : format_pairs(options)) {
    auto chosen = table.mac(pair.weight, pair.activation);
    if (!chosen) return chosen.error();
    for (const cost::MacCost& unit : table.rows(pair.weight, pair.activation)) {
      result.rows.push_back(to_record(unit));
      result.rows.back().used =
          unit.accumulator == chosen->accumulator && unit.pipeline == chosen->pipeline;
    }
  }
  const auto reference = [&table](const Format& format) {
    auto unit = table.mac(format, format);
    return unit ? std::optional(to_record(*unit)) : std::nullopt;
  };
  result.fp32 = reference(formats::fp32());
  result.int8 = reference(formats::integer(8));
  return result;
}

Result<records::CostResult> costs_of(const model::Graph& graph, const cost::Loads& loads,
                                     const std::vector<Trial>& trials, const CostOptions& options,
                                     const cost::Table& table) {
  records::CostResult result{.model = {},
                             .table = table_record(table, options.table),
                             .rows = {},
                             .fp32 = {},
                             .int8 = {},
                             .layers = {},
                             .products = {},
                             .notes = notes_on(graph, loads, options)};
  add_loads(graph, loads, result);
  if (trials.front().recipe.accumulate == quant::Accumulate::kQuire &&
      options.table.accumulator.empty()) {
    result.notes.emplace_back(
        "the recipe sums in a quire, and MACs of least energy are costed: `accumulator=quire` "
        "costs that");
  }
  const cost::CostModel costs(graph, loads, table, memory_for(options.table, table));
  for (const Trial& trial : trials) {
    auto row = row_of(graph, costs, trial);
    if (!row) return row.error();
    result.rows.push_back(std::move(*row));
  }
  result.fp32 = reference(graph, costs, formats::fp32(), options);
  result.int8 = reference(graph, costs, formats::integer(8), options);
  return result;
}

}  // namespace

Result<records::UnitsResult> mac_units(const CostOptions& options) {
  auto table = open_table(options.table);
  if (!table) return table.error();
  std::vector<std::string> notes;
  auto units = with_table(
      options.table, *table, [&notes](const std::string& note) { notes.push_back(note); },
      [&options](const cost::Table& priced) { return units_of(options, priced); });
  if (units) units->notes = std::move(notes);
  return units;
}

Result<std::string> table_csv(const CostOptions& options) {
  auto table = open_table(options.table);
  if (!table) return table.error();
  if (options.formats.empty()) return cost::to_csv(table->rows(), table->source());
  std::vector<cost::MacCost> rows;
  for (const FormatPair& weight : format_pairs(options)) {
    for (const FormatPair& activation : format_pairs(options)) {
      const auto some = table->rows(weight.weight, activation.weight);
      rows.insert(rows.end(), some.begin(), some.end());
    }
  }
  return cost::to_csv(rows, table->source());
}

Result<records::CostResult> SessionState::cost(const CostOptions& options) {
  // What is wrong with the choice of a table is said before the model is looked at.
  const auto table = open_table(options.table);
  if (!table) return table.error();
  auto graph = look_at_graph();
  if (!graph) return graph.error();
  auto loads = cost::count_loads(*graph, options.shapes);
  if (!loads) return loads.error();
  auto trials =
      make_trials(*graph, options, [this](const std::string& hash, const std::string& where) {
        return check_made_for(hash, where);
      });
  if (!trials) return trials.error();
  auto result = with_table(
      options.table, *table, [this](const std::string& note) { observer_->note(note); },
      [&](const cost::Table& priced) {
        return costs_of(*graph, *loads, *trials, options, priced);
      });
  if (result) result->model = source_.model;
  return result;
}

}  // namespace posittune::session
