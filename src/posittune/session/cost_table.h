#pragma once

// Cost table: the table of MAC units that a job prices with.

#include <optional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/cost/recipe_cost.h"
#include "posittune/cost/table.h"
#include "posittune/session/cost.h"

namespace posittune::session {

// kInput: no such table, or not one; kUsage: energies of memory that are not finite, or negative.
Result<cost::Table> open_table(const TableChoice& choice);

// The fallback where no table was chosen and the rtl table lacks a pair: the placeholder for
// everything, because numbers of two tables cannot be compared. Gives that table and a note for the
// user; none when `error` is another one.
struct Fallback {
  cost::Table table;
  std::string note;
};
std::optional<Fallback> fallback_table(const TableChoice& choice, const cost::Table& table,
                                       const Error& error);

// Memory energies for a table: the choice's, or those of its node.
cost::Memory memory_for(const TableChoice& choice, const cost::Table& table);

// Prices with the table of a choice: `price` gets it, and once more the fallback where there is
// one; `note` gets the fallback's note before.
template <class Note, class Price>
auto with_table(const TableChoice& choice, const cost::Table& table, Note note, Price price)
    -> decltype(price(table)) {
  auto result = price(table);
  if (result) return result;
  auto fallback = fallback_table(choice, table, result.error());
  if (!fallback) return result;
  note(fallback->note);
  return price(fallback->table);
}

}  // namespace posittune::session
