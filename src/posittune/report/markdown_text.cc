// Reports as Markdown, and model cards.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "posittune/base/printable.h"
#include "posittune/records/best_row.h"
#include "posittune/report/html_page.h"
#include "posittune/report/number_text.h"
#include "posittune/report/run_text.h"
#include "posittune/report/scored_text.h"

namespace posittune::report {
namespace {

using records::Comparison;
using records::MetricResult;
using records::ReportDocument;
using records::RunSummary;
using records::SearchResult;
using records::Sensitivity;
using records::StoredRun;

using Cells = std::vector<std::string>;

// Text that Markdown shows as it is, and HTML in it too.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : printable(text)) {
    const bool markdown = std::string_view("\\`*_{}[]#|~$").find(c) != std::string_view::npos;
    safe += markdown ? std::string("\\") + c : html_escaped(std::string_view(&c, 1));
  }
  return safe;
}

std::string line_of(const Cells& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + escaped(cell) + " |";
  return line + "\n";
}

// Columns from the second on are numbers.
std::string table_of(const Cells& titles, const std::vector<Cells>& rows) {
  std::string text = line_of(titles) + "|---|";
  for (std::size_t i = 1; i < titles.size(); ++i) text += "---:|";
  text += "\n";
  for (const Cells& row : rows) text += line_of(row);
  return text;
}

std::string metric_cell(const std::map<std::string, MetricResult>& metrics,
                        const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end()
             ? "-"
             : interval_text(found->second.value) + (found->second.noise ? " noise" : "");
}

// The loss and the primary metric of the first row that has any.
template <class Rows>
Cells shown_metrics(const Rows& rows) {
  for (const auto& row : rows) {
    if (row.metrics.empty()) continue;
    const std::string loss = records::loss_metric(row.metrics),
                      primary = records::primary_metric(row.metrics);
    Cells names;
    for (const std::string& name : {loss, primary}) {
      if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
  }
  return {};
}

template <class Row>
void add_metrics(const Row& row, const Cells& names, Cells& cells) {
  for (const std::string& name : names) cells.push_back(metric_cell(row.metrics, name));
}

std::string rows_table(const Comparison& comparison) {
  const Cells names = shown_metrics(comparison.rows);
  Cells titles = {"format", "what", "scale", "bits/weight"};
  titles.insert(titles.end(), names.begin(), names.end());
  std::vector<Cells> rows;
  for (const records::ComparisonRow& row : comparison.rows) {
    rows.push_back({row.format, row.what, row.scale, fmt::format("{:.3f}", row.bits_per_weight)});
    add_metrics(row, names, rows.back());
  }
  return table_of(titles, rows);
}

std::string rows_table(const SearchResult& result) {
  const Cells names = shown_metrics(result.rows);
  Cells titles = {"method", "budget", "bits/weight",
                  "size",   "energy", loss_title(result.scored) + " on search"};
  titles.insert(titles.end(), names.begin(), names.end());
  std::vector<Cells> rows;
  for (const records::SearchRow& row : result.rows) {
    rows.push_back({row.method, row.budget, fmt::format("{:.3f}", row.bits_per_weight),
                    bytes_text(row.bytes), energy_text(row.energy),
                    number_text(row.search_loss.value)});
    add_metrics(row, names, rows.back());
  }
  return table_of(titles, rows);
}

std::string rows_table(const Sensitivity& result) {
  std::vector<Cells> rows;
  for (const records::SensitivityRow& row : result.rows)
    rows.push_back({row.layer, row.format, row.what, row.tier, number_text(row.score)});
  return table_of({"layer", "format", "what", "tier", "score"}, rows);
}

std::string points_text(const RunSummary& summary) {
  std::string text;
  for (const records::SummaryPoint& point : summary.points)
    text += fmt::format("- **{}**: {}\n", escaped(point.label), escaped(point.text));
  for (const std::string& missing : summary.missing)
    text += fmt::format("- **Not shown**: {}\n", escaped(missing));
  return text;
}

// A word as a shell takes it.
std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && std::ranges::all_of(word, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-_./:=,@%+").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string reproduce_text(const StoredRun& run) {
  std::string text;
  if (const records::RunSession* session = run.last_session()) {
    std::string command;
    for (const std::string& word : session->command_line)
      command += (command.empty() ? "" : " ") + shell_word(word);
    text += "```sh\n" + printable(command) + "\n```\n\n";
    text += fmt::format("- machine: {}, {} threads; {}\n", escaped(session->cpu), session->threads,
                        escaped(session->started));
    std::string versions;
    for (const auto& [name, version] : session->versions)
      versions += (versions.empty() ? "" : ", ") + name + " " + version;
    text += fmt::format("- versions: {}\n", escaped(versions));
  }
  text += fmt::format("- seed: {}\n", run.seed);
  for (const auto& [name, hash] : run.hashes)
    text += fmt::format("- {}: sha256 `{}`\n", escaped(name), escaped(hash));
  return text;
}

std::string section_of(const StoredRun& run, const RunSummary& summary) {
  return fmt::format(
      "## {}\n\n{}\n{}\n### How to reproduce\n\n{}", escaped(summary.title), points_text(summary),
      std::visit([](const auto& results) { return rows_table(results); }, run.results),
      reproduce_text(run));
}

// A text as a YAML scalar.
std::string yaml_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// Results in the form of the Hub's model-index, which shows them beside the model.
std::string model_index(const StoredRun& run, const RunSummary& summary,
                        const std::map<std::string, MetricResult>& metrics) {
  const auto data = run.data().find("report");
  std::string text = fmt::format(
      "model-index:\n- name: {}\n  results:\n  - task:\n      type: {}\n    dataset:\n      name: "
      "{}\n      type: {}\n"
      "    metrics:\n",
      yaml_text(summary.title), yaml_text(run.scored().task),
      yaml_text(data == run.data().end()
                    ? ""
                    : std::filesystem::path(data->second.path).filename().string()),
      yaml_text(data == run.data().end() ? "" : data->second.kind));
  std::size_t written = 0;
  for (const auto& [name, metric] : metrics) {
    if (!std::isfinite(metric.value.value)) continue;  // the Hub takes numbers only
    text += fmt::format("    - type: {}\n      value: {}\n", yaml_text(name), metric.value.value);
    ++written;
  }
  return written > 0 ? text : "";
}

const std::map<std::string, MetricResult>* best_metrics(const StoredRun& run,
                                                        const RunSummary& summary) {
  if (summary.best.empty()) return nullptr;
  const std::size_t row = summary.best.front();
  if (const auto* result = std::get_if<SearchResult>(&run.results))
    return &result->rows.at(row).metrics;
  if (const auto* comparison = std::get_if<Comparison>(&run.results))
    return &comparison->rows.at(row).metrics;
  return nullptr;
}

}  // namespace

std::string markdown_text(const ReportDocument& document) {
  std::string text =
      fmt::format("# Report of PositTune {}, {}\n", document.version, document.written);
  for (std::size_t i = 0; i < document.runs.size(); ++i)
    text += "\n" + section_of(document.runs[i], document.summaries[i]);
  return text;
}

std::string model_card(const ReportDocument& document) {
  const StoredRun& run = document.runs.front();
  const RunSummary& summary = document.summaries.front();
  std::string text = "---\ntags:\n- quantization\n- posit\n- posittune\n- mixed-precision\n";
  if (const auto* metrics = best_metrics(run, summary)) text += model_index(run, summary, *metrics);
  text += "---\n\n";
  text += fmt::format(
      "# {}\n\nMeasured with PositTune {}. Licence and intended use are those of the model that "
      "was quantized: "
      "`{}` (sha256 `{}`).\n\n{}\n## Results\n\n{}\n## How to reproduce\n\n{}",
      escaped(summary.title), document.version,
      escaped(std::filesystem::path(run.model().path).filename().string()),
      escaped(run.model().sha256), points_text(summary),
      std::visit([](const auto& results) { return rows_table(results); }, run.results),
      reproduce_text(run));
  return text;
}

}  // namespace posittune::report
