// posittune compare: how good a model is under each format.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/command_tree.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/run_job.h"
#include "posittune/report/comparison_text.h"
#include "posittune/session/words.h"

namespace posittune::cli {
namespace {

// As they are written on the command line.
struct Options {
  RunOptions run;
  session::CompareOptions compare;
  session::CompareWords words;
};

Status compare(const Options& options, Streams streams) {
  const auto run = [&](session::Session& session, const session::CheckedCompare& job) -> Status {
    auto result = session.compare(job);
    if (!result) return result.error();
    if (options.run.json) {
      streams.out << records::json_text(result->comparison);
    } else {
      streams.out << report::comparison_text(result->comparison, result->units);
    }
    if (result->reused > 0) {
      fmt::print(streams.err, "{} of {} rows were measured before\n", result->reused,
                 result->comparison.rows.size());
    }
    return finish_run(options.run, result->run_folder, streams);
  };
  return run_job(options.run, options.compare, streams, run);
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  declare_model_data(app, options->run.model_data);
  const std::string numbers = "Formats";
  declare_formats(app, options->words.formats, "number formats", session::kCompareFormats, true,
                  numbers);
  app.add_option("--recipe", options->compare.recipes,
                 "recipes to measure after the formats (without --formats: after FP32 only), as "
                 "`posittune search` writes them")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(numbers);
  declare_what(app, options->words.what, "w,wa", "w,wa", numbers);
  declare_scales(app, options->words.scales,
                 "rms_pow2,mse_pow2; absmax,rms_pow2 with --activation-scale token", numbers);
  declare_settings(app, options->words.settings, numbers);
  offer(app.add_option(
               "--accumulate", options->words.accumulate,
               "how products are summed. fp32; quire: exactly, which is slow: for small models")
            ->default_val("fp32")
            ->group(numbers),
        {"fp32", "quire"});
  const std::string measuring = "Measuring";
  declare_scores(app, options->words.score, options->compare.scores, measuring);
  declare_measuring(app, options->compare.measuring, session::kCompareJob, measuring);
  app.add_option("--save-outputs", options->compare.save_outputs,
                 "also write the model's outputs under each format to this folder, as .npy files")
      ->type_name("FOLDER")
      ->group(measuring);
  declare_run(app, options->run, "compare", measuring);
  return [options, streams] {
    if (const Status read = session::read(options->words, options->compare); !read) return read;
    return compare(*options, streams);
  };
}

}  // namespace

extern const Command kCompare = {"compare", "how good a model is under each format", declare};

}  // namespace posittune::cli
