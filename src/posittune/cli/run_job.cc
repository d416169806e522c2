#include "posittune/cli/run_job.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "posittune/base/memory.h"
#include "posittune/base/printable.h"
#include "posittune/cli/common_options.h"
#include "posittune/session/run_report.h"

namespace posittune::cli {

void declare_run(CLI::App& app, RunOptions& options, const std::string& command,
                 const std::string& group) {
  app.add_option("-o,--run", options.run_folder,
                 "run folder; an interrupted run continues (default: runs/" + command + "-...)")
      ->type_name("FOLDER")
      ->group(group);
  declare_json(app, options.json);
  app.add_flag("--no-html", options.no_html,
               "do not write report.html into the run folder; `posittune report` writes it later")
      ->group(group);
  app.add_flag("--dry-run", options.dry_run,
               "measure nothing: show what would be measured and how long it may take");
}

Status finish_run(const RunOptions& options, const std::string& run_folder, Streams streams) {
  say_results(streams, run_folder);
  if (options.no_html) return success();
  const auto page = within_memory(run_folder, [&] { return session::write_report(run_folder); });
  if (page) {
    streams.err << "report: " << printable(*page) << "\n";
    return success();
  }
  if (page.error().kind == ErrorKind::kInterrupted) return page.error();
  // The results are measured, written and shown: they stand without their page.
  say_note(streams, "report.html was not written (" + page.error().message() +
                        "); `posittune report` writes it");
  return success();
}

Result<session::Session> open_session(const RunOptions& options, Streams streams,
                                      session::Observer& observer) {
  session::ModelSpec model = options.model_data.model;
  if (const Status added = add_run_inputs(options.model_data.run_inputs, model); !added)
    return added.error();
  session::Options with{.threads = options.model_data.threads,
                        .run_folder = options.run_folder,
                        .command_line = {"posittune"}};
  with.command_line.insert(with.command_line.end(), streams.arguments.begin(),
                           streams.arguments.end());
  return session::Session::open(model, options.model_data.data, with, observer);
}

}  // namespace posittune::cli
