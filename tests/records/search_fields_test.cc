#include "posittune/records/search_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "posittune/records/json_fields.h"
#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using Names = std::vector<std::string>;

// Names that programs read in results.json.
TEST(SearchFields, NamesInTheirOrder) {
  EXPECT_EQ(names_of<SearchRow>(),
            (Names{"recipe", "method", "budget", "bits_per_weight", "bytes", "activation_bits",
                   "mac_bits", "energy", "area", "predicted_loss", "search_loss", "metrics",
                   "optimality_gap", "seconds", "nonfinite"}));
  EXPECT_EQ(names_of<RefinementRecord>(),
            (Names{"change", "predicted", "measured", "low", "high", "verdict"}));
  EXPECT_EQ(names_of<SearchResult>(),
            (Names{"model", "scored", "data", "costs", "refinement", "rows"}));
}

// Each member of the structs is in a list: the example has no default in any.
TEST(SearchFields, EachComesBack) {
  const SearchResult all = small_search();
  const nlohmann::json row = json_value(all.rows[0]), change = json_value(all.refinement[0]);
  EXPECT_EQ(read<SearchRow>(Place(row, "")), all.rows[0]);
  EXPECT_EQ(read<RefinementRecord>(Place(change, "")), all.refinement[0]);
}

}  // namespace
}  // namespace posittune::records
