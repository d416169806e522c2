#pragma once

// details.json of a run folder, from what a job has open at its end.

#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/cost/loads.h"
#include "posittune/cost/table.h"
#include "posittune/engine/engine.h"
#include "posittune/quant/recipe.h"
#include "posittune/records/details.h"
#include "posittune/records/entries.h"
#include "posittune/records/run_folder.h"
#include "posittune/session/cost.h"

namespace posittune::session {

// What details are made of. All that is named outlives the call.
struct DetailSources {
  engine::Engine& engine;
  const cost::Loads& loads;                       // of one item
  const cost::Table& table;                       // of MAC units, for the costs of layers
  const TableChoice& choice;                      // of which it is
  const std::vector<quant::Recipe>& recipes;      // of each row of the results
  const std::vector<records::ItemsEntry>& items;  // of each row
  std::vector<records::ScoreRecord> scores;
  struct Look {
    std::size_t row;
    std::string title;  // its name
  };
  std::vector<Look> closely;  // the rows that are looked at closely
  std::string key;            // under which the journal keeps that look
};

}  // namespace posittune::session
