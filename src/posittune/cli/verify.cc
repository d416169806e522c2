// posittune verify: a model and its export in another runtime.

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/errors.h"
#include "posittune/cli/run_job.h"
#include "posittune/report/verification_text.h"
#include "posittune/session/session.h"
#include "posittune/session/words.h"

namespace posittune::cli {
namespace {

// As they are written on the command line.
struct Options {
  RunOptions run;
  std::string runtime = "onnxruntime";
  bool fast = false;
  session::ScoreWords words;
  session::VerifyOptions job;
};

Status run_verify(Options options, Streams streams) {
  if (const Status read = session::read(options.words, options.job.scores); !read) return read;
  auto runtime = session::parse_runtime(options.runtime);
  if (!runtime) return runtime.error();
  options.job.runtime = *runtime;
  options.job.runner.exact = !options.fast;
  options.job.runner.threads = options.run.model_data.threads;
  Terminal terminal(streams);
  auto session = open_session(options.run, streams, terminal);
  if (!session) return session.error();
  auto result = session->verify(options.job);
  if (!result) return result.error();
  streams.out << (options.run.json ? records::json_text(*result)
                                   : report::verification_text(*result));
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  declare_model_data(app, options->run.model_data);
  app.add_option("EXPORTED", options->job.exported, "the model's export, an ONNX file")->required();
  app.add_option("--runtime", options->runtime, "what runs both: onnxruntime or openvino")
      ->check(CLI::IsMember({"onnxruntime", "openvino"}))
      ->capture_default_str();
  app.add_option("--python", options->job.runner.python,
                 "for onnxruntime: a Python that has it (pip install onnxruntime)")
      ->envname("POSITTUNE_PYTHON")
      ->capture_default_str();
  app.add_flag("--fast", options->fast,
               "let onnxruntime round inputs of int8 and int4 weights to int8, as it does by "
               "default; without this the recipe's own numbers are computed");
  const std::string group = "Measuring";
  declare_scores(app, options->words, options->job.scores, group);
  app.add_option("--batch", options->job.batch,
                 "items that go through the models at once (0: chosen)")
      ->check(CLI::Range(0, 1 << 20))
      ->group(group);
  app.add_option("--resamples", options->job.resamples,
                 "resamples of the bootstrap that gives the 95 % intervals")
      ->check(CLI::Range(10, 1000000))
      ->capture_default_str()
      ->group(group);
  app.add_option("--seed", options->job.seed, "seed of all random choices")
      ->capture_default_str()
      ->group(group);
  declare_json(app, options->run.json);
  return [options, streams] { return run_verify(*options, streams); };
}

}  // namespace

extern const Command kVerify = {"verify", "run a model and its export in another runtime", declare};

}  // namespace posittune::cli
