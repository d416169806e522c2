#pragma once

// Invented runs, with names that a hostile model may have.

#include <string>

#include "posittune/records/stored_run.h"

namespace posittune::report {

inline const std::string kHostile = "</script><script>alert(1)</script><b>&\"'|`\xe2\x80\xa8";

inline records::MetricResult metric(double value, double fp32, std::uint64_t rank) {
  return {.value = {value, value - 0.5, value + 0.5},
          .delta = {{value - fp32, value - fp32 - 0.25, value - fp32 + 0.25}},
          .lower_is_better = true,
          .unit = {},
          .rank = rank};
}

inline records::SearchRow search_row(const std::string& method, const std::string& budget,
                                     double bits, double loss) {
  records::SearchRow row;
  row.recipe = "r.yaml";
  row.method = method;
  row.budget = budget;
  row.bits_per_weight = bits;
  row.bytes = 1e6 * bits;
  row.energy = 2e6;
  row.area = 1260;
  row.predicted_loss = loss;
  row.search_loss = {loss, 0.9 * loss, 1.1 * loss};
  row.metrics["kl"] = {.value = row.search_loss,
                       .delta = {row.search_loss},
                       .lower_is_better = true,
                       .unit = "nats/token",
                       .rank = 0};
  row.metrics["perplexity"] = metric(100 + 50 * loss, 100, 1);
  return row;
}

inline records::StoredRun search_run() {
  records::SearchResult result;
  result.model = {"/models/" + kHostile + "/model.onnx", "ab"};
  result.scored = {"logits", "language_model", "logits", "a reason", "kl", "nats/token"};
  result.data["report"] = {"/data/report.npz", "npz", 16, "document", "cd", {}};
  result.data["search"] = {"/data/search.npz", "npz", 8, "document", "ef", {}};
  result.rows = {
      search_row("search", "bits 5", 4.99, 0.01), search_row("uniform int4", "", 4.03, 0.05),
      search_row("uniform int6", "", 6.03, 0.009), search_row("random", "bits 5", 5, 0.4)};
  records::StoredRun run;
  run.folder = "runs/" + kHostile;
  run.command = "search";
  run.config = "command: search\n";
  run.hashes = {{"model", "ab"}};
  run.sessions.push_back(
      {"now", {"posittune", "search", "m x.onnx"}, {{"posittune", "0.1.0"}}, "a cpu", 2});
  run.results_text = records::json_text(result);
  run.results = std::move(result);
  run.details_missing = "there are none";
  return run;
}

inline records::StoredRun compare_run() {
  records::StoredRun run = search_run();
  records::Comparison comparison;
  comparison.model = run.model();
  comparison.scored = run.scored();
  comparison.data = run.data();
  for (const auto& [format, what, bits, loss] :
       {std::tuple("fp32", "w", 32.0, 0.0), std::tuple("int8", "w", 8.03, 0.001),
        std::tuple("int8", "wa", 8.03, 0.5)}) {
    records::ComparisonRow row{.format = format,
                               .what = what,
                               .scale = "mse_pow2",
                               .granularity = "channel",
                               .bits_per_weight = bits,
                               .metrics = search_row("", "", bits, loss).metrics};
    comparison.rows.push_back(row);
  }
  run.command = "compare";
  run.results_text = records::json_text(comparison);
  run.results = std::move(comparison);
  return run;
}

inline records::StoredRun sensitivity_run() {
  records::StoredRun run = search_run();
  records::Sensitivity result;
  result.model = run.model();
  result.scored = run.scored();
  result.data = run.data();
  for (const double score : {3.0, 1.0}) {
    records::SensitivityRow row;
    row.layer = score > 2 ? kHostile : "quiet";
    row.format = "int4";
    row.what = "w";
    row.tier = "gain";
    row.score = score;
    result.rows.push_back(row);
  }
  result.agreement.push_back({"gain", "exact", "w", 8, 0.98, 0.9, 1});
  run.command = "sensitivity";
  run.results_text = records::json_text(result);
  run.results = std::move(result);
  return run;
}

}  // namespace posittune::report
