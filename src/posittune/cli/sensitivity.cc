// posittune sensitivity: what each format costs in each layer.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
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

namespace posittune::cli {
namespace {

using report::loss_title;
using report::scored_text;
using session::SensitivityResult;

// As they are written on the command line.
struct Options {
  RunOptions run;
  session::SensitivityOptions analysis;
  session::SettingsText settings{.granularity = "channel"};
  std::vector<std::string> what, scales;
  std::string tier;
  bool check = false;
};

const char* const kFormats12 =
    "posit<8,1>,posit<8,0>,posit<6,1>,posit<5,1>,posit<4,1>,int8,int6,int5,int4,fp8_e4m3,fp6_e2m3,"
    "fp4_e2m1";

std::string number(double value) {
  if (std::isnan(value)) return "-";
  if (value == 0) return "0";
  return fmt::format("{:.2e}", value);
}

// Layers down, formats across; the highest tier's score of each pair.
void print_scores(const records::Sensitivity& result, const std::string& what, std::ostream& out) {
  using report::Align;
  std::vector<std::string> formats;
  std::vector<std::pair<std::string, std::string>> sites;
  std::map<std::pair<std::string, std::string>,
           std::map<std::string, const records::SensitivityRow*>>
      cells;
  for (const records::SensitivityRow& row : result.rows) {
    if (row.what != what) continue;
    const std::string format = row.format + (row.scale.empty() ? "" : " " + row.scale);
    const std::pair site(row.layer, row.weight);
    if (std::find(formats.begin(), formats.end(), format) == formats.end())
      formats.push_back(format);
    if (!cells.contains(site)) sites.push_back(site);
    cells[site][format] = &row;  // tiers come in ascending order
  }
  const bool one_scale = std::all_of(result.rows.begin(), result.rows.end(), [&](const auto& row) {
    return row.scale == result.rows.front().scale;
  });
  std::vector<report::Column> columns = {{"layer"}, {"weight"}, {"parameters", Align::kRight}};
  for (const std::string& format : formats)
    columns.push_back({one_scale ? format.substr(0, format.rfind(' ')) : format, Align::kRight});
  report::Table table(std::move(columns));
  for (const auto& site : sites) {
    std::vector<std::string> line = {site.first, site.second.empty() ? "-" : site.second, ""};
    for (const std::string& format : formats) {
      const auto found = cells[site].find(format);
      if (found == cells[site].end()) {
        line.emplace_back("-");
        continue;
      }
      const records::SensitivityRow& row = *found->second;
      if (row.parameters > 0) line[2] = std::to_string(row.parameters);
      line.push_back(number(row.score) + (row.stopped == "dominated"                    ? "*"
                                          : row.tier == "exact" && !row.stopped.empty() ? "~"
                                                                                        : ""));
    }
    table.add_row(std::move(line));
  }
  fmt::print(out, "{}", table.text());
}

void print_agreement(const records::Sensitivity& result, std::ostream& out) {
  using report::Align;
  if (result.agreement.empty()) return;
  report::Table table({{"tier"},
                       {"against"},
                       {"what"},
                       {"pairs", Align::kRight},
                       {"Spearman", Align::kRight},
                       {"R^2 of logs", Align::kRight},
                       {"true / tier", Align::kRight}});
  for (const records::AgreementRecord& each : result.agreement) {
    const auto three = [](double value) {
      return std::isnan(value) ? std::string("-") : fmt::format("{:.3f}", value);
    };
    table.add_row({each.tier, each.reference, each.what, std::to_string(each.pairs),
                   three(each.spearman), three(each.r2_log),
                   each.tier == "proxy" ? "" : three(each.ratio)});
  }
  fmt::print(out, "\n{}", table.text());
}

void print_extras(const records::Sensitivity& result, std::ostream& out) {
  using report::Align;
  const std::string loss = loss_title(result.scored);
  if (!result.mixes.empty()) {
    report::Table table({{"random mix: bits/weight", Align::kRight},
                         {"sum of scores", Align::kRight},
                         {loss + " [95 %]", Align::kRight},
                         {loss + " / sum", Align::kRight}});
    for (const records::MixRecord& mix : result.mixes) {
      table.add_row(
          {fmt::format("{:.3f}", mix.bits_per_weight), number(mix.predicted),
           fmt::format("{} [{}, {}]", number(mix.measured), number(mix.low), number(mix.high)),
           fmt::format("{:.2f}", mix.measured / mix.predicted)});
    }
    fmt::print(out, "\n{}", table.text());
  }
  if (!result.upgrades.empty()) {
    report::Table table({{"windows upgraded in order of"},
                         {"windows", Align::kRight},
                         {"bits/weight", Align::kRight},
                         {loss, Align::kRight}});
    for (const records::UpgradeRecord& each : result.upgrades) {
      table.add_row({each.order, std::to_string(each.windows),
                     fmt::format("{:.3f}", each.bits_per_weight), number(each.loss)});
    }
    fmt::print(out, "\n{}", table.text());
  }
}

void print_result(const SensitivityResult& found, std::ostream& out) {
  const records::Sensitivity& result = found.sensitivity;
  std::vector<std::string> whats;
  for (const records::SensitivityRow& row : result.rows) {
    if (std::find(whats.begin(), whats.end(), row.what) == whats.end()) whats.push_back(row.what);
  }
  const auto reached = [&](const char* tier) {
    return std::any_of(result.rows.begin(), result.rows.end(),
                       [&](const auto& row) { return row.tier == tier; });
  };
  const std::string tier = reached("gain") || reached("exact") ? "exact" : "proxy";
  fmt::print(out, "scored: {}\n", scored_text(result.scored));
  for (const std::string& what : whats) {
    fmt::print(out, "{}  {}: {}\n", result.model.path,
               what == "w"   ? "weights"
               : what == "a" ? "inputs of layers"
                             : "weights and inputs",
               tier == "proxy" ? "error / signal at the layer's output"
                               : loss_title(result.scored) + " to FP32" +
                                     (result.scored.unit.empty() ? "" : ", " + result.scored.unit));
    print_scores(result, what, out);
    fmt::print(out, "\n");
  }
  if (tier == "exact")
    fmt::print(out,
               "~ ended early, tight enough; * ended early, another format is surely better\n");
  print_agreement(result, out);
  print_extras(result, out);
  for (const records::TierCost& cost : result.costs) {
    fmt::print(out, "{}{:<6} {:>8.1f} s {:>8.1f} FP32 evaluations {:>6} runs\n",
               &cost == &result.costs.front() ? "\n" : "", cost.tier, cost.seconds,
               cost.evaluations, cost.probes);
  }
}

void print_plan(const session::SensitivityPlan& plan, bool json, std::ostream& out) {
  if (json) {
    const nlohmann::ordered_json document = {{"model", plan.model},
                                             {"task", plan.task},
                                             {"sites", plan.sites},
                                             {"formats", plan.formats},
                                             {"segments", plan.segments},
                                             {"tier", plan.tier},
                                             {"evaluations", plan.evaluations},
                                             {"estimated_seconds", plan.seconds}};
    print_json(document, out);
    return;
  }
  fmt::print(out,
             "model    {}\ntask     {}\nsites    {} x {} formats\nsegments {}\ntier     "
             "{}\nestimate {:.0f} s, {:.0f} FP32 evaluations of {} items\n",
             plan.model, plan.task, plan.sites, plan.formats, plan.segments, plan.tier,
             plan.seconds, plan.evaluations, plan.items);
}

Status analyse(const Options& options, Streams streams) {
  const session::SensitivityOptions& job = options.analysis;
  return run_job(options.run, job, streams, print_plan, [&](session::Session& session) -> Status {
    auto result = session.sensitivity(job);
    if (!result) return result.error();
    if (options.run.json) {
      streams.out << records::json_text(result->sensitivity);
    } else {
      print_result(*result, streams.out);
    }
    fmt::print(streams.err, "results: {}\n", result->run_folder);
    return success();
  });
}

// What the words stand for, and defaults where there are none.
Result<Options> resolve(Options options) {
  session::SensitivityOptions& job = options.analysis;
  if (job.formats.empty()) job.formats = {kFormats12};
  job.formats = quant::split_formats(job.formats);
  if (!options.what.empty()) job.what.clear();
  for (const std::string& text : options.what) {
    auto what = sensitivity::parse_what(text);
    if (!what) return what.error();
    if (std::find(job.what.begin(), job.what.end(), *what) == job.what.end())
      job.what.push_back(*what);
  }
  if (const Status read = read_settings(options.settings, options.scales, job.settings, job.scales);
      !read)
    return read.error();
  auto tier = sensitivity::parse_tier(options.tier);
  if (!tier) return tier.error();
  job.tier = *tier;
  if (options.check) {
    job.tier = sensitivity::Tier::kExact;
    job.mixes = std::max<std::size_t>(job.mixes, 20);
    job.upgrade_points = std::max<std::size_t>(job.upgrade_points, 8);
    job.naive = std::max<std::size_t>(job.naive, 4);
  }
  return options;
}

void declare_formats(CLI::App& app, Options& options) {
  const std::string group = "Formats";
  app.add_option("--formats", options.analysis.formats,
                 "number formats, see `posittune formats`; posit<6,*>, posit<6,0>|int6: the best "
                 "for each channel (activations: the first)")
      ->delimiter(';')
      ->allow_extra_args(false)
      ->default_str(kFormats12)
      ->group(group);
  app.add_option("--what", options.what, "w: weights; a: inputs of layers; wa: both together")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("w")
      ->group(group);
  app.add_option("--scale", options.scales,
                 fmt::format("scale rules, each for all formats: {}",
                             fmt::join(quant::scale_rule_names(), ", ")))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("mse_pow2")
      ->group(group);
  declare_settings(app, options.settings, group);
  app.add_option(
         "--reference", options.analysis.reference,
         "format whose rounding is used to measure how much errors of each layer matter (its gain)")
      ->default_val("posit<5,1>")
      ->group(group);
}

void declare_measuring(CLI::App& app, Options& options) {
  const std::string group = "Measuring";
  app.add_option(
         "--tier", options.tier,
         "how scores are found, from fast to slow. proxy: error at the layer's own output; "
         "gain: that error times how much errors of the layer matter, measured by one run for each "
         "layer; "
         "exact: the loss of the model's output, measured by a run for each layer and format")
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
  app.add_option(
         "--spot-checks", options.analysis.spot_checks,
         "random (layer, format) pairs that the gain tier also measures exactly, as a check")
      ->check(CLI::Range(0, 100000))
      ->default_val("8")
      ->group(group);
  app.add_option("--segments", options.analysis.segments,
                 "cut the model into at most this many parts, so that a change re-runs only the "
                 "parts after it")
      ->check(CLI::Range(1, 1000))
      ->default_val("32")
      ->group(group);
  app.add_option(
         "--cache-limit", options.analysis.cache_limit,
         "memory for the tensors kept between parts, for example 512MiB; the rest goes to disk")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("1GiB")
      ->group(group);
  declare_scores(app, options.analysis.scores, group);
  app.add_option("--batch", options.analysis.batch,
                 "items that go through the model at once (0: chosen by the size of the outputs)")
      ->check(CLI::Range(0, 1 << 20))
      ->group(group);
  app.add_option("--seed", options.analysis.seed, "seed of random choices")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->group(group);
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
  app.add_option("--upgrade-from", options.analysis.upgrade_from,
                 "with --upgrade-points: format of all weights at the start")
      ->default_val("posit<4,1>")
      ->group(group);
  app.add_option("--upgrade-to", options.analysis.upgrade_to,
                 "with --upgrade-points: format that groups of channels get")
      ->default_val("posit<5,1>")
      ->group(group);
  app.add_option(
         "--naive", options.analysis.naive,
         "also measure this many random pairs by running the whole model, to compare the time")
      ->check(CLI::Range(0, 10000))
      ->group(group);
  app.add_flag("--check", options.check,
               "check the scores: all three tiers and how well they agree, --mixes 20, "
               "--upgrade-points 8 and --naive 4")
      ->group(group);
  declare_run(app, options.run, "sensitivity", group);
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  declare_model_data(app, options->run.model_data);
  declare_formats(app, *options);
  declare_measuring(app, *options);
  declare_more(app, *options);
  return [options, streams] {
    auto resolved = resolve(*options);
    return resolved ? analyse(*resolved, streams) : Status(resolved.error());
  };
}

}  // namespace

const Command kSensitivity = {"sensitivity", "what each format costs in each layer and channel",
                              declare};

}  // namespace posittune::cli
