// posittune sensitivity: what each format costs in each layer.

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/command_tree.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/run_job.h"
#include "posittune/report/sensitivity_text.h"
#include "posittune/session/words.h"

namespace posittune::cli {
namespace {

// As they are written on the command line.
struct Options {
  RunOptions run;
  session::SensitivityOptions analysis;
  session::SensitivityWords words;
};

Status analyse(const Options& options, Streams streams) {
  const auto run = [&](session::Session& session,
                       const session::CheckedSensitivity& job) -> Status {
    auto result = session.sensitivity(job);
    if (!result) return result.error();
    if (options.run.json) {
      streams.out << records::json_text(result->sensitivity);
    } else {
      streams.out << report::sensitivity_text(result->sensitivity);
    }
    return finish_run(options.run, result->run_folder, streams);
  };
  return run_job(options.run, options.analysis, streams, run);
}

void declare_choices(CLI::App& app, Options& options) {
  const std::string group = "Formats";
  declare_formats(app, options.words.formats, "number formats", session::kSensitivityFormats, true,
                  group);
  declare_what(app, options.words.what, "w,a,wa", "w", group);
  declare_scales(app, options.words.scales, "mse_pow2", group);
  declare_settings(app, options.words.settings, group);
}

void declare_tiers(CLI::App& app, Options& options) {
  const std::string group = "Measuring";
  app.add_option(
         "--tier", options.words.tier,
         "how scores are found, from fast to slow. proxy: error at the layer's own output; gain: "
         "that error times the layer's influence on the model's output, measured by one run for "
         "each layer; exact: the loss of the model's output, measured by a run for each layer and "
         "format")
      ->default_val("gain")
      ->group(group);
  app.add_option(
         "--precision", options.analysis.precision,
         "an exact run stops early once its 95 % interval is this narrow, relative to the score")
      ->check(CLI::Range(0.001, 10.0))
      ->default_val("0.1")
      ->group(group);
  app.add_flag("--no-early-stop", options.analysis.no_early_stop, "exact runs use all the data")
      ->group(group);
  app.add_option("--spot-checks", options.analysis.spot_checks,
                 "pairs of a layer and a format, drawn at random, that the gain tier also measures "
                 "exactly, as a check")
      ->check(CLI::Range(0, 100000))
      ->default_val("8")
      ->group(group);
  declare_scores(app, options.words.score, options.analysis.scores, group);
  declare_measuring(app, options.analysis.measuring, session::kSensitivityJob, group);
}

void declare_more(CLI::App& app, Options& options) {
  const std::string group = "Channels and checks";
  app.add_option("--channels", options.analysis.channels,
                 "also score groups of this many output channels (0: no)")
      ->check(CLI::Range(0, 1 << 20))
      ->group(group);
  app.add_option(
         "--exact-channels", options.analysis.exact_channels,
         "measure this many of the highest-scoring groups of channels of each format exactly")
      ->check(CLI::Range(0, 1 << 20))
      ->group(group);
  app.add_option("--mixes", options.analysis.mixes,
                 "measure this many random mixes of formats of 4 to 8 bits, and compare with the "
                 "sum of their scores")
      ->check(CLI::Range(0, 10000))
      ->group(group);
  app.add_option("--upgrade-points", options.analysis.upgrade_points,
                 "check of channel scores: give groups of channels a better format in three "
                 "orders, measuring this many times on the way")
      ->check(CLI::Range(0, 1000))
      ->group(group);
  offer(app.add_option("--upgrade-from", options.analysis.upgrade_from,
                       "with --upgrade-points: format of all weights at the start")
            ->default_val("posit<4,1>")
            ->group(group),
        format_words());
  offer(app.add_option("--upgrade-to", options.analysis.upgrade_to,
                       "with --upgrade-points: format that groups of channels get")
            ->default_val("posit<5,1>")
            ->group(group),
        format_words());
  app.add_option(
         "--naive", options.analysis.naive,
         "also measure this many random pairs by running the whole model, to compare the time")
      ->check(CLI::Range(0, 10000))
      ->group(group);
  app.add_flag("--check", options.words.check,
               "check the scores: all three tiers and how well they agree; --mixes 20, "
               "--upgrade-points 8 and --naive 4 where they are not given")
      ->group(group);
  declare_run(app, options.run, "sensitivity", group);
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  declare_model_data(app, options->run.model_data);
  declare_choices(app, *options);
  declare_tiers(app, *options);
  declare_more(app, *options);
  return [options, streams] {
    if (const Status read = session::read(options->words, options->analysis); !read) return read;
    return analyse(*options, streams);
  };
}

}  // namespace

extern const Command kSensitivity = {"sensitivity",
                                     "what each format costs in each layer and channel", declare};

}  // namespace posittune::cli
