#include "posittune/report/sensitivity_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "posittune/base/printable.h"
#include "posittune/report/number_text.h"
#include "posittune/report/scored_text.h"
#include "posittune/report/table.h"

namespace posittune::report {
namespace {

using records::Sensitivity;
using records::SensitivityRow;

using Site = std::pair<std::string, std::string>;  // layer, weight

void add_once(std::vector<std::string>& to, const std::string& text) {
  if (std::ranges::find(to, text) == to.end()) to.push_back(text);
}

std::string format_of(const SensitivityRow& row) {
  return row.format + (row.scale.empty() ? "" : " " + row.scale);
}

std::string score_cell(const SensitivityRow& row) {
  const bool early = row.tier == "exact" && !row.stopped.empty();
  return decades_text(row.score) + (row.stopped == "dominated" ? "*" : early ? "~" : "");
}

// Layers down, formats across; the highest tier's score of each pair.
std::string scores_table(const Sensitivity& result, const std::string& what) {
  std::vector<std::string> formats;
  std::vector<Site> sites;
  std::map<Site, std::map<std::string, const SensitivityRow*>> cells;
  for (const SensitivityRow& row : result.rows) {
    if (row.what != what) continue;
    const Site site(row.layer, row.weight);
    add_once(formats, format_of(row));
    if (!cells.contains(site)) sites.push_back(site);
    cells[site][format_of(row)] = &row;  // tiers come in ascending order
  }
  const bool one_scale = std::ranges::all_of(result.rows, [&](const SensitivityRow& row) {
    return row.scale == result.rows.front().scale;
  });
  std::vector<Column> columns = {{"layer"}, {"weight"}, {"parameters", Align::kRight}};
  for (const std::string& format : formats)
    columns.push_back({one_scale ? format.substr(0, format.rfind(' ')) : format, Align::kRight});
  Table table(std::move(columns));
  for (const Site& site : sites) {
    std::vector<std::string> line = {site.first, site.second.empty() ? "-" : site.second, ""};
    for (const std::string& format : formats) {
      const auto found = cells[site].find(format);
      line.push_back(found == cells[site].end() ? "-" : score_cell(*found->second));
      if (found != cells[site].end() && found->second->parameters > 0)
        line[2] = std::to_string(found->second->parameters);
    }
    table.add_row(std::move(line));
  }
  return table.text();
}

std::string agreement_table(const Sensitivity& result) {
  if (result.agreement.empty()) return "";
  const auto three = [](double value) {
    return std::isnan(value) ? std::string("-") : fmt::format("{:.3f}", value);
  };
  Table table({{"tier"},
               {"against"},
               {"what"},
               {"pairs", Align::kRight},
               {"Spearman", Align::kRight},
               {"R^2 of logs", Align::kRight},
               {"true / tier", Align::kRight}});
  for (const records::AgreementRecord& each : result.agreement) {
    table.add_row({each.tier, each.reference, each.what, std::to_string(each.pairs),
                   three(each.spearman), three(each.r2_log),
                   each.tier == "proxy" ? "" : three(each.ratio)});
  }
  return "\n" + table.text();
}

std::string mixes_table(const Sensitivity& result, const std::string& loss) {
  if (result.mixes.empty()) return "";
  Table table({{"random mix: bits/weight", Align::kRight},
               {"sum of scores", Align::kRight},
               {loss + " [95 %]", Align::kRight},
               {loss + " / sum", Align::kRight}});
  for (const records::MixRecord& mix : result.mixes) {
    table.add_row({fmt::format("{:.3f}", mix.bits_per_weight), decades_text(mix.predicted),
                   fmt::format("{} [{}, {}]", decades_text(mix.measured), decades_text(mix.low),
                               decades_text(mix.high)),
                   fmt::format("{:.2f}", mix.measured / mix.predicted)});
  }
  return "\n" + table.text();
}

std::string upgrades_table(const Sensitivity& result, const std::string& loss) {
  if (result.upgrades.empty()) return "";
  Table table({{"windows upgraded in order of"},
               {"windows", Align::kRight},
               {"bits/weight", Align::kRight},
               {loss, Align::kRight}});
  for (const records::UpgradeRecord& each : result.upgrades) {
    table.add_row({each.order, std::to_string(each.windows),
                   fmt::format("{:.3f}", each.bits_per_weight), decades_text(each.loss)});
  }
  return "\n" + table.text();
}

std::string operands_text(const std::string& what) {
  return what == "w" ? "weights" : what == "a" ? "inputs of layers" : "weights and inputs";
}

}  // namespace

std::string sensitivity_text(const Sensitivity& result) {
  const std::string loss = loss_title(result.scored);
  const bool measured = std::ranges::any_of(
      result.rows, [](const SensitivityRow& row) { return row.tier != "proxy"; });
  const std::string unit = result.scored.unit.empty() ? "" : ", " + result.scored.unit;
  const std::string scores =
      measured ? loss + " to FP32" + unit : "error / signal at the layer's output";
  std::vector<std::string> whats;
  for (const SensitivityRow& row : result.rows) add_once(whats, row.what);
  std::string text = printable("scored: " + scored_text(result.scored)) + "\n";
  for (const std::string& what : whats) {
    text += printable(fmt::format("{}  {}: {}", result.model.path, operands_text(what), scores)) +
            "\n" + scores_table(result, what) + "\n";
  }
  if (measured)
    text += "~ ended early, tight enough; * ended early, another format is surely better\n";
  return text + agreement_table(result) + mixes_table(result, loss) + upgrades_table(result, loss) +
         (result.costs.empty() ? "" : "\n") + tier_costs_text(result.costs);
}

std::string tier_costs_text(const std::vector<records::TierCost>& costs) {
  std::string text;
  for (const records::TierCost& cost : costs) {
    text += fmt::format("{:<6} {:>8.1f} s {:>8.1f} FP32 evaluations {:>6} runs\n", cost.tier,
                        cost.seconds, cost.evaluations, cost.probes);
  }
  return text;
}

}  // namespace posittune::report
