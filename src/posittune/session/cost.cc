// Session::cost.

#include "posittune/session/cost.h"

#include <algorithm>
#include <filesystem>

#include "posittune/base/files.h"
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
  quant::WeightSetting weight = options.setting;
  weight.format = pair.weight;
  const quant::ActivationSetting activation{.format = pair.activation};
  if (!is_fp32(pair.weight)) {
    for (const model::Weight& each : graph.weights) trial.recipe.weights[each.name] = weight;
  }
  if (is_fp32(pair.activation)) return trial;
  for (const model::Layer& layer : graph.layers) {
    const bool reads = layer.traits().operands > 0 && (layer.weight || options.attention);
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

Result<CostRow> row_of(const model::Graph& graph, const cost::CostModel& costs,
                       const Trial& trial) {
  auto cost = costs.recipe_cost(trial.recipe);
  if (!cost) return cost.error();
  CostRow row{trial.format, trial.activations, *cost, {}, {}, {}};
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    auto part = costs.layer_cost(
        l,
        layer.weight ? find(trial.recipe.weights, graph.weights[*layer.weight].name) : std::nullopt,
        find(trial.recipe.activations, layer.name));
    if (!part) return part.error();
    (layer.weight ? row.parts.weighted : row.parts.activations) += *part;
    row.layers.push_back(*part);
  }
  for (std::size_t p = 0; p < graph.products.size(); ++p) {
    auto part = costs.product_cost(p);
    if (!part) return part.error();
    (graph.products[p].constants.empty() ? row.parts.activations : row.parts.others) += *part;
    row.products.push_back(*part);
  }
  return row;
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
std::optional<CostRow> reference(const ModelCost& of, const cost::CostModel& costs,
                                 const Format& format, const CostOptions& options) {
  auto row = row_of(of.graph, costs, uniform(of.graph, {format, format}, options));
  return row ? std::optional(std::move(*row)) : std::nullopt;
}

}  // namespace

Result<std::vector<FormatPair>> format_pairs(const std::vector<std::string>& names,
                                             const std::string& activations) {
  const bool same = activations == "same";
  auto fixed = formats::parse_format(same ? "fp32" : activations);
  if (!fixed) {
    Error error = fixed.error();
    error.where = "--activations";
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
                 .where = "--table rtl",
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
      error.what + "; all costs are of the built-in model instead (--table rtl: an error)"};
  if (!fallback.table.prefer(options.accumulator, options.pipeline)) return std::nullopt;
  return fallback;
}

cost::Memory memory_for(const TableChoice& options, const cost::Table& table) {
  cost::Memory memory = cost::memory_of(table);
  if (options.weight_pj_per_bit) memory.weight_pj_per_bit = *options.weight_pj_per_bit;
  if (options.activation_pj_per_bit) memory.activation_pj_per_bit = *options.activation_pj_per_bit;
  return memory;
}

Result<ModelCost> Session::cost(const CostOptions& options, const cost::Table& table) {
  if (auto pairs = format_pairs(options.formats, options.activations); !pairs) return pairs.error();
  auto graph = look_at_graph();
  if (!graph) return graph.error();
  auto loads = cost::count_loads(*graph, options.shapes);
  if (!loads) return loads.error();
  ModelCost result{source_.model, std::move(*graph), std::move(*loads), {}, {}, {}, {}};
  if (has_open_dimension(result.graph, options.shapes))
    result.notes.emplace_back("costs are for 1 in each open dimension; --shape gives others");
  if (result.loads.unknown > 0) {
    result.notes.push_back(
        std::to_string(result.loads.unknown) +
        " layers or products have shapes that depend on data: they count only as storage");
  }
  if (options.attention) {
    if (std::string note = model::attention_note(result.graph); !note.empty())
      result.notes.push_back(std::move(note));
  }
  result.notes.insert(result.notes.end(), result.loads.notes.begin(), result.loads.notes.end());
  auto trials = make_trials(result.graph, options);
  if (!trials) return trials.error();
  if (trials->front().recipe.accumulate == quant::Accumulate::kQuire &&
      options.table.accumulator.empty()) {
    result.notes.emplace_back(
        "the recipe sums in a quire, and MACs of least energy are costed: --accumulator quire "
        "costs that");
  }
  const cost::CostModel costs(result.graph, result.loads, table, memory_for(options.table, table));
  for (const Trial& trial : *trials) {
    auto row = row_of(result.graph, costs, trial);
    if (!row) return row.error();
    result.rows.push_back(std::move(*row));
  }
  result.fp32 = reference(result, costs, formats::fp32(), options);
  result.int8 = reference(result, costs, formats::integer(8), options);
  return result;
}

}  // namespace posittune::session
