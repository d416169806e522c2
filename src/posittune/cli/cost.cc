// posittune cost: what formats and recipes cost on hardware.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "posittune/base/printable.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/json_output.h"
#include "posittune/cli/run_input_options.h"
#include "posittune/cli/shape_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/quant/weight_format.h"
#include "posittune/records/numbers.h"
#include "posittune/report/table.h"
#include "posittune/session/session.h"

namespace posittune::cli {
namespace {

using Json = nlohmann::ordered_json;
using report::Align;
using session::CostParts;
using session::CostRow;
using session::FormatPair;
using session::ModelCost;

// As they are written on the command line.
struct Options {
  std::string model;  // empty: MAC units only
  std::vector<std::string> shapes, formats;
  std::string granularity = "tensor";
  RunInputOptions run_inputs;
  session::CostOptions cost;
  bool by_layer = false, json = false, table_csv = false;
};

const char* const kDefaultFormats =
    "fp32,fp16,bf16,int16,int8,int4,fp8_e4m3,fp6_e2m3,fp4_e2m1,posit<16,1>,posit<8,1>,posit<8,0>,"
    "posit<6,1>,posit<4,1>";

// Each number of a cost: its name in JSON, and whether it is also given as a part of FP32's and
// int8's.
struct Number {
  const char* name;
  double cost::RecipeCost::* field;
  bool relative;
};
constexpr Number kNumbers[] = {{"bits_per_weight", &cost::RecipeCost::bits_per_weight, false},
                               {"weight_bits", &cost::RecipeCost::weight_bits, false},
                               {"bytes", &cost::RecipeCost::bytes, true},
                               {"macs", &cost::RecipeCost::macs, false},
                               {"mac_bits", &cost::RecipeCost::mac_bits, true},
                               {"activation_bits", &cost::RecipeCost::activation_bits, false},
                               {"compute_pj", &cost::RecipeCost::compute_pj, true},
                               {"memory_pj", &cost::RecipeCost::memory_pj, true},
                               {"energy_pj", &cost::RecipeCost::energy_pj, true},
                               {"area_um2", &cost::RecipeCost::area_um2, true},
                               {"mean_area_um2", &cost::RecipeCost::mean_area_um2, true},
                               {"delay_ns", &cost::RecipeCost::delay_ns, true}};

Json number(double value) { return records::number_to_json(value); }

std::string three(double value) {
  return std::isfinite(value) ? fmt::format("{:.3g}", value) : "-";
}

std::string scaled(double value, std::initializer_list<const char*> units) {
  auto unit = units.begin();
  while (std::abs(value) >= 1000 && unit + 1 != units.end()) {
    value /= 1000;
    ++unit;
  }
  return std::isfinite(value) ? fmt::format("{:.4g} {}", value, *unit) : "-";
}

std::string energy(double pj) { return scaled(pj, {"pJ", "nJ", "uJ", "mJ", "J"}); }

// "0.25 / 1": parts of FP32's and int8's.
std::string parts(double value, double of_fp32, double of_int8) {
  return three(value / of_fp32) + " / " + three(value / of_int8);
}

double value_or_nan(const std::optional<CostRow>& row, double cost::RecipeCost::* field) {
  return row ? row->cost.*field : std::nan("");
}

Json table_json(const cost::Table& table) {
  return {
      {"source", table.source()}, {"placeholder", table.is_placeholder()}, {"node", table.node()}};
}

void say_source(const cost::Table& table, std::ostream& err) {
  if (table.is_placeholder())
    fmt::print(err, "note: MAC costs are a {}\n", table.source());
  else
    fmt::print(err, "note: MAC costs are of {}{}\n", table.source(),
               table.node().empty() ? "" : ", " + table.node());
}

struct Part {
  const char* name;   // in JSON
  const char* title;  // in the table
  cost::SiteCost CostParts::* cost;
};
constexpr Part kParts[] = {{"weighted", "layers with weights", &CostParts::weighted},
                           {"activations", "products of two activations", &CostParts::activations},
                           {"others", "other products", &CostParts::others}};

Json part_json(const cost::SiteCost& part) {
  return {{"macs", number(part.macs)},
          {"mac_bits", number(part.mac_bits)},
          {"compute_pj", number(part.compute_pj)},
          {"memory_pj", number(part.memory_pj)}};
}

Json row_json(const CostRow& row, const ModelCost& of, bool by_layer) {
  Json json = {{"format", row.format}, {"activations", row.activations}};
  for (const Number& each : kNumbers) json[each.name] = number(row.cost.*each.field);
  for (const auto& [name, reference] :
       {std::pair{"relative_to_fp32", &of.fp32}, std::pair{"relative_to_int8", &of.int8}}) {
    json[name] = nullptr;
    if (!*reference) continue;
    json[name] = Json::object();
    for (const Number& each : kNumbers) {
      if (each.relative)
        json[name][each.name] = number(row.cost.*each.field / ((*reference)->cost.*each.field));
    }
  }
  json["parts"] = Json::object();
  for (const Part& part : kParts) json["parts"][part.name] = part_json(row.parts.*part.cost);
  if (!by_layer) return json;
  json["products"] = Json::array();
  for (std::size_t p = 0; p < row.products.size(); ++p) {
    json["products"].push_back(part_json(row.products[p]));
    json["products"].back()["product"] = of.graph.products[p].name;
  }
  json["layers"] = Json::array();
  for (std::size_t l = 0; l < row.layers.size(); ++l) {
    const cost::SiteCost& part = row.layers[l];
    json["layers"].push_back({{"layer", of.graph.layers[l].name},
                              {"mac_bits", number(part.mac_bits)},
                              {"compute_pj", number(part.compute_pj)},
                              {"memory_pj", number(part.memory_pj)},
                              {"area_um2", number(part.area_um2)}});
  }
  return json;
}

Json products_json(const ModelCost& of) {
  Json products = Json::array();
  for (std::size_t p = 0; p < of.loads.products.size(); ++p) {
    const cost::LayerLoad& load = of.loads.products[p];
    const model::Product& product = of.graph.products[p];
    products.push_back({{"product", product.name},
                        {"kind", product.type},
                        {"reason", product.reason},
                        {"bits", product.of_8_bits ? 8 : 32},
                        {"known", load.known},
                        {"macs", load.macs},
                        {"weight_elements", load.weights},
                        {"input_elements", load.inputs},
                        {"output_elements", load.outputs}});
  }
  return products;
}

Json loads_json(const ModelCost& of) {
  Json layers = Json::array();
  for (std::size_t l = 0; l < of.loads.layers.size(); ++l) {
    const cost::LayerLoad& load = of.loads.layers[l];
    const model::Layer& layer = of.graph.layers[l];
    layers.push_back(
        {{"layer", layer.name},
         {"kind", std::string(model::name(layer.kind))},
         {"weight", layer.weight ? Json(of.graph.weights[*layer.weight].name) : Json(nullptr)},
         {"known", load.known},
         {"macs", load.macs},
         {"weight_elements", load.weights},
         {"input_elements", load.inputs},
         {"output_elements", load.outputs}});
  }
  return layers;
}

void print_costs(const ModelCost& of, std::ostream& out) {
  report::Table table({{"format"},
                       {"activations"},
                       {"bits/weight", Align::kRight},
                       {"bytes", Align::kRight},
                       {"to fp32 / int8", Align::kRight},
                       {"MAC-bits", Align::kRight},
                       {"compute", Align::kRight},
                       {"memory", Align::kRight},
                       {"energy", Align::kRight},
                       {"to fp32 / int8", Align::kRight},
                       {"mean MAC um2", Align::kRight},
                       {"to fp32 / int8", Align::kRight},
                       {"largest", Align::kRight},
                       {"ns", Align::kRight}});
  const auto relative = [&of](const CostRow& row, double cost::RecipeCost::* field) {
    return parts(row.cost.*field, value_or_nan(of.fp32, field), value_or_nan(of.int8, field));
  };
  for (const CostRow& row : of.rows) {
    const cost::RecipeCost& cost = row.cost;
    table.add_row({row.format, row.activations, fmt::format("{:.3f}", cost.bits_per_weight),
                   scaled(cost.bytes, {"B", "kB", "MB", "GB"}),
                   relative(row, &cost::RecipeCost::bytes), three(cost.mac_bits),
                   energy(cost.compute_pj), energy(cost.memory_pj), energy(cost.energy_pj),
                   relative(row, &cost::RecipeCost::energy_pj), three(cost.mean_area_um2),
                   relative(row, &cost::RecipeCost::mean_area_um2), three(cost.area_um2),
                   three(cost.delay_ns)});
  }
  fmt::print(out, "{}  one run, {} MACs\n{}", of.model, three(of.rows.front().cost.macs),
             table.text());
}

void print_layers(const ModelCost& of, std::ostream& out) {
  std::vector<report::Column> columns = {{"layer"},
                                         {"kind"},
                                         {"MACs", Align::kRight},
                                         {"weights", Align::kRight},
                                         {"inputs", Align::kRight},
                                         {"outputs", Align::kRight}};
  for (const CostRow& row : of.rows) columns.push_back({row.format, Align::kRight});
  report::Table table(std::move(columns));
  for (std::size_t l = 0; l < of.graph.layers.size(); ++l) {
    const cost::LayerLoad& load = of.loads.layers[l];
    const auto count = [&load](std::uint64_t value) {
      return load.known ? std::to_string(value) : std::string("?");
    };
    std::vector<std::string> cells = {
        of.graph.layers[l].name, std::string(model::name(of.graph.layers[l].kind)),
        count(load.macs),        count(load.weights),
        count(load.inputs),      count(load.outputs)};
    for (const CostRow& row : of.rows)
      cells.push_back(energy(row.layers[l].compute_pj + row.layers[l].memory_pj));
    table.add_row(std::move(cells));
  }
  for (std::size_t p = 0; p < of.graph.products.size(); ++p) {
    const cost::LayerLoad& load = of.loads.products[p];
    const auto count = [&load](std::uint64_t value) {
      return load.known ? std::to_string(value) : std::string("?");
    };
    std::vector<std::string> cells = {of.graph.products[p].name, of.graph.products[p].type,
                                      count(load.macs),          count(load.weights),
                                      count(load.inputs),        count(load.outputs)};
    for (const CostRow& row : of.rows)
      cells.push_back(energy(row.products[p].compute_pj + row.products[p].memory_pj));
    table.add_row(std::move(cells));
  }
  fmt::print(
      out, "\nenergy of each layer{}\n{}",
      of.graph.products.empty() ? "" : ", then of products that are no layers and stay as they are",
      table.text());
}

// A line for each kind of product, when there is more than one.
void print_parts(const ModelCost& of, std::ostream& out) {
  std::vector<report::Column> columns = {{"energy of"}, {"MACs", Align::kRight}};
  for (const CostRow& row : of.rows) columns.push_back({row.format, Align::kRight});
  report::Table table(std::move(columns));
  const CostParts& first = of.rows.front().parts;
  for (const Part& part : kParts) {
    if ((first.*part.cost).inputs == 0 && (first.*part.cost).memory_pj == 0) continue;
    std::vector<std::string> cells = {part.title, three((first.*part.cost).macs)};
    for (const CostRow& row : of.rows) {
      const double pj = (row.parts.*part.cost).compute_pj + (row.parts.*part.cost).memory_pj;
      cells.push_back(fmt::format("{} ({:.0f} %)", energy(pj), 100 * pj / row.cost.energy_pj));
    }
    table.add_row(std::move(cells));
  }
  fmt::print(out, "\n{}", table.text());
}

Status show_model(const Options& options, const cost::Table& table, Streams streams) {
  Terminal terminal(streams);
  session::ModelSpec spec{.model = options.model};
  if (const Status added = add_run_inputs(options.run_inputs, spec); !added) return added;
  auto session = session::Session::open(spec, {}, terminal);
  if (!session) return session.error();
  auto result = session->cost(options.cost, table);
  if (!result) return result.error();
  if (options.json) {
    const cost::Memory memory = memory_for(options.cost.table, table);
    Json document = {{"model", result->model},
                     {"table", table_json(table)},
                     {"memory",
                      {{"weight_pj_per_bit", memory.weight_pj_per_bit},
                       {"activation_pj_per_bit", memory.activation_pj_per_bit}}},
                     {"rows", Json::array()},
                     {"notes", result->notes}};
    for (const CostRow& row : result->rows)
      document["rows"].push_back(row_json(row, *result, options.by_layer));
    if (options.by_layer) {
      document["layers"] = loads_json(*result);
      document["products"] = products_json(*result);
    }
    print_json(document, streams.out);
    return success();
  }
  print_costs(*result, streams.out);
  const CostParts& parts = result->rows.front().parts;
  if (parts.activations.inputs > 0 || parts.others.inputs > 0) print_parts(*result, streams.out);
  if (options.by_layer) print_layers(*result, streams.out);
  for (const std::string& note : result->notes)
    fmt::print(streams.err, "note: {}\n", printable(note));
  say_source(table, streams.err);
  return success();
}

Json unit_json(const cost::MacCost& unit, bool used) {
  return {{"format", formats::name(unit.weight)},
          {"activations", formats::name(unit.activation)},
          {"unit", unit.unit},
          {"accumulator", unit.accumulator},
          {"pipeline", unit.pipeline},
          {"area_um2", unit.area_um2},
          {"nand2_eq", unit.nand2_eq},
          {"delay_ns", unit.delay_ns},
          {"energy_pj", unit.energy_pj},
          {"leakage_nw", unit.leakage_nw},
          {"used", used}};
}

// The table of MAC units itself.
Status show_units(const Options& options, const cost::Table& table, Streams streams) {
  auto pairs = session::format_pairs(options.cost.formats, options.cost.activations);
  if (!pairs) return pairs.error();
  Json document = {{"table", table_json(table)}, {"rows", Json::array()}};
  report::Table text({{"weights"},
                      {"activations"},
                      {"accumulator"},
                      {"pipeline"},
                      {"um2", Align::kRight},
                      {"to fp32 / int8", Align::kRight},
                      {"ns", Align::kRight},
                      {"pJ", Align::kRight},
                      {"to fp32 / int8", Align::kRight},
                      {""}});
  const auto fp32 = table.mac(formats::fp32(), formats::fp32()),
             int8 = table.mac(formats::integer(8), formats::integer(8));
  const auto relative = [&](const cost::MacCost& unit, double cost::MacCost::* field) {
    return parts(unit.*field, fp32 ? *fp32.*field : std::nan(""),
                 int8 ? *int8.*field : std::nan(""));
  };
  for (const FormatPair& pair : *pairs) {
    auto chosen = table.mac(pair.weight, pair.activation);
    if (!chosen) return chosen.error();
    for (const cost::MacCost& unit : table.rows(pair.weight, pair.activation)) {
      const bool used =
          unit.accumulator == chosen->accumulator && unit.pipeline == chosen->pipeline;
      document["rows"].push_back(unit_json(unit, used));
      text.add_row({formats::name(unit.weight), formats::name(unit.activation), unit.accumulator,
                    unit.pipeline, three(unit.area_um2), relative(unit, &cost::MacCost::area_um2),
                    three(unit.delay_ns), three(unit.energy_pj),
                    relative(unit, &cost::MacCost::energy_pj), used ? "*" : ""});
    }
  }
  if (options.json) {
    print_json(document, streams.out);
    return success();
  }
  fmt::print(streams.out, "{}* the unit that a model's costs take\n", text.text());
  say_source(table, streams.err);
  return success();
}

// All rows; with --formats those of every pair of these.
Status write_table(const Options& options, bool all, const cost::Table& table, Streams streams) {
  std::vector<cost::MacCost> rows;
  if (all) {
    rows = table.rows();
  } else {
    auto pairs = session::format_pairs(options.cost.formats, options.cost.activations);
    if (!pairs) return pairs.error();
    for (const FormatPair& weight : *pairs) {
      for (const FormatPair& activation : *pairs) {
        const auto some = table.rows(weight.weight, activation.weight);
        rows.insert(rows.end(), some.begin(), some.end());
      }
    }
  }
  streams.out << cost::to_csv(rows, table.source());
  return success();
}

Status check(const Options& options, bool formats_given) {
  const auto usage = [](const std::string& what, const std::string& hint) {
    return Error{.kind = ErrorKind::kUsage, .what = what, .hint = hint};
  };
  if (!options.cost.recipe.empty() && formats_given)
    return usage("--recipe and --formats name two things to cost", "give one of them");
  if (!options.cost.recipe.empty() && options.cost.activations != "same")
    return usage("--activations is for --formats; a recipe has its own", "leave it out");
  const bool for_model = !options.cost.recipe.empty() || options.by_layer ||
                         options.cost.attention || !options.shapes.empty() ||
                         options.run_inputs.given();
  if (options.model.empty() && for_model)
    return usage(
        "--recipe, --by-layer, --attention, --shape, --constant and --batch-axis need a model",
        "posittune cost MODEL ...");
  if (options.table_csv && (options.json || !options.model.empty())) {
    return usage("--table-csv writes the table alone", "leave out MODEL and --json");
  }
  // A range check lets NaN through.
  if (std::isnan(options.cost.table.weight_pj_per_bit.value_or(0) +
                 options.cost.table.activation_pj_per_bit.value_or(0)))
    return usage("an energy per bit is NaN", "give a number of pJ");
  return success();
}

Status show(Options options, Streams streams) {
  const bool formats_given = !options.formats.empty();
  options.cost.formats = quant::split_formats(
      formats_given ? options.formats : std::vector<std::string>{kDefaultFormats});
  if (const Status ok = quant::parse_granularity(options.granularity, options.cost.setting); !ok)
    return ok;
  auto shapes = parse_shapes(options.shapes);
  if (!shapes) return shapes.error();
  options.cost.shapes = std::move(*shapes);
  if (const Status ok = check(options, formats_given); !ok) return ok.error();
  auto table = open_table(options.cost.table);
  if (!table) return table.error();
  if (options.table_csv) return write_table(options, !formats_given, *table, streams);
  const auto attempt = [&](const cost::Table& with) {
    return options.model.empty() ? show_units(options, with, streams)
                                 : show_model(options, with, streams);
  };
  const Status done = attempt(*table);
  if (done) return done;
  const auto fallback = fallback_table(options.cost.table, *table, done.error());
  if (!fallback) return done;
  fmt::print(streams.err, "note: {}\n", printable(fallback->note));
  return attempt(fallback->table);
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model,
                 "ONNX file, OpenVINO IR (.xml), or zoo:NAME (default: the MAC units alone)");
  declare_shapes(app, options->shapes);
  declare_run_inputs(app, options->run_inputs);
  const std::string what = "What", hardware = "Hardware";
  app.add_option("--formats", options->formats,
                 "number formats for all weights, see `posittune formats`")
      ->delimiter(';')
      ->allow_extra_args(false)
      ->default_str(kDefaultFormats)
      ->group(what);
  app.add_option("--activations", options->cost.activations,
                 "inputs of layers: same (as the weights), a format, or fp32")
      ->default_val("same")
      ->group(what);
  app.add_option("--granularity", options->granularity,
                 "weights that share a scale: tensor, channel, group:K")
      ->default_val("tensor")
      ->group(what);
  app.add_flag("--attention", options->cost.attention,
               "MatMuls of two activations too; otherwise they stay FP32")
      ->group(what);
  app.add_option("--recipe", options->cost.recipe, "cost this recipe (YAML) instead of formats")
      ->option_text("FILE")
      ->group(what);
  app.add_option("--table", options->cost.table.table,
                 "MAC units: rtl (this project's, synthesised), placeholder (a model for every "
                 "pair), or a CSV as --table-csv writes it "
                 "(default: rtl; the placeholder where rtl lacks a pair)")
      ->option_text("TABLE")
      ->group(hardware);
  app.add_option("--accumulator", options->cost.table.accumulator,
                 "use units with this accumulator, where the table has one (default: the unit of "
                 "least energy)")
      ->group(hardware);
  app.add_option("--pipeline", options->cost.table.pipeline,
                 "use units with this pipeline, where the table has one")
      ->group(hardware);
  const auto costs = CLI::Range(0.0, 1e9, "0 to 1e9");
  app.add_option("--memory-pj-per-bit", options->cost.table.weight_pj_per_bit,
                 "energy to read a bit of a weight (default: DRAM, 20 at 45 nm, 755 at 180 nm)")
      ->check(costs)
      ->group(hardware);
  app.add_option("--activation-pj-per-bit", options->cost.table.activation_pj_per_bit,
                 "energy to read a bit of a layer's input (default: on-chip memory, 0.156 at 45 "
                 "nm, 5.9 at 180 nm)")
      ->check(costs)
      ->group(hardware);
  app.add_flag("--by-layer", options->by_layer, "also print each layer");
  app.add_flag("--json", options->json, "print the results as one JSON document on stdout");
  app.add_flag("--table-csv", options->table_csv,
               "write the table of MAC units as CSV; of --formats if given, else of all");
  return [options, streams] { return show(*options, streams); };
}

}  // namespace

const Command kCost = {"cost", "what formats and recipes cost: bytes, energy, area", declare};

}  // namespace posittune::cli
