// posittune inspect: what can be quantized in a model.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "posittune/base/printable.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/json_output.h"
#include "posittune/cli/run_input_options.h"
#include "posittune/cli/shape_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/model/graph.h"
#include "posittune/quant/summary.h"
#include "posittune/report/table.h"
#include "posittune/session/session.h"

namespace posittune::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model;
  std::vector<std::string> shapes;
  model::Selection selection;
  RunInputOptions run_inputs;
  bool json = false;
};

// Null for attention.
const model::Weight* weight_of(const model::Graph& graph, const model::Layer& layer) {
  return layer.weight ? &graph.weights[*layer.weight] : nullptr;
}

Json to_json(const session::Inspection& found, std::size_t index) {
  const model::Graph& graph = found.graph;
  const model::Layer& layer = graph.layers[index];
  const session::Inspection::Row& row = found.rows[index];
  const model::Weight* weight = weight_of(graph, layer);
  Json json = {{"layer", layer.name},
               {"kind", std::string(model::name(layer.kind))},
               {"weight", weight == nullptr ? Json(nullptr) : Json(weight->name)},
               {"input_shape", layer.input_shape},
               {"output_shape", layer.output_shape},
               {"groups", layer.groups},
               {"macs", row.macs ? Json(*row.macs) : Json(nullptr)},
               {"quantized", row.quantized}};
  if (weight == nullptr) return json;
  Json shared = Json::array();
  for (const std::size_t other : weight->layers) {
    if (&graph.layers[other] != &layer) shared.push_back(graph.layers[other].name);
  }
  json["weight_shape"] = weight->shape;
  json["channels"] = weight->rows;
  json["parameters"] = weight->size();
  json["min"] = row.summary.min;
  json["max"] = row.summary.max;
  json["rms"] = row.summary.rms;
  json["kurtosis"] = row.summary.kurtosis;
  json["shares_weight_with"] = shared;
  return json;
}

Json to_json(const model::Product& product, const model::LayerSizes& sizes, bool known) {
  return {{"product", product.name},
          {"kind", product.type},
          {"reason", product.reason},
          {"constants", product.constants},
          {"elements", product.elements},
          {"bytes", product.bytes},
          {"already_quantized", product.of_8_bits},
          {"macs", known ? Json(sizes.macs) : Json(nullptr)},
          {"note", sizes.note}};
}

Json elementwise_json(const model::Product& product) {
  Json json = {{"product", product.name},
               {"kind", product.type},
               {"constants", product.constants},
               {"elements", product.elements},
               {"bytes", product.bytes}};
  if (!product.reason.empty()) json["where"] = product.reason;
  return json;
}

std::string count_text(std::uint64_t count) {
  if (count >= 10'000'000'000) return fmt::format("{:.1f} G", static_cast<double>(count) / 1e9);
  if (count >= 10'000'000) return fmt::format("{:.1f} M", static_cast<double>(count) / 1e6);
  return fmt::format("{}", count);
}

// "12 nodes multiply by 96 constants element by element and stay FP32: Multiply (10), PRelu (2)"
void print_elementwise(const model::Graph& graph, std::ostream& out) {
  std::map<std::string, std::size_t> kinds;
  std::uint64_t constants = 0;
  for (const model::Product& product : graph.elementwise) {
    ++kinds[product.type];
    constants += product.elements;
  }
  std::string list;
  for (const auto& [kind, count] : kinds)
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", kind, count);
  const bool one = graph.elementwise.size() == 1;
  fmt::print(out, "{} node{} by {} constants element by element and stay{} FP32: {}\n",
             graph.elementwise.size(), one ? " multiplies" : "s multiply", count_text(constants),
             one ? "s" : "", list);
}

void print_table(const session::Inspection& found, std::ostream& out) {
  const model::Graph& graph = found.graph;
  using report::Align;
  report::Table table({{"layer"},
                       {"weight"},
                       {"kind"},
                       {"weight shape"},
                       {"parameters", Align::kRight},
                       {"MACs", Align::kRight},
                       {"min", Align::kRight},
                       {"max", Align::kRight},
                       {"rms", Align::kRight},
                       {"kurtosis", Align::kRight},
                       {"uses", Align::kRight},
                       {""}});
  std::uint64_t macs = 0, parameters = 0;
  bool all_known = true;
  for (std::size_t i = 0; i < found.rows.size(); ++i) {
    const session::Inspection::Row& row = found.rows[i];
    const model::Layer& layer = graph.layers[i];
    const model::Weight* weight = weight_of(graph, layer);
    macs += row.macs.value_or(0);
    all_known = all_known && row.macs;
    std::vector<std::string> cells = {
        layer.name, "-", std::string(model::name(layer.kind)),
        "",         "",  row.macs.value_or(0) > 0 ? count_text(*row.macs) : "-"};
    if (weight != nullptr) {
      cells[1] = weight->name;
      cells[3] = to_string(weight->shape);
      cells[4] = count_text(weight->size());
      for (const double value : {double{row.summary.min}, double{row.summary.max}, row.summary.rms,
                                 row.summary.kurtosis}) {
        cells.push_back(fmt::format("{:.3g}", value));
      }
      cells.push_back(std::to_string(weight->layers.size()));
    } else {
      cells.resize(cells.size() + 5);
    }
    cells.emplace_back(row.quantized ? "" : "stays FP32");
    table.add_row(std::move(cells));
  }
  for (const model::Weight& each : graph.weights) parameters += each.size();
  std::uint64_t beside = 0;
  for (const model::LayerSizes& product : found.products) {
    beside += product.macs;
    all_known = all_known && product.known;
  }
  const std::string others = beside > 0 ? fmt::format(" and {} in {} products that are no layers",
                                                      count_text(beside), found.products.size())
                                        : "";
  fmt::print(out, "{}\n", table.text());
  if (!graph.elementwise.empty()) print_elementwise(graph, out);
  fmt::print(out, "{} layers, {} weights with {} parameters ({} others stay FP32), {}{}\n",
             found.rows.size(), graph.weights.size(), count_text(parameters),
             count_text(graph.other_parameters),
             all_known ? count_text(macs) + " MACs" : "MACs unknown", others);
}

// The products that no layer is.
void print_products(const model::Graph& graph, const std::vector<model::LayerSizes>& sizes,
                    std::ostream& out) {
  using report::Align;
  report::Table table({{"product, not quantized"},
                       {"kind"},
                       {"constants", Align::kRight},
                       {"bytes", Align::kRight},
                       {"MACs", Align::kRight},
                       {"of"},
                       {"why"}});
  for (std::size_t p = 0; p < graph.products.size(); ++p) {
    const model::Product& product = graph.products[p];
    const std::string macs = p < sizes.size() && sizes[p].known ? count_text(sizes[p].macs) : "-";
    std::string constants;
    for (const std::string& name : product.constants)
      constants += (constants.empty() ? "" : ", ") + name;
    const std::string more = p < sizes.size() && !sizes[p].note.empty() ? "; " + sizes[p].note : "";
    table.add_row({product.name, product.type, count_text(product.elements),
                   count_text(product.bytes), macs, constants.empty() ? "activations" : constants,
                   product.reason + more});
  }
  fmt::print(out, "\n{}", table.text());
}

Status inspect(const Options& options, Streams streams) {
  auto shapes = parse_shapes(options.shapes);
  if (!shapes) return shapes.error();
  Terminal terminal(streams);
  session::ModelSpec spec{.model = options.model, .selection = options.selection};
  if (const Status added = add_run_inputs(options.run_inputs, spec); !added) return added;
  auto session = session::Session::open(spec, {}, terminal);
  if (!session) return session.error();
  auto found = session->inspect({.shapes = std::move(*shapes)});
  if (!found) return found.error();
  const model::Graph& graph = found->graph;
  const std::vector<model::LayerSizes>& products = found->products;
  if (options.json) {
    Json document = {{"model", found->model},
                     {"rows", Json::array()},
                     {"products", Json::array()},
                     {"elementwise", Json::array()},
                     {"notes", graph.notes},
                     {"other_parameters", graph.other_parameters},
                     {"other_bytes", graph.other_bytes}};
    for (std::size_t i = 0; i < found->rows.size(); ++i)
      document["rows"].push_back(to_json(*found, i));
    for (std::size_t p = 0; p < products.size(); ++p) {
      document["products"].push_back(to_json(graph.products[p], products[p], products[p].known));
      document["notes"].push_back(to_text(graph.products[p]));
    }
    for (const model::Product& product : graph.elementwise)
      document["elementwise"].push_back(elementwise_json(product));
    print_json(document, streams.out);
    return success();
  }
  print_table(*found, streams.out);
  if (!products.empty()) print_products(graph, products, streams.out);
  for (const std::string& note : graph.notes)
    fmt::print(streams.err, "note: {}\n", printable(note));
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "ONNX file, OpenVINO IR (.xml), or zoo:NAME")->required();
  declare_shapes(app, options->shapes);
  declare_run_inputs(app, options->run_inputs);
  app.add_option("--include", options->selection.include,
                 "only layers whose name, or whose weight's name, matches one of these")
      ->option_text("REGEX")
      ->allow_extra_args(false);
  app.add_option("--exclude", options->selection.exclude,
                 "leave out layers that match one of these")
      ->option_text("REGEX")
      ->allow_extra_args(false);
  app.add_flag("--attention", options->selection.attention,
               "also the products of attention (MatMuls of two activations)");
  app.add_flag("--json", options->json, "print the results as one JSON document on stdout");
  return [options, streams] { return inspect(*options, streams); };
}

}  // namespace

const Command kInspect = {"inspect", "list what can be quantized in a model", declare};

}  // namespace posittune::cli
