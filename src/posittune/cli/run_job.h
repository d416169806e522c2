#pragma once

// Run jobs: what commands that run a job of a session share.

#include <ostream>
#include <string>

#include "posittune/base/result.h"
#include "posittune/cli/cli.h"
#include "posittune/cli/model_data_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/report/plan_text.h"
#include "posittune/session/session.h"

namespace posittune::cli {

struct RunOptions {
  ModelDataOptions model_data{};
  std::string run_folder{};
  bool json = false, dry_run = false, no_html = false;
};

// Declares --run, --json, --no-html and --dry-run of a command.
void declare_run(CLI::App& app, RunOptions& options, const std::string& command,
                 const std::string& group);

// Says where the results are, and writes report.html there unless --no-html was given.
Status finish_run(const RunOptions& options, const std::string& run_folder, Streams streams);

Result<session::Session> open_session(const RunOptions& options, Streams streams,
                                      session::Observer& observer);

// `run` gets the open session and the checked options; with --dry-run what Session::estimate() says
// of them is shown in its place.
template <class Job, class Run>
Status run_job(const RunOptions& options, const Job& options_of_job, Streams streams, Run run) {
  auto job = check(options_of_job);
  if (!job) return job.error();
  Terminal terminal(streams);
  auto session = open_session(options, streams, terminal);
  if (!session) return session.error();
  if (!options.dry_run) return run(*session, *job);
  auto plan = session->estimate(*job);
  if (!plan) return plan.error();
  streams.out << (options.json ? records::json_text(*plan) : report::plan_text(*plan));
  return success();
}

}  // namespace posittune::cli
