// posittune compare: how good a model is under each format.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/json_output.h"
#include "posittune/cli/run_job.h"
#include "posittune/cli/score_options.h"
#include "posittune/cli/settings_options.h"
#include "posittune/quant/weight_format.h"
#include "posittune/report/scored_text.h"
#include "posittune/report/table.h"

namespace posittune::cli {
namespace {

using records::ComparisonRow;
using report::scored_text;
using session::CompareResult;

// As they are written on the command line.
struct Options {
  RunOptions run;
  session::CompareOptions compare;
  session::SettingsText settings;
  std::vector<std::string> what, scales;
  std::string accumulate;
};

std::string number(double value) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return "0";
  if (std::abs(value) >= 1e-3 && std::abs(value) < 1e5) return fmt::format("{:.4g}", value);
  return fmt::format("{:.2e}", value);
}

std::string interval(const records::Estimate& estimate) {
  return number(estimate.value) + " [" + number(estimate.low) + ", " + number(estimate.high) + "]";
}

std::string signed_interval(const records::Estimate& estimate) {
  const auto with_sign = [](double value) { return (value > 0 ? "+" : "") + number(value); };
  return with_sign(estimate.value) + " [" + with_sign(estimate.low) + ", " +
         with_sign(estimate.high) + "]";
}

// Metrics in the table: the loss and the most telling one beside it; all are in --json and
// results.csv.
std::vector<std::string> shown_metrics(const ComparisonRow& row) {
  std::vector<std::string> shown = {records::loss_metric(row.metrics),
                                    records::primary_metric(row.metrics)};
  std::erase(shown, "");
  if (shown.size() == 2 && shown[0] == shown[1]) shown.pop_back();
  return shown;
}

void print_table(const CompareResult& result, std::ostream& out) {
  const records::Comparison& comparison = result.comparison;
  const records::SplitRecord& data = comparison.data.at("report");
  fmt::print(out, "{}  on {} ({} items, {} {}s)\n", comparison.model.path, data.path, data.items,
             result.units, data.unit);
  fmt::print(out, "scored: {}\n", scored_text(comparison.scored));
  const std::vector<std::string> shown = shown_metrics(comparison.rows.front());
  using report::Align;
  std::vector<report::Column> columns = {
      {"format"}, {"what"}, {"scale"}, {"bits/weight", Align::kRight}};
  for (const std::string& name : shown) columns.push_back({name + " [95 %]", Align::kRight});
  if (shown.size() > 1) columns.push_back({"to FP32 (paired)", Align::kRight});
  const bool rounded = std::any_of(comparison.rows.begin(), comparison.rows.end(),
                                   [](const ComparisonRow& row) { return !row.rounding.empty(); });
  if (rounded) columns.insert(columns.begin() + 3, report::Column{"rounding"});
  columns.push_back({"s", Align::kRight});
  columns.push_back({""});
  report::Table table(std::move(columns));
  bool any_noise = false, any_nonfinite = false;
  for (const ComparisonRow& row : comparison.rows) {
    std::vector<std::string> cells = {row.format, row.what, row.scale,
                                      fmt::format("{:.3f}", row.bits_per_weight)};
    if (rounded) cells.insert(cells.begin() + 3, row.rounding.empty() ? "nearest" : row.rounding);
    bool noise = false;
    for (const std::string& name : shown) {
      cells.push_back(interval(row.metrics.at(name).value));
      noise = noise || row.metrics.at(name).noise;
    }
    if (shown.size() > 1) {
      const auto& delta = row.metrics.at(shown.back()).delta;
      cells.push_back(delta ? signed_interval(*delta) : "");
    }
    cells.push_back(fmt::format("{:.1f}", row.seconds));
    // What is not finite is no gain, whatever other metrics say.
    cells.push_back(row.nonfinite > 0 ? fmt::format("! {}", row.nonfinite) : noise ? "*" : "");
    any_noise = any_noise || (noise && row.nonfinite == 0);
    any_nonfinite = any_nonfinite || row.nonfinite > 0;
    table.add_row(std::move(cells));
  }
  fmt::print(out, "{}", table.text());
  if (any_noise) fmt::print(out, "* better than FP32: noise of the sample, not a gain\n");
  if (any_nonfinite)
    fmt::print(out, "! {}s with NaN or an infinity in the output: the row is of no use\n",
               data.unit);
}

void print_plan(const session::ComparePlan& plan, bool json, std::ostream& out) {
  if (json) {
    const nlohmann::ordered_json document = {{"model", plan.model},
                                             {"layers", plan.layers},
                                             {"quantized", plan.quantized},
                                             {"task", plan.task},
                                             {"items", plan.items},
                                             {"trials", plan.trials},
                                             {"seconds_per_item", plan.seconds_per_item},
                                             {"estimated_seconds", plan.seconds}};
    print_json(document, out);
    return;
  }
  fmt::print(out,
             "model    {} ({} weights)\nlayers   {} of {} quantized\ntask     {}\nreport   {} "
             "items, {} {}s\n",
             plan.model, plan.weights, plan.quantized, plan.layers, plan.task, plan.items,
             plan.units, plan.unit);
  fmt::print(out, "trials   {}\n", plan.trials.size());
  for (const std::string& trial : plan.trials) fmt::print(out, "  {}\n", trial);
  fmt::print(out, "estimate {:.0f} s ({:.3f} s an item)\n", plan.seconds, plan.seconds_per_item);
}

Status compare(const Options& options, Streams streams) {
  const session::CompareOptions& job = options.compare;
  return run_job(options.run, job, streams, print_plan, [&](session::Session& session) -> Status {
    auto result = session.compare(job);
    if (!result) return result.error();
    if (options.run.json) {
      streams.out << records::json_text(result->comparison);
    } else {
      print_table(*result, streams.out);
    }
    if (result->reused > 0) {
      fmt::print(streams.err, "{} of {} rows were measured before\n", result->reused,
                 result->comparison.rows.size());
    }
    fmt::print(streams.err, "results: {}\n", result->run_folder);
    return success();
  });
}

// What the words stand for, and defaults where there are none.
Result<Options> resolve(Options options) {
  session::CompareOptions& job = options.compare;
  if (job.formats.empty() && !job.recipes.empty()) job.formats = {"fp32"};
  if (job.formats.empty())
    job.formats = {"fp32,fp16,bf16,int16,int8,posit<8,1>,posit<8,0>,posit<6,1>"};
  job.formats = quant::split_formats(job.formats);
  job.accumulate =
      options.accumulate == "quire" ? quant::Accumulate::kQuire : quant::Accumulate::kFp32;
  if (!options.what.empty()) job.what.clear();
  for (const std::string& what : options.what)
    job.what.push_back(what == "wa" ? session::Operands::kWeightsAndInputs
                                    : session::Operands::kWeights);
  // Per token nothing is searched for.
  if (options.scales.empty() && options.settings.activation_scale == "token")
    options.scales = {"absmax", "rms_pow2"};
  if (const Status read = read_settings(options.settings, options.scales, job.settings, job.scales);
      !read)
    return read.error();
  return options;
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  declare_model_data(app, options->run.model_data);
  const std::string numbers = "Formats";
  app.add_option("--formats", options->compare.formats,
                 "number formats, see `posittune formats`; posit<6,*>, posit<6,0>|int6: the best "
                 "for each channel (activations: the first)")
      ->delimiter(';')
      ->allow_extra_args(false)
      ->default_str("fp32,fp16,bf16,int16,int8,posit<8,1>,posit<8,0>,posit<6,1>")
      ->group(numbers);
  app.add_option("--recipe", options->compare.recipes,
                 "recipes to measure as they are, after the formats (without --formats: beside "
                 "FP32 alone), as `posittune search` writes them")
      ->allow_extra_args(false)
      ->group(numbers);
  app.add_option("--what", options->what, "w: weights; wa: weights and activations")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"w", "wa"}))
      ->default_str("w,wa")
      ->group(numbers);
  app.add_option("--scale", options->scales,
                 fmt::format("scale rules, each for all formats: {}",
                             fmt::join(quant::scale_rule_names(), ", ")))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("rms_pow2,mse_pow2; absmax,rms_pow2 with --activation-scale token")
      ->group(numbers);
  declare_settings(app, options->settings, numbers);
  app.add_option("--accumulate", options->accumulate,
                 "fp32, or quire: exact sums, for small models")
      ->check(CLI::IsMember({"fp32", "quire"}))
      ->default_val("fp32")
      ->group(numbers);
  const std::string measuring = "Measuring";
  declare_scores(app, options->compare.scores, measuring);
  app.add_option("--batch", options->compare.batch,
                 "items that go through the model at once (0: chosen by the size of the outputs)")
      ->check(CLI::Range(0, 1 << 20))
      ->group(measuring);
  app.add_option("--resamples", options->compare.resamples,
                 "resamples of the bootstrap that gives the 95 % intervals")
      ->check(CLI::Range(10, 1000000))
      ->group(measuring);
  app.add_option("--seed", options->compare.seed, "seed of the bootstrap's random draws")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->group(measuring);
  app.add_option("--save-outputs", options->compare.save_outputs,
                 "also write the model's outputs under each format to this folder, as .npy files")
      ->group(measuring);
  declare_run(app, options->run, "compare", measuring);
  return [options, streams] {
    auto resolved = resolve(*options);
    return resolved ? compare(*resolved, streams) : Status(resolved.error());
  };
}

}  // namespace

const Command kCompare = {"compare", "how good a model is under each format", declare};

}  // namespace posittune::cli
