#include "posittune/session/write_details.h"

#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/hash.h"
#include "posittune/evaluation/batches.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/evaluation/scored_output.h"
#include "posittune/session/cost_table.h"
#include "posittune/session/run_details.h"
#include "posittune/session/session_state.h"

namespace posittune::session {
namespace {

std::string table_text(const cost::Table& table) {
  return table.source() + (table.node().empty() ? "" : ", " + table.node());
}

// Layers, and the rows priced with one table.
Result<records::Details> priced(const DetailSources& from, const cost::Table& table) {
  const model::Graph& graph = from.engine.graph();
  const cost::CostModel costs(graph, from.loads, table, memory_for(from.choice, table));
  records::Details details{.results_sha256 = {},
                           .cost_table = table_text(table),
                           .layers = detail_layers(graph, from.loads),
                           .settings = {},
                           .rows = {},
                           .looks = {},
                           .mixes = {},
                           .scores = from.scores};
  RowDetailer rows(graph, costs, details);
  for (std::size_t i = 0; i < from.recipes.size(); ++i) {
    const records::ItemsEntry& items = from.items.at(i);
    if (const Status added = rows.add(from.recipes[i], item_means(items.sums, items.counts));
        !added)
      return added.error();
  }
  return details;
}

}  // namespace

Status SessionState::calibrate_once(engine::Engine& engine, const std::string& output,
                                    std::size_t wanted) {
  if (engine.calibrated() || !splits_.calibrate) return success();
  if (const Status plain = engine.apply({}); !plain) return plain;
  const data::Dataset& calibrate = *splits_.calibrate;
  // The split that compare() has: of it comes the size of batches.
  auto batch = evaluation::choose_batch(
      engine, splits_.report ? *splits_.report : calibrate, wanted,
      output.empty() ? evaluation::default_output(engine.graph()) : output);
  if (!batch) return batch.error();
  const Advance advance = observer_->step("calibrate", calibrate.items(), "items");
  return evaluation::calibrate(engine, calibrate, batch->items, output, advance);
}

Result<records::CloseLook> SessionState::closer_look(const DetailSources& from,
                                                     records::Journal& journal,
                                                     const std::function<Status()>& calibrated) {
  auto known = journal.find(from.key);
  if (!known) return known.error();
  if (*known) return records::entry_from<records::CloseLook>(**known);
  if (const Status there = calibrated(); !there) return there.error();
  auto graph = look_at_graph();
  if (!graph) return graph.error();
  std::vector<quant::Recipe> recipes;
  for (const DetailSources::Look& each : from.closely) recipes.push_back(from.recipes.at(each.row));
  const Advance advance = observer_->step("layers up close", chosen_.size(), "steps");
  auto found = look_closely(from.engine, *graph, recipes, advance);
  graph_.reset();  // a large model is not kept twice
  if (!found) return found.error();
  const Status kept = journal.put(from.key, "details", records::entry_text(*found));
  return kept ? found : Result<records::CloseLook>(kept.error());
}

Status SessionState::write_details(const DetailSources& from, records::RunFolder& folder,
                                   const std::string& results_text,
                                   const std::function<Status()>& calibrated) {
  auto details = with_table(
      from.choice, from.table, [](const std::string&) {},
      [&from](const cost::Table& with) { return priced(from, with); });
  if (!details) return details.error();
  details->results_sha256 = sha256_hex(results_text);
  if (!from.closely.empty()) {
    auto found = closer_look(from, folder.journal(), calibrated);
    if (!found) return found.error();
    for (std::size_t i = 0; i < from.closely.size(); ++i) {
      found->mixes.at(i).row = from.closely[i].row;
      found->mixes.at(i).title = from.closely[i].title;
    }
    details->looks = std::move(found->looks);
    details->mixes = std::move(found->mixes);
  }
  return write_file(folder.file("details.json"), records::json_text(*details));
}

}  // namespace posittune::session
