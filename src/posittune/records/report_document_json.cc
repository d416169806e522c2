#include <cmath>
#include <utility>

#include "posittune/records/details_fields.h"
#include "posittune/records/json_fields.h"
#include "posittune/records/report_document.h"

namespace posittune::records {

template <>
struct FieldsOf<RunSession> {
  static constexpr std::tuple kList{
      Field{"started", &RunSession::started}, Field{"command_line", &RunSession::command_line},
      Field{"versions", &RunSession::versions}, Field{"cpu", &RunSession::cpu},
      Field{"threads", &RunSession::threads}};
};

template <>
struct FieldsOf<SummaryPoint> {
  static constexpr std::tuple kList{Field{"label", &SummaryPoint::label},
                                    Field{"text", &SummaryPoint::text}};
};

template <>
struct FieldsOf<RunSummary> {
  static constexpr std::tuple kList{
      Field{"title", &RunSummary::title}, Field{"points", &RunSummary::points},
      Field{"best", &RunSummary::best}, Field{"missing", &RunSummary::missing}};
};

namespace {

using nlohmann::ordered_json;

Result<ordered_json> to_json(const StoredRun& run, const RunSummary& summary) {
  ordered_json results = ordered_json::parse(run.results_text, nullptr, /*allow_exceptions=*/false);
  if (results.is_discarded())
    return Error{.kind = ErrorKind::kInput,
                 .what = "not a JSON document",
                 .where = run.folder + "/results.json"};
  return ordered_json{{"folder", run.folder},
                      {"command", run.command},
                      {"hashes", json_value(run.hashes)},
                      {"seed", run.seed},
                      {"sessions", json_value(run.sessions)},
                      {"config", run.config},
                      {"results", std::move(results)},
                      {"details", run.details ? json_value(*run.details) : ordered_json(nullptr)},
                      {"summary", json_value(summary)}};
}

// One line of a tracker.
class Line {
 public:
  Line(const StoredRun& run, std::size_t row, const std::string& name) {
    object_ = {{"run", run.folder},
               {"command", run.command},
               {"model", run.model().path},
               {"row", row},
               {"step", row},
               {"name", name}};
  }
  void add(const std::string& name, const std::string& text) { object_[name] = text; }
  void add(const std::string& name, double number) {
    if (std::isfinite(number)) object_[name] = number;
  }
  void add(const std::string& name, const Estimate& estimate) {
    add(name, estimate.value);
    add(name + "/low", estimate.low);
    add(name + "/high", estimate.high);
  }
  void add(const std::map<std::string, MetricResult>& metrics) {
    for (const auto& [name, metric] : metrics) {
      add("metrics/" + name, metric.value);
      if (metric.delta) add("metrics/" + name + "/delta", metric.delta->value);
    }
  }
  std::string text() const { return line_text(object_) + "\n"; }

 private:
  ordered_json object_;
};

std::string lines_of(const StoredRun& run, const Comparison& comparison) {
  std::string text;
  for (std::size_t i = 0; i < comparison.rows.size(); ++i) {
    const ComparisonRow& row = comparison.rows[i];
    Line line(run, i, row.format + ", " + row.what + ", " + row.scale);
    line.add("format", row.format);
    line.add("what", row.what);
    line.add("bits_per_weight", row.bits_per_weight);
    line.add("seconds", row.seconds);
    line.add("nonfinite", static_cast<double>(row.nonfinite));
    line.add(row.metrics);
    text += line.text();
  }
  return text;
}

std::string lines_of(const StoredRun& run, const SearchResult& result) {
  std::string text;
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const SearchRow& row = result.rows[i];
    Line line(run, i, row.method + (row.budget.empty() ? "" : ", " + row.budget));
    line.add("recipe", row.recipe);
    line.add("bits_per_weight", row.bits_per_weight);
    line.add("bytes", row.bytes);
    line.add("energy_pj", row.energy);
    line.add("area_um2", row.area);
    line.add("predicted_loss", row.predicted_loss);
    line.add("search_loss", row.search_loss);
    line.add("seconds", row.seconds);
    line.add("nonfinite", static_cast<double>(row.nonfinite));
    line.add(row.metrics);
    text += line.text();
  }
  return text;
}

std::string lines_of(const StoredRun& run, const Sensitivity& result) {
  std::string text;
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const SensitivityRow& row = result.rows[i];
    Line line(run, i, row.layer + ", " + row.format + ", " + row.what + ", " + row.tier);
    line.add("layer", row.layer);
    line.add("format", row.format);
    line.add("what", row.what);
    line.add("tier", row.tier);
    line.add("score", Estimate{row.score, row.low, row.high});
    text += line.text();
  }
  return text;
}

}  // namespace

Result<std::string> json_text(const ReportDocument& document) {
  ordered_json runs = ordered_json::array();
  for (std::size_t i = 0; i < document.runs.size(); ++i) {
    auto run = to_json(document.runs[i], document.summaries.at(i));
    if (!run) return run.error();
    runs.push_back(std::move(*run));
  }
  return line_text({{"version", document.version},
                    {"written", document.written},
                    {"runs", std::move(runs)},
                    {"grids", json_value(document.grids)}}) +
         "\n";
}

std::string json_lines(const ReportDocument& document) {
  std::string text;
  for (const StoredRun& run : document.runs)
    text += std::visit([&run](const auto& results) { return lines_of(run, results); }, run.results);
  return text;
}

}  // namespace posittune::records
