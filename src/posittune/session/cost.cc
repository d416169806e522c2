// Session::cost.

#include "posittune/session/cost.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/cost/loads.h"
#include "posittune/session/rtl_folder.h"
#include "posittune/session/session.h"

namespace posittune::session {
namespace {

using formats::Format;

bool is_fp32(const Format& format) { return format == formats::fp32(); }

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

Result<std::vector<Trial>> make_trials(const model::Graph& graph, const CostOptions& options) {
  if (!options.recipe.empty()) {
    auto text = read_file(options.recipe);
    if (!text) return text.error();
    auto recipe = quant::recipe_from_yaml(*text, options.recipe);
    if (!recipe) return recipe.error();
    return std::vector<Trial>{{"recipe", "", std::move(*recipe)}};
  }
  auto pairs = format_pairs(options.formats, options.activations);
  if (!pairs) return pairs.error();
  std::vector<Trial> trials;
  for (const FormatPair& pair : *pairs) {
    trials.push_back(uniform(graph, pair, options));
  }
  return trials;
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
  if (has_open_dimension(graph, options.shapes))
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

}  // namespace

Result<std::vector<FormatPair>> format_pairs(const std::vector<std::string>& names,
                                             const std::string& activations) {
  const bool same = activations == "same";
  auto fixed = formats::parse_format(same ? "fp32" : activations);
  if (!fixed) {
    Error error = fixed.error();
    error.where = "`activations`";
    return error;
  }
  std::vector<FormatPair> pairs;
  for (const std::string& text : names) {
    auto format = formats::parse_format(text);
    if (!format) return format.error();
    const bool known = std::any_of(pairs.begin(), pairs.end(),
                                   [&](const FormatPair& pair) { return pair.weight == *format; });
    if (!known) pairs.push_back({*format, same ? *format : *fixed});
  }
  return pairs;
}

namespace {

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

// Whether a file is the table that comes with the project, under whatever name.
bool is_shipped(const std::string& path, const std::optional<std::string>& costs) {
  std::error_code ignored;
  return costs && std::filesystem::equivalent(path, *costs, ignored);
}

Result<cost::Table> chosen_table(const std::string& name) {
  if (name == "placeholder") return cost::Table::placeholder();
  const auto costs = rtl_costs();
  const bool own = !name.empty() && name != "rtl";
  if (!costs && name.empty()) return cost::Table::placeholder();
  if (!costs && !own) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "no table of synthesised units",
                 .where = "`table=rtl`",
                 .expected = "rtl/syn/costs.csv in this folder or above the executable",
                 .hint = "set POSITTUNE_RTL to the project's rtl folder"};
  }
  const std::string path = own ? name : *costs;
  auto text = read_file(path);
  if (!text) return text.error();
  return is_shipped(path, costs) ? cost::Table::from_project(*text, path, *rtl_folder())
                                 : cost::Table::from_csv(*text, path);
}

}  // namespace

Result<cost::Table> open_table(const TableChoice& options) {
  auto table = chosen_table(options.table);
  if (!table) return table.error();
  if (const Status ok = table->prefer(options.accumulator, options.pipeline); !ok)
    return ok.error();
  return table;
}

std::optional<Fallback> fallback_table(const TableChoice& options, const cost::Table& table,
                                       const Error& error) {
  if (!options.table.empty() || table.is_placeholder() || !cost::is_missing_unit(error))
    return std::nullopt;
  Fallback fallback{
      cost::Table::placeholder(),
      error.what + "; all costs are of the built-in model instead (`table=rtl`: an error)"};
  if (!fallback.table.prefer(options.accumulator, options.pipeline)) return std::nullopt;
  return fallback;
}

Result<records::UnitsResult> mac_units(const CostOptions& options, const cost::Table& table) {
  auto pairs = format_pairs(options.formats, options.activations);
  if (!pairs) return pairs.error();
  records::UnitsResult result{
      .table = table_record(table, options.table), .rows = {}, .fp32 = {}, .int8 = {}};
  for (const FormatPair& pair : *pairs) {
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

cost::Memory memory_for(const TableChoice& options, const cost::Table& table) {
  cost::Memory memory = cost::memory_of(table);
  if (options.weight_pj_per_bit) memory.weight_pj_per_bit = *options.weight_pj_per_bit;
  if (options.activation_pj_per_bit) memory.activation_pj_per_bit = *options.activation_pj_per_bit;
  return memory;
}

Result<records::CostResult> Session::cost(const CostOptions& options, const cost::Table& table) {
  if (auto pairs = format_pairs(options.formats, options.activations); !pairs) return pairs.error();
  auto graph = look_at_graph();
  if (!graph) return graph.error();
  auto loads = cost::count_loads(*graph, options.shapes);
  if (!loads) return loads.error();
  auto trials = make_trials(*graph, options);
  if (!trials) return trials.error();
  records::CostResult result{.model = source_.model,
                             .table = table_record(table, options.table),
                             .rows = {},
                             .fp32 = {},
                             .int8 = {},
                             .layers = {},
                             .products = {},
                             .notes = notes_on(*graph, *loads, options)};
  add_loads(*graph, *loads, result);
  if (trials->front().recipe.accumulate == quant::Accumulate::kQuire &&
      options.table.accumulator.empty()) {
    result.notes.emplace_back(
        "the recipe sums in a quire, and MACs of least energy are costed: `accumulator=quire` "
        "costs that");
  }
  const cost::CostModel costs(*graph, *loads, table, memory_for(options.table, table));
  for (const Trial& trial : *trials) {
    auto row = row_of(*graph, costs, trial);
    if (!row) return row.error();
    result.rows.push_back(std::move(*row));
  }
  result.fp32 = reference(*graph, costs, formats::fp32(), options);
  result.int8 = reference(*graph, costs, formats::integer(8), options);
  return result;
}

}  // namespace posittune::session
