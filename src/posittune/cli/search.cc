// posittune search: the best format for each layer or window of channels within a budget.

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/command_tree.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/errors.h"
#include "posittune/cli/run_job.h"
#include "posittune/quant/scale_rules.h"
#include "posittune/report/search_text.h"
#include "posittune/session/words.h"

namespace posittune::cli {
namespace {

// As they are written on the command line.
struct Options {
  RunOptions run;
  session::SearchOptions search;
  session::SearchWords words;
};

// 1 when a budget cannot be met: results are written all the same.
Status run_search(const Options& options, Streams streams) {
  const auto run = [&](session::Session& session, const session::CheckedSearch& job) -> Status {
    auto result = session.search(job);
    if (!result) return result.error();
    if (options.run.json) {
      streams.out << records::json_text(result->result);
    } else {
      streams.out << report::search_text(result->result, result->seconds);
    }
    if (const Status done = finish_run(options.run, result->run_folder, streams); !done)
      return done;
    if (result->missed.empty()) return success();
    Error missed = result->missed.front();
    missed.kind = ErrorKind::kGoal;
    return missed;
  };
  return run_job(options.run, options.search, streams, run);
}

std::vector<std::string> rule_words() {
  const auto names = quant::scale_rule_names();
  return {names.begin(), names.end()};
}

void declare_choices(CLI::App& app, Options& options) {
  const std::string group = "Choices";
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* help) {
    return app.add_option(name, to, help)->delimiter(';')->allow_extra_args(false)->group(group);
  };
  declare_formats(app, options.words.formats, "formats that weights may take",
                  session::kSearchFormats, true, group);
  declare_what(app, options.words.what, "w,wa", group);
  offer(list("--activations", options.words.activations,
             "formats that inputs of layers may take, with --what wa. FORMAT@token, FORMAT@output, "
             "FORMAT@static: with this --activation-scale")
            ->default_str(session::kSearchActivations),
        format_words());
  offer(list("--pairs", options.words.pairs,
             "formats that one layer may combine, as WEIGHT/ACTIVATION, or `same`: equal formats "
             "only (default: any)"),
        {"same"});
  app.add_option(
         "--assign", options.search.assign,
         "'REGEX=FORMAT': fix the format of weights whose name, or whose layer's name, matches")
      ->type_name("REGEX=FORMAT")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option(
         "--tie", options.search.ties,
         "'REGEX': matching weights whose capture groups have equal text get the same format")
      ->type_name("REGEX")
      ->allow_extra_args(false)
      ->group(group);
  app.add_flag("--tie-inputs", options.search.tie_inputs,
               "weights of layers that read the same input (q, k, v) get the same format")
      ->group(group);
  app.add_option(
         "--windows", options.search.windows,
         "choose a format for each group of this many output channels (0: for whole weights)")
      ->check(CLI::Range(0, 1 << 20))
      ->group(group);
  declare_scale(app, options.words.scale, group);
  declare_settings(app, options.words.settings, group);
  offer(app.add_option(
               "--activation-rule", options.words.activation_rule,
               "how scales of inputs are chosen, as --scale. Scales per token are not searched "
               "for: in place of a rule of least error they take rms_pow2 for posits, absmax for "
               "others")
            ->default_val("mse_pow2")
            ->group(group),
        rule_words());
}

void declare_budgets(CLI::App& app, Options& options) {
  const std::string group =
      "Budgets (a list of values: one search for each; several options: all of them hold; "
      "--max-drop and --pareto are separate searches, over bits only)";
  const auto list = [&](const std::string& name, std::vector<std::string>& to,
                        const std::string& help) {
    app.add_option(name, to, help)
        ->type_name("VALUE")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group(group);
  };
  for (const tuning::Cost cost : tuning::all_costs())
    list(flag_of(tuning::field(cost)), options.words.budgets[cost],
         std::string(tuning::traits(cost).help));
  app.add_option("--max-drop", options.words.max_drop,
                 "find the fewest bits that lose at most this part of the metric (perplexity, "
                 "accuracy ...) on search data: 1%")
      ->type_name("PART")
      ->group(group);
  app.add_option("--pareto", options.search.pareto,
                 "solve for this many budgets of bits, spread from the least possible to the most")
      ->check(CLI::Range(2, 1000))
      ->group(group);
  app.add_option(
         "--refine", options.search.refine,
         "improve each result by measuring this many changes; those that a paired test shows "
         "to be better are kept")
      ->check(CLI::Range(0, 100000))
      ->group(group);
  app.add_flag("--baselines", options.search.baselines,
               "for comparison, also measure each format used everywhere, and simpler rules for "
               "choosing formats under the same budget (rules need a single kind of budget; "
               "FlexPosit needs --what w and --bits or --size)")
      ->group(group);
  app.add_option("--gap", options.search.gap,
                 "stop when the solution is proven to be within this relative distance of the best "
                 "possible")
      ->check(CLI::Range(0.0, 1.0))
      ->check(is_number)
      ->default_val("1e-9")
      ->group(group);
  app.add_option("--solver-seconds", options.search.solver_seconds,
                 "time limit of the solver for each budget; after it, the best solution so far and "
                 "its proven gap")
      ->check(CLI::Range(0.0, 1e6))
      ->check(is_number)
      ->default_val("60")
      ->group(group);
  declare_table(app, options.words.table, options.search.table, group);
}

void declare_measures(CLI::App& app, Options& options) {
  const std::string group = "Measuring";
  app.add_flag("--no-report", options.search.no_report,
               "do not measure the results on the report data, as long as you try options")
      ->group(group);
  app.add_option("--gain-items", options.search.gain_items,
                 "items of the search data on which gains are measured, see --reference (0: all; "
                 "default: by the model's size)")
      ->check(CLI::Range(0, 1 << 30))
      ->group(group);
  declare_scores(app, options.words.score, options.search.scores, group);
  declare_measuring(app, options.search.measuring, session::kSearchJob, group);
  declare_run(app, options.run, "search", group);
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  declare_model_data(app, options->run.model_data);
  declare_choices(app, *options);
  declare_budgets(app, *options);
  declare_measures(app, *options);
  return [options, streams] {
    if (const Status read = session::read(options->words, options->search); !read) return read;
    return run_search(*options, streams);
  };
}

}  // namespace

extern const Command kSearch = {
    "search", "the best format for each layer within a budget of bits, energy or accuracy",
    declare};

}  // namespace posittune::cli
