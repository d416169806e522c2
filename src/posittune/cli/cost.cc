// posittune cost: what formats and recipes cost on hardware.

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/command_tree.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/errors.h"
#include "posittune/cli/run_input_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/report/cost_text.h"
#include "posittune/session/session.h"
#include "posittune/session/words.h"

namespace posittune::cli {
namespace {

// As they are written on the command line.
struct Options {
  std::string model;  // empty: MAC units only
  std::vector<std::string> shapes;
  session::CostWords words;
  RunInputOptions run_inputs;
  session::CostOptions cost;
  bool by_layer = false, json = false, table_csv = false;
};

void say(const std::vector<std::string>& notes, const records::CostTableRecord& table,
         Streams streams) {
  for (const std::string& note : notes) say_note(streams, with_flags(note, *streams.command));
  if (table.placeholder) {
    say_note(streams, "MAC costs are a " + table.source);
  } else {
    say_note(streams,
             "MAC costs are of " + table.source + (table.node.empty() ? "" : ", " + table.node));
  }
}

Status show_model(const Options& options, Streams streams) {
  Terminal terminal(streams);
  session::ModelSpec spec{.model = options.model};
  if (const Status added = add_run_inputs(options.run_inputs, spec); !added) return added;
  auto session = session::Session::open(spec, {}, terminal);
  if (!session) return session.error();
  auto result = session->cost(options.cost);
  if (!result) return result.error();
  if (options.json) {
    for (std::string& note : result->notes) note = with_flags(note, *streams.command);
    streams.out << records::json_text(*result, options.by_layer);
    return success();
  }
  streams.out << report::cost_text(*result, options.by_layer);
  say(result->notes, result->table, streams);
  return success();
}

Status show_units(const Options& options, Streams streams) {
  auto units = session::mac_units(options.cost);
  if (!units) return units.error();
  if (options.json) {
    for (std::string& note : units->notes) note = with_flags(note, *streams.command);
    streams.out << records::json_text(*units);
    return success();
  }
  streams.out << report::units_text(*units);
  say(units->notes, units->table, streams);
  return success();
}

// All rows; with --formats those of every pair of these.
Status write_table(Options& options, Streams streams) {
  if (options.words.formats.empty()) options.cost.formats.clear();
  auto text = session::table_csv(options.cost);
  if (!text) return text.error();
  streams.out << *text;
  return success();
}

// What the command line alone can get wrong.
Status check(const Options& options) {
  const auto usage = [](const std::string& what, const std::string& hint) {
    return Error{.kind = ErrorKind::kUsage, .what = what, .hint = hint};
  };
  const bool for_model = !options.cost.recipe.empty() || options.by_layer ||
                         options.cost.attention || !options.shapes.empty() ||
                         options.run_inputs.given();
  if (options.model.empty() && for_model)
    return usage(
        "--recipe, --by-layer, --attention, --shape, --constant and --batch-axis need a model",
        "posittune cost MODEL ...");
  if (options.table_csv && (options.json || !options.model.empty()))
    return usage("--table-csv writes the table alone", "leave out MODEL and --json");
  return success();
}

Status show(Options options, Streams streams) {
  if (const Status read = session::read(options.words, options.cost); !read) return read;
  auto shapes = parse_shapes(options.shapes);
  if (!shapes) return shapes.error();
  options.cost.shapes = std::move(*shapes);
  if (const Status ok = check(options); !ok) return ok;
  if (options.table_csv) return write_table(options, streams);
  return options.model.empty() ? show_units(options, streams) : show_model(options, streams);
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  offer_models(app.add_option(
      "MODEL", options->model,
      "ONNX file, OpenVINO IR (.xml), or zoo:NAME (without it: the MAC units only)"));
  declare_shapes(app, options->shapes);
  declare_run_inputs(app, options->run_inputs);
  const std::string what = "Formats";
  declare_formats(app, options->words.formats, "number formats for all weights",
                  session::kCostFormats, false, what);
  std::vector<std::string> inputs = format_words();
  inputs.insert(inputs.begin(), "same");
  offer(app.add_option("--activations", options->words.activations,
                       "format of the inputs of layers; same: that of the weights")
            ->default_val("same")
            ->group(what),
        inputs);
  declare_setting(app, "granularity", options->words.settings, what);
  declare_attention(app, options->cost.attention, what);
  app.add_option("--recipe", options->cost.recipe,
                 "the cost of this recipe (YAML) instead of formats")
      ->type_name("FILE")
      ->group(what);
  declare_table(app, options->words.table, options->cost.table, "Hardware");
  app.add_flag("--by-layer", options->by_layer, "also print each layer");
  declare_json(app, options->json);
  app.add_flag("--table-csv", options->table_csv,
               "write the table of MAC units as CSV, for --formats if given, else for all formats");
  return [options, streams] { return show(*options, streams); };
}

}  // namespace

extern const Command kCost = {"cost", "what formats and recipes cost: bytes, energy, area",
                              declare};

}  // namespace posittune::cli
