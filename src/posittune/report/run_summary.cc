#include "posittune/report/run_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

#include "posittune/records/best_row.h"
#include "posittune/report/number_text.h"
#include "posittune/report/scored_text.h"

namespace posittune::report {
namespace {

using records::Comparison;
using records::ComparisonRow;
using records::MetricResult;
using records::RunSummary;
using records::SearchResult;
using records::SearchRow;
using records::Sensitivity;
using records::StoredRun;

using Metrics = std::map<std::string, MetricResult>;

// "gpt2" of ".../gpt2/model.onnx": a file is often only called model.
std::string model_name(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string stem = file.stem().string(), folder = file.parent_path().filename().string();
  return stem == "model" && !folder.empty() ? folder : stem;
}

std::string counted(std::size_t count, const std::string& unit) {
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

// "16 items of report.npz"; empty without the split.
std::string split_text(const StoredRun& run, const std::string& split) {
  const auto found = run.data().find(split);
  if (found == run.data().end()) return "";
  const records::SplitRecord& data = found->second;
  const std::string file = std::filesystem::path(data.path).filename().string();
  return counted(data.items, data.unit == "image" ? "image" : "item") +
         (file.empty() ? "" : " of " + file);
}

void add_data(const StoredRun& run, RunSummary& summary) {
  std::string text;
  const auto say = [&](const std::string& split, const std::string& use) {
    const std::string data = split_text(run, split);
    if (!data.empty()) text += (text.empty() ? "" : "; ") + use + ": " + data;
  };
  say("calibrate", "scales from calibration data");
  say("search",
      run.command == "search" ? "formats chosen on search data" : "loss measured on search data");
  say("report", "results measured on report data");
  if (text.empty()) return;
  const bool apart = run.data().size() > 1;
  const auto report = run.data().find("report");
  if (report != run.data().end() && !report->second.unit.empty())
    text += "; intervals are by " + report->second.unit;
  summary.points.push_back({"Data", text + (apart ? ". No item is in two of these sets." : ".")});
}

std::string percent(double part) { return fmt::format("{:+.2f} %", 100 * part); }

// "perplexity 91.2 [73.8, 107], FP32 90.6 (+0.7 %)"
std::string metric_text(const std::string& name, const MetricResult& metric) {
  std::string text = fmt::format("{} {}", name, interval_text(metric.value));
  if (!metric.unit.empty()) text += " " + metric.unit;
  if (metric.delta) {
    const double fp32 = records::fp32_value(metric);
    text += fmt::format(", FP32 {}", number_text(fp32));
    if (fp32 != 0 && std::isfinite(fp32))
      text += fmt::format(" ({}, interval of the difference {})",
                          percent(metric.delta->value / std::abs(fp32)),
                          fmt::format("{} to {}", percent(metric.delta->low / std::abs(fp32)),
                                      percent(metric.delta->high / std::abs(fp32))));
  }
  if (metric.noise) text += "; better than FP32, which these data cannot tell from noise";
  return text;
}

// What a row loses: the primary metric, the loss, the agreement.
std::string losses_text(const StoredRun& run, const Metrics& metrics) {
  std::vector<std::string> parts;
  const std::string primary = records::primary_metric(metrics),
                    loss = records::loss_metric(metrics);
  if (!primary.empty() && primary != loss)
    parts.push_back(metric_text(primary, metrics.at(primary)));
  if (!loss.empty())
    parts.push_back(fmt::format("{} {} {}", loss_title(run.scored()),
                                interval_text(metrics.at(loss).value), metrics.at(loss).unit));
  const auto agree = metrics.find("top1_agreement");
  if (agree != metrics.end() && primary != "top1_agreement")
    parts.push_back(fmt::format("same first answer as FP32 in {:.1f} % of cases",
                                100 * agree->second.value.value));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text.empty() ? "" : text + ". Intervals are of 95 %.";
}

bool keeps(const Metrics& metrics) {
  const std::string primary = records::primary_metric(metrics);
  return !primary.empty() && primary != records::loss_metric(metrics) &&
         records::lost_part(metrics.at(primary)) <= records::kKeptLoss;
}

// Whether the whole interval of what is lost is within kKeptLoss.
bool is_certain(const Metrics& metrics) {
  const MetricResult& metric = metrics.at(records::primary_metric(metrics));
  const double worst = metric.lower_is_better ? metric.delta->high : -metric.delta->low;
  return worst <= records::kKeptLoss * std::abs(records::fp32_value(metric));
}

bool has_quality(const Metrics& metrics) {
  const std::string primary = records::primary_metric(metrics);
  return !primary.empty() && primary != records::loss_metric(metrics);
}

std::string bits_text(double bits) { return fmt::format("{:.2f} bits per weight", bits); }

// The uniform formats beside a mix, by the loss on the same split.
std::string beside_text(const SearchResult& result, const SearchRow& best) {
  const SearchRow* smaller = nullptr;  // the best of no more bits
  const SearchRow* equal = nullptr;    // the fewest bits of no more loss
  for (const SearchRow& row : result.rows) {
    if (!records::is_uniform(row) || row.nonfinite > 0) continue;
    const bool fewer = row.bits_per_weight <= best.bits_per_weight;
    if (fewer && (!smaller || row.search_loss.value < smaller->search_loss.value)) smaller = &row;
    const bool good = row.search_loss.value <= best.search_loss.value;
    if (good && (!equal || row.bits_per_weight < equal->bits_per_weight)) equal = &row;
  }
  std::string text;
  const std::string loss = loss_title(result.scored) + " on search data";
  if (smaller && best.search_loss.value > 0)
    text += fmt::format("{} of {} has {:.1f} times the {}. ", smaller->method,
                        bits_text(smaller->bits_per_weight),
                        smaller->search_loss.value / best.search_loss.value, loss);
  if (equal)
    text += fmt::format("The smallest uniform format that loses no more is {} with {}. ",
                        equal->method.substr(std::string("uniform ").size()),
                        bits_text(equal->bits_per_weight));
  if (text.empty()) text = "No uniform format was measured beside it. ";
  text.pop_back();
  return text;
}

std::string row_name(const SearchRow& row) {
  return row.method + (row.budget.empty() ? "" : ", " + row.budget);
}

void add_next(const SearchResult& result, const SearchRow& best, RunSummary& summary) {
  std::string text;
  if (best.nonfinite > 0) text = "The mix gives outputs that are not finite: do not use it. ";
  if (!has_quality(best.metrics))
    text += "The results were not measured on report data: do that once the options are settled. ";
  else if (!keeps(best.metrics))
    text +=
        "No mix keeps the metric within 1 % of FP32: allow more bits, choose among more formats, "
        "or round with "
        "compensation. ";
  else
    text += is_certain(best.metrics) ? "The mix keeps the metric within 1 % of FP32. "
                                     : "The mix keeps the metric within 1 % of FP32 on these data, "
                                       "but its interval reaches further: measure it on more. ";
  const bool baselines = std::ranges::any_of(result.rows, records::is_uniform);
  if (!baselines) text += "Search with baselines to see what uniform formats lose. ";
  text += fmt::format(
      "The mix is recipes/{} of the run: `posittune compare` measures a recipe on other data, "
      "`posittune cost` prices it on other hardware.",
      best.recipe);
  summary.points.push_back({"Next", text});
}

void describe(const StoredRun& run, const SearchResult& result, RunSummary& summary) {
  const auto mixes = std::ranges::count_if(result.rows, records::is_mix),
             uniform = std::ranges::count_if(result.rows, records::is_uniform);
  const std::size_t rules = result.rows.size() - static_cast<std::size_t>(mixes + uniform);
  summary.points.push_back(
      {"Measured",
       fmt::format(
           "{} of number formats for {}{}{}; scored: {}.",
           mixes == 1 ? "1 searched mix" : fmt::format("{} searched mixes", mixes),
           model_name(run.model().path),
           uniform > 0 ? fmt::format(", beside {}",
                                     counted(static_cast<std::size_t>(uniform), "uniform format"))
                       : "",
           rules > 0 ? fmt::format(" and {}",
                                   rules == 1 ? "1 mix by a rule of thumb"
                                              : fmt::format("{} mixes by rules of thumb", rules))
                     : "",
           scored_text(run.scored()))});
  add_data(run, summary);
  const auto best = records::best_row(result);
  if (!best) {
    summary.points.push_back({"Best mix", "None: no mix was measured with finite outputs."});
    return;
  }
  const SearchRow& row = result.rows[*best];
  summary.best.push_back(*best);
  const char* why = keeps(row.metrics) ? "the fewest bits that lose at most 1 % of the metric"
                    : has_quality(row.metrics) ? "the least loss of all mixes"
                                               : "the least loss on search data of all mixes";
  summary.points.push_back({"Best mix", fmt::format("{} ({}): {}.", row_name(row), why,
                                                    bits_text(row.bits_per_weight))});
  summary.points.push_back(
      {"Costs", fmt::format("{} of weights, {:.1f} times less than FP32; energy of one inference "
                            "{}, mean area of a MAC unit {} um2.",
                            bytes_text(row.bytes), 32 / row.bits_per_weight,
                            energy_text(row.energy), number_text(row.area))});
  const std::string losses = losses_text(run, row.metrics);
  summary.points.push_back(
      {"Loses", losses.empty() ? fmt::format("{} {} {} on search data.", loss_title(result.scored),
                                             interval_text(row.search_loss), result.scored.unit)
                               : losses});
  summary.points.push_back({"Beside it", beside_text(result, row)});
  add_next(result, row, summary);
}

void add_compared(const StoredRun& run, const Comparison& comparison, const std::string& what,
                  const std::string& label, RunSummary& summary) {
  const auto best = records::best_row(comparison, what);
  if (!best) return;
  const ComparisonRow& row = comparison.rows[*best];
  summary.best.push_back(*best);
  const char* why = keeps(row.metrics) ? "the fewest bits that lose at most 1 % of the metric"
                                       : "the least loss; no format loses 1 % or less";
  const std::string losses = losses_text(run, row.metrics);
  summary.points.push_back(
      {label, fmt::format("{}, {} ({}): {}, {:.1f} times less than FP32. {}", row.format, row.scale,
                          has_quality(row.metrics) ? why : "the least loss",
                          bits_text(row.bits_per_weight), 32 / row.bits_per_weight, losses)});
}

void describe(const StoredRun& run, const Comparison& comparison, RunSummary& summary) {
  summary.points.push_back(
      {"Measured", fmt::format("{} of {} under uniform number formats; scored: {}.",
                               counted(comparison.rows.size(), "row"), model_name(run.model().path),
                               scored_text(run.scored()))});
  add_data(run, summary);
  add_compared(run, comparison, "w", "Weights alone", summary);
  add_compared(run, comparison, "wa", "Weights and inputs", summary);
  const auto broken = std::ranges::count_if(
      comparison.rows, [](const ComparisonRow& row) { return row.nonfinite > 0; });
  if (broken > 0)
    summary.points.push_back(
        {"Of no use", fmt::format("{} with outputs that are not finite.",
                                  counted(static_cast<std::size_t>(broken), "row"))});
  summary.points.push_back({"Next",
                            "`posittune search` gives each layer a format of its own, which keeps "
                            "more quality at equal bits where layers differ; "
                            "`posittune sensitivity` shows whether they do."});
}

// The tier that most rows have, and of several the most exact: others are spot checks.
std::string widest_tier(const Sensitivity& result) {
  std::map<std::string, std::size_t> counts;
  for (const records::SensitivityRow& row : result.rows) ++counts[row.tier];
  std::string widest;
  for (const char* tier : {"proxy", "gain", "exact"}) {
    if (counts[tier] > 0 && counts[tier] >= counts[widest]) widest = tier;
  }
  return widest;
}

// The layers that lose most.
void add_layers(const Sensitivity& result, RunSummary& summary) {
  std::map<std::string, double> worst;  // by layer, over formats
  const std::string tier = widest_tier(result);
  for (const records::SensitivityRow& row : result.rows) {
    if (row.tier == tier && std::isfinite(row.score))
      worst[row.layer] = std::max(worst[row.layer], row.score);
  }
  std::vector<std::pair<double, std::string>> ranked;
  double sum = 0;
  for (const auto& [layer, score] : worst) {
    ranked.emplace_back(score, layer);
    sum += score;
  }
  std::ranges::sort(ranked, std::greater<>());
  const std::size_t shown = std::min<std::size_t>(3, ranked.size());
  if (shown == 0 || !(sum > 0)) return;
  double part = 0;
  std::string names;
  for (std::size_t i = 0; i < shown; ++i) {
    part += ranked[i].first;
    names += (i == 0 ? "" : ", ") + ranked[i].second;
  }
  summary.points.push_back(
      {"Most sensitive",
       fmt::format(
           "{}: {:.0f} % of the sum over all {} of the {} score under the worst format of each.",
           names, 100 * part / sum, counted(ranked.size(), "layer"), tier)});
}

void describe(const StoredRun& run, const Sensitivity& result, RunSummary& summary) {
  std::vector<std::string> layers, formats;
  const auto note = [](std::vector<std::string>& names, const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const records::SensitivityRow& row : result.rows) {
    note(layers, row.layer);
    note(formats, row.format);
  }
  summary.points.push_back(
      {"Measured", fmt::format("what {} cost in each of {} of {}; scored: {}.",
                               counted(formats.size(), "format"), counted(layers.size(), "layer"),
                               model_name(run.model().path), scored_text(run.scored()))});
  add_data(run, summary);
  add_layers(result, summary);
  for (const records::AgreementRecord& each : result.agreement)
    summary.points.push_back(
        {"Trust",
         fmt::format("{} scores rank {} ({}) as {} ones do: Spearman {:.3f}.", each.tier,
                     counted(each.pairs, "pair"), each.what, each.reference, each.spearman)});
  summary.points.push_back(
      {"Next", "`posittune search` turns these scores into a mix within a budget."});
}

void add_missing(const StoredRun& run, RunSummary& summary) {
  if (!run.details && run.command != "sensitivity")
    summary.missing.push_back("assignments, costs and errors by layer, and losses by item: " +
                              run.details_missing);
  if (run.command == "search" && !run.data().contains("report"))
    summary.missing.push_back("metrics on report data: the search was asked not to read them");
}

}  // namespace

records::RunSummary summary_of(const StoredRun& run) {
  RunSummary summary;
  const char* job = run.command == "search"    ? "the best mix of number formats"
                    : run.command == "compare" ? "number formats compared"
                                               : "sensitivity to number formats";
  summary.title = fmt::format("{}: {}", model_name(run.model().path), job);
  std::visit([&](const auto& results) { describe(run, results, summary); }, run.results);
  add_missing(run, summary);
  return summary;
}

}  // namespace posittune::report
