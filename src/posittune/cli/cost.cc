// posittune cost: what formats and recipes cost on hardware.

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/errors.h"
#include "posittune/cli/run_input_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/quant/weight_format.h"
#include "posittune/report/cost_text.h"
#include "posittune/session/session.h"
#include "posittune/session/words.h"

namespace posittune::cli {
namespace {

using session::FormatPair;

// As they are written on the command line.
struct Options {
  std::string model;  // empty: MAC units only
  std::vector<std::string> shapes, formats;
  session::SettingsText settings;
  RunInputOptions run_inputs;
  session::CostOptions cost;
  bool by_layer = false, json = false, table_csv = false;
};

void say_source(const cost::Table& table, Streams streams) {
  if (table.is_placeholder()) {
    say_note(streams, "MAC costs are a " + table.source());
  } else {
    say_note(streams, "MAC costs are of " + table.source() +
                          (table.node().empty() ? "" : ", " + table.node()));
  }
}

Status show_model(const Options& options, const cost::Table& table, Streams streams) {
  Terminal terminal(streams);
  session::ModelSpec spec{.model = options.model};
  if (const Status added = add_run_inputs(options.run_inputs, spec); !added) return added;
  auto session = session::Session::open(spec, {}, terminal);
  if (!session) return session.error();
  auto result = session->cost(options.cost, table);
  if (!result) return result.error();
  for (std::string& note : result->notes) note = with_flags(note, *streams.command);
  if (options.json) {
    streams.out << records::json_text(*result, options.by_layer);
    return success();
  }
  streams.out << report::cost_text(*result, options.by_layer);
  for (const std::string& note : result->notes) say_note(streams, note);
  say_source(table, streams);
  return success();
}

Status show_units(const Options& options, const cost::Table& table, Streams streams) {
  auto units = session::mac_units(options.cost, table);
  if (!units) return units.error();
  if (options.json) {
    streams.out << records::json_text(*units);
    return success();
  }
  streams.out << report::units_text(*units);
  say_source(table, streams);
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
      formats_given ? options.formats : std::vector<std::string>{session::kCostFormats});
  auto settings = session::parse_settings(options.settings);
  if (!settings) return settings.error();
  options.cost.settings = std::move(*settings);
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
  say_note(streams, fallback->note);
  return attempt(fallback->table);
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model,
                 "ONNX file, OpenVINO IR (.xml), or zoo:NAME (without it: the MAC units only)");
  declare_shapes(app, options->shapes);
  declare_run_inputs(app, options->run_inputs);
  const std::string what = "Formats", hardware = "Hardware";
  declare_list(app, "--formats", options->formats,
               "number formats for all weights, see `posittune formats`", what, ';')
      ->default_str(session::kCostFormats);
  app.add_option("--activations", options->cost.activations,
                 "format of the inputs of layers; same: that of the weights")
      ->default_val("same")
      ->group(what);
  declare_setting(app, "granularity", options->settings, what);
  app.add_flag("--attention", options->cost.attention,
               "round the inputs of MatMuls of two activations too; otherwise they stay FP32")
      ->group(what);
  app.add_option("--recipe", options->cost.recipe,
                 "the cost of this recipe (YAML) instead of formats")
      ->option_text("FILE")
      ->group(what);
  declare_table(app, options->cost.table.table, hardware);
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
  declare_json(app, options->json);
  app.add_flag("--table-csv", options->table_csv,
               "write the table of MAC units as CSV, for --formats if given, else for all formats");
  return [options, streams] { return show(*options, streams); };
}

}  // namespace

const Command kCost = {"cost", "what formats and recipes cost: bytes, energy, area", declare};

}  // namespace posittune::cli
