// posittune inspect: what can be quantized in a model.

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/errors.h"
#include "posittune/cli/run_input_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/report/inspection_text.h"
#include "posittune/session/session.h"

namespace posittune::cli {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> shapes;
  model::Selection selection;
  RunInputOptions run_inputs;
  bool json = false;
};

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
  for (std::string& note : found->notes) note = with_flags(note, *streams.command);
  if (options.json) {
    streams.out << records::json_text(*found);
    return success();
  }
  streams.out << report::inspection_text(*found);
  for (const std::string& note : found->notes) say_note(streams, note);
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  offer_models(app.add_option("MODEL", options->model, "ONNX file, OpenVINO IR (.xml), or zoo:NAME")
                   ->required());
  declare_shapes(app, options->shapes);
  declare_run_inputs(app, options->run_inputs);
  declare_selection(app, options->selection);
  declare_json(app, options->json);
  return [options, streams] { return inspect(*options, streams); };
}

}  // namespace

extern const Command kInspect = {"inspect", "list what can be quantized in a model", declare};

}  // namespace posittune::cli
