// posittune search: the best format for each layer or window of channels within a budget.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/json_output.h"
#include "posittune/cli/run_job.h"
#include "posittune/cli/score_options.h"
#include "posittune/cli/settings_options.h"
#include "posittune/quant/scale_rules.h"
#include "posittune/quant/weight_format.h"
#include "posittune/report/scored_text.h"
#include "posittune/report/table.h"
#include "posittune/tuning/tuner.h"

namespace posittune::cli {
namespace {

using report::loss_title;
using report::scored_text;
using session::SearchResult;

// As they are written on the command line.
struct Options {
  RunOptions run;
  session::SearchOptions search;
  session::SettingsText settings{.granularity = "channel",
                                 .rounding = "compensated",
                                 .activation_scale = "output",
                                 .input_weighted = true};
  std::map<tuning::Cost, std::vector<std::string>> budgets;
  std::string what, scale, activation_rule, max_drop;
  double memory_pj_per_bit = -1;
  std::int64_t gain_items = -1;
};

const char* const kFormats =
    "posit<3,*>,posit<4,*>,posit<5,*>,posit<6,*>,posit<7,*>,posit<8,*>,int3,int4,int5,int6,int7,"
    "int8,fp4_e2m1,fp6_e2m3,fp8_e4m3";
const char* const kActivations =
    "posit<6,1>,posit<7,1>,posit<8,1>,posit<8,2>,int8,int8@token,fp8_e4m3,mxint8,mxfp6";

std::string number(double value) {
  if (std::isnan(value)) return "-";
  if (value == 0) return "0";
  if (std::abs(value) >= 1e-2 && std::abs(value) < 1e5) return fmt::format("{:.4g}", value);
  return fmt::format("{:.2e}", value);
}

std::string bytes_text(double bytes) {
  return bytes >= 1e9   ? fmt::format("{:.2f} GB", bytes / 1e9)
         : bytes >= 1e6 ? fmt::format("{:.2f} MB", bytes / 1e6)
                        : fmt::format("{:.1f} KB", bytes / 1e3);
}
std::string energy_text(double pj) {
  return pj >= 1e9   ? fmt::format("{:.3g} mJ", pj / 1e9)
         : pj >= 1e6 ? fmt::format("{:.3g} uJ", pj / 1e6)
                     : fmt::format("{:.3g} nJ", pj / 1e3);
}

std::string metric_cell(const records::MetricResult& metric) {
  std::string text = number(metric.value.value);
  const bool loss = metric.rank == 0;  // FP32's own is 0: there is no part of it
  if (!loss && metric.delta)
    text += fmt::format(" ({:+.2f} %)",
                        100 * tuning::drop_of(metric) * (metric.lower_is_better ? 1 : -1));
  if (loss) text += fmt::format(" [{}, {}]", number(metric.value.low), number(metric.value.high));
  return text + (metric.noise ? " noise" : "");
}

std::string gap_text(double gap) {
  return std::isnan(gap) ? "-" : gap < 1e-8 ? "optimal" : fmt::format("{:.1e}", gap);
}

void print_rows(const records::SearchResult& result, std::ostream& out) {
  using report::Align;
  const auto& rows = result.rows;
  const auto any = [&](auto of) { return std::any_of(rows.begin(), rows.end(), of); };
  const bool reported = any([](const auto& row) { return !row.metrics.empty(); });
  const bool inputs = any([](const auto& row) { return row.activation_bits < 31.9; });
  std::string metric;
  for (const auto& row : rows) {
    if (!row.metrics.empty()) metric = records::primary_metric(row.metrics);
  }
  std::vector<report::Column> columns = {{"method"}, {"budget"}, {"bits/weight", Align::kRight}};
  if (inputs) columns.push_back({"bits/input", Align::kRight});
  const bool macs =
      any([](const auto& row) { return row.budget.find("mac-bits") != std::string::npos; });
  const bool areas =
      any([](const auto& row) { return row.budget.find("area") != std::string::npos; });
  if (macs) columns.push_back({"bits x bits/MAC", Align::kRight});
  if (areas) columns.push_back({"um2/MAC", Align::kRight});
  for (const char* title : {"size", "energy", "sum of scores"})
    columns.push_back({title, Align::kRight});
  const std::string& loss = result.scored.loss;
  const bool lost = any([&](const auto& row) { return row.metrics.contains(loss); });
  columns.push_back({loss_title(result.scored) + " on search", Align::kRight});
  if (lost) columns.push_back({loss_title(result.scored) + " on report", Align::kRight});
  if (reported && metric != loss) columns.push_back({metric, Align::kRight});
  columns.push_back({"gap", Align::kRight});
  const bool nonfinite = any([](const auto& row) { return row.nonfinite > 0; });
  if (nonfinite) columns.push_back({"NaN or inf", Align::kRight});
  report::Table table(std::move(columns));
  for (const records::SearchRow& row : rows) {
    std::vector<std::string> line = {row.method, row.budget,
                                     fmt::format("{:.3f}", row.bits_per_weight)};
    if (inputs) line.push_back(fmt::format("{:.2f}", row.activation_bits));
    if (macs) line.push_back(fmt::format("{:.1f}", row.mac_bits));
    if (areas) line.push_back(fmt::format("{:.0f}", row.area));
    line.insert(line.end(), {bytes_text(row.bytes), energy_text(row.energy),
                             number(row.predicted_loss), number(row.search_loss.value)});
    const auto cell = [&](const std::string& name) {
      return row.metrics.contains(name) ? metric_cell(row.metrics.at(name)) : "-";
    };
    if (lost) line.push_back(cell(loss));
    if (reported && metric != loss) line.push_back(cell(metric));
    line.push_back(gap_text(row.optimality_gap));
    if (nonfinite) line.push_back(row.nonfinite > 0 ? fmt::format("! {}", row.nonfinite) : "");
    table.add_row(std::move(line));
  }
  fmt::print(out, "{}", table.text());
  if (nonfinite)
    fmt::print(out, "! units with NaN or an infinity in the output: the row is of no use\n");
}

void print_result(const SearchResult& found, std::ostream& out) {
  fmt::print(out, "{}\nscored: {}\n", found.result.model.path, scored_text(found.result.scored));
  print_rows(found.result, out);
  if (!found.result.refinement.empty()) {
    report::Table table({{"change tried"},
                         {"by scores", report::Align::kRight},
                         {"measured", report::Align::kRight},
                         {"verdict"}});
    for (const auto& each : found.result.refinement) {
      table.add_row(
          {each.change, number(each.predicted),
           fmt::format("{} [{}, {}]", number(each.measured), number(each.low), number(each.high)),
           each.verdict});
    }
    fmt::print(out, "\n{}", table.text());
  }
  fmt::print(out, "\n");
  for (const records::TierCost& cost : found.result.costs) {
    fmt::print(out, "{:<6} {:>8.1f} s {:>8.1f} FP32 evaluations {:>6} runs\n", cost.tier,
               cost.seconds, cost.evaluations, cost.probes);
  }
  fmt::print(out, "{:<6} {:>8.1f} s\n", "all", found.seconds);
}

void print_plan(const session::SearchPlan& plan, bool json, std::ostream& out) {
  if (json) {
    const nlohmann::ordered_json document = {{"model", plan.model},
                                             {"task", plan.task},
                                             {"weights", plan.weights},
                                             {"choices", plan.choices},
                                             {"recipes", plan.recipes},
                                             {"gain_items", plan.gain_items},
                                             {"estimated_seconds", plan.seconds}};
    print_json(document, out);
    return;
  }
  fmt::print(out,
             "model    {}\ntask     {}\nweights  {}\nchoices  {} for each\nrecipes  {} to "
             "measure\ngains    on {} of {} items\nestimate {:.0f} s of runs, beside scores\n",
             plan.model, plan.task, plan.weights, plan.choices, plan.recipes, plan.gain_items,
             plan.items, plan.seconds);
}

// 1 when a budget cannot be met: results are written all the same.
Status run_search(const Options& options, Streams streams) {
  const session::SearchOptions& job = options.search;
  return run_job(options.run, job, streams, print_plan, [&](session::Session& session) -> Status {
    auto result = session.search(job);
    if (!result) return result.error();
    if (options.run.json) {
      streams.out << records::json_text(result->result);
    } else {
      print_result(*result, streams.out);
    }
    fmt::print(streams.err, "results: {}\n", result->run_folder);
    if (result->missed.empty()) return success();
    Error missed = result->missed.front();
    missed.kind = ErrorKind::kGoal;
    return missed;
  });
}

Status add_budgets(const Options& options, std::vector<tuning::Budget>& budgets) {
  for (const auto& [cost, texts] : options.budgets) {
    for (const std::string& text : texts) {
      auto budget = tuning::parse_budget(cost, text);
      if (!budget) return budget.error();
      budgets.push_back(std::move(*budget));
    }
  }
  return success();
}

// What the words stand for, and defaults where there are none.
Result<Options> resolve(Options options) {
  session::SearchOptions& job = options.search;
  if (job.formats.empty()) job.formats = {kFormats};
  if (job.activations.empty()) job.activations = {kActivations};
  job.formats = quant::split_formats(job.formats);
  job.activations = quant::split_formats(job.activations);
  job.pairs = quant::split_formats(job.pairs);
  job.inputs = options.what == "wa";
  auto settings = session::parse_settings(options.settings);
  if (!settings) return settings.error();
  job.settings = std::move(*settings);
  auto rule = quant::parse_scale_rule(options.scale);
  if (!rule) return rule.error();
  job.scale = *rule;
  auto activation_rule = quant::parse_scale_rule(options.activation_rule);
  if (!activation_rule) return activation_rule.error();
  job.activation_rule = *activation_rule;
  if (const Status added = add_budgets(options, job.budgets); !added) return added.error();
  if (!options.max_drop.empty()) {
    auto drop = session::parse_drop(options.max_drop);
    if (!drop) return drop.error();
    job.max_drop = *drop;
  }
  if (options.memory_pj_per_bit >= 0) job.memory_pj_per_bit = options.memory_pj_per_bit;
  if (options.gain_items >= 0) job.gain_items = static_cast<std::size_t>(options.gain_items);
  return options;
}

// CLI11's ranges let NaN through.
std::string is_number(const std::string& text) {
  return std::isnan(std::strtod(text.c_str(), nullptr)) ? "not a number: " + text : std::string();
}

void declare_choices(CLI::App& app, Options& options) {
  const std::string group = "Choices";
  const auto list = [&](const char* name, std::vector<std::string>& to, const char* help) {
    return app.add_option(name, to, help)->delimiter(';')->allow_extra_args(false)->group(group);
  };
  list("--formats", options.search.formats,
       "formats of weights; posit<6,*>: each output channel takes its es; posit<6,1>|int6: one of "
       "these")
      ->default_str(kFormats);
  app.add_option("--what", options.what, "w: weights; wa: weights and the inputs of layers")
      ->check(CLI::IsMember({"w", "wa"}))
      ->default_val("w")
      ->group(group);
  list("--activations", options.search.activations,
       "formats of inputs, for wa; FORMAT@token, FORMAT@output, FORMAT@static: how the scale is "
       "chosen")
      ->default_str(kActivations);
  list("--pairs", options.search.pairs,
       "formats that one layer may combine, as WEIGHT/ACTIVATION, or `same`: equal formats only "
       "(default: any)");
  app.add_option(
         "--assign", options.search.assign,
         "'REGEX=FORMAT': fix the format of weights whose name, or whose layer's name, matches")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option(
         "--tie", options.search.ties,
         "'REGEX': matching weights whose capture groups have equal text get the same format")
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
  app.add_option(
         "--scale", options.scale,
         fmt::format("scale rule of weights: {}", fmt::join(quant::scale_rule_names(), ", ")))
      ->default_val("mse_pow2")
      ->group(group);
  declare_settings(app, options.settings, group);
  app.add_option("--activation-rule", options.activation_rule,
                 "scale rule of inputs (token: where it searches, rms_pow2 for posits and absmax "
                 "for others)")
      ->default_val("mse_pow2")
      ->group(group);
}

void declare_budgets(CLI::App& app, Options& options) {
  const std::string group =
      "Budgets (a list is a search for each; more options bind together; --max-drop and --pareto "
      "are searches of their own, over bits alone)";
  const auto list = [&](const std::string& name, std::vector<std::string>& to,
                        const std::string& help) {
    app.add_option(name, to, help)->delimiter(',')->allow_extra_args(false)->group(group);
  };
  for (const tuning::Cost cost : tuning::all_costs())
    list("--" + std::string(tuning::name(cost)), options.budgets[cost],
         std::string(tuning::traits(cost).help));
  app.add_option(
         "--max-drop", options.max_drop,
         "find the fewest bits at which the metric on search data drops by no more than this: 1%")
      ->group(group);
  app.add_option("--pareto", options.search.pareto,
                 "solve for this many budgets of bits, spread from the least possible to the most")
      ->check(CLI::Range(2, 1000))
      ->group(group);
  app.add_option("--refine", options.search.refine,
                 "improve each result by trying this many single changes; those whose measured KL "
                 "is better beyond doubt are kept")
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
  app.add_option("--table", options.search.table,
                 "MAC units: rtl, placeholder or a CSV, see `posittune cost` (default: rtl; the "
                 "placeholder where rtl lacks a pair)")
      ->group(group);
  app.add_option("--memory-pj-per-bit", options.memory_pj_per_bit,
                 "energy of reading a bit of a weight (default: DRAM, see `posittune cost`)")
      ->check([](const std::string& text) {
        return std::strtod(text.c_str(), nullptr) >= 0 ? std::string() : "not an energy: " + text;
      })
      ->group(group);
}

void declare_measuring(CLI::App& app, Options& options) {
  const std::string group = "Measuring";
  app.add_flag("--no-report", options.search.no_report,
               "do not measure the results on the report data: for trying things out")
      ->group(group);
  app.add_option("--gain-items", options.gain_items,
                 "items of the search data used to measure how much errors of each layer matter "
                 "(0: all; default: by the model's size)")
      ->check(CLI::Range(0, 1 << 30))
      ->group(group);
  app.add_option(
         "--reference", options.search.reference,
         "format whose rounding is used to measure how much errors of each layer matter (its gain)")
      ->default_val("posit<5,1>")
      ->group(group);
  app.add_option("--segments", options.search.segments,
                 "cut the model into at most this many parts, so that a change re-runs only the "
                 "parts after it")
      ->check(CLI::Range(1, 1000))
      ->default_val("32")
      ->group(group);
  app.add_option(
         "--cache-limit", options.search.cache_limit,
         "memory for the tensors kept between parts, for example 512MiB; the rest goes to disk")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("1GiB")
      ->group(group);
  declare_scores(app, options.search.scores, group);
  app.add_option("--batch", options.search.batch,
                 "items that go through the model at once (0: chosen by the size of the outputs)")
      ->check(CLI::Range(0, 1 << 20))
      ->group(group);
  app.add_option("--resamples", options.search.resamples,
                 "resamples of the bootstrap that gives the 95 % intervals")
      ->check(CLI::Range(100, 1000000))
      ->default_val("1000")
      ->group(group);
  app.add_option("--seed", options.search.seed, "seed of random choices")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->group(group);
  declare_run(app, options.run, "search", group);
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  declare_model_data(app, options->run.model_data);
  declare_choices(app, *options);
  declare_budgets(app, *options);
  declare_measuring(app, *options);
  return [options, streams, &app] {
    for (const char* name : {"--activations", "--pairs", "--activation-scale", "--activation-rule",
                             "--activation-bits"}) {
      if (options->what == "wa" || app.count(name) == 0) continue;
      return Status(Error{.kind = ErrorKind::kUsage,
                          .what = "inputs stay in FP32, so that this changes nothing",
                          .where = name,
                          .hint = "--what wa"});
    }
    auto resolved = resolve(*options);
    return resolved ? run_search(*resolved, streams) : Status(resolved.error());
  };
}

}  // namespace

const Command kSearch = {
    "search", "the best format for each layer within a budget of bits, energy or accuracy",
    declare};

}  // namespace posittune::cli
