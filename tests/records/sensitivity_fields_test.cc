#include "posittune/records/sensitivity_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "posittune/records/json_fields.h"
#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

TEST(SensitivityFields, NamesInTheirOrder) {
  EXPECT_EQ(names_of<SensitivityRow>(),
            (Names{"layer", "weight", "format", "scale", "granularity", "what", "tier", "score",
                   "low", "high", "error", "signal", "bits", "parameters", "units", "stopped"}));
  EXPECT_EQ(names_of<ChannelRow>(),
            (Names{"layer", "weight", "format", "scale", "granularity", "first", "count", "tier",
                   "score", "low", "high", "error"}));
  EXPECT_EQ(names_of<CutRecord>(), (Names{"tensors", "bytes"}));
  EXPECT_EQ(names_of<TierCost>(), (Names{"tier", "seconds", "evaluations", "probes"}));
  EXPECT_EQ(names_of<AgreementRecord>(),
            (Names{"tier", "reference", "what", "pairs", "spearman", "r2_log", "ratio"}));
  EXPECT_EQ(names_of<MixRecord>(),
            (Names{"bits_per_weight", "predicted", "measured", "low", "high"}));
  EXPECT_EQ(names_of<UpgradeRecord>(), (Names{"order", "windows", "bits_per_weight", "loss"}));
}

// channels, mixes and upgrades are in a document only when they were asked for.
TEST(SensitivityFields, TheDocumentWithoutItsOptionalParts) {
  EXPECT_EQ(names_of<Sensitivity>(),
            (Names{"model", "scored", "data", "cuts", "costs", "agreement", "rows"}));
}

TEST(SensitivityFields, RoundingOfARowWhereItIsNotToNearest) {
  SensitivityRow row = small_sensitivity_row();
  EXPECT_FALSE(json_value(row).contains("rounding"));
  row.rounding = "compensated";
  const json value = json_value(row);
  EXPECT_EQ(value["rounding"], "compensated");
  EXPECT_EQ(read<SensitivityRow>(Place(value, "")), row);
}

// Each member of the structs is in a list: the example has no default in any.
template <class Record>
void expect_back(const std::vector<Record>& records) {
  ASSERT_EQ(records.size(), 1U);
  const json value = json_value(records[0]);
  EXPECT_EQ(read<Record>(Place(value, "")), records[0]);
}

TEST(SensitivityFields, EachComesBack) {
  const Sensitivity all = small_sensitivity();
  expect_back(all.rows);
  expect_back(all.channels);
  expect_back(all.cuts);
  expect_back(all.costs);
  expect_back(all.agreement);
  expect_back(all.mixes);
  expect_back(all.upgrades);
}

}  // namespace
}  // namespace posittune::records
