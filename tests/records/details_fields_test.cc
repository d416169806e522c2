#include "posittune/records/details_fields.h"

#include <gtest/gtest.h>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using Names = std::vector<std::string>;

TEST(DetailsFields, AreThoseThatReportsRead) {
  EXPECT_EQ(names_of<Details>(), (Names{"results_sha256", "cost_table", "layers", "settings",
                                        "rows", "looks", "mixes", "scores"}));
  EXPECT_EQ(names_of<LayerSetting>(), (Names{"layer", "format", "scale", "input", "bits",
                                             "compute_pj", "memory_pj", "area_um2"}));
  EXPECT_EQ(names_of<DetailLayer>(),
            (Names{"layer", "kind", "weight", "rows", "parameters", "macs"}));
  EXPECT_EQ(names_of<LayerLook>(),
            (Names{"layer", "weight_error", "output_error", "input_error", "histograms"}));
  EXPECT_EQ(names_of<WeightHistogram>(), (Names{"format", "rows", "scale_low", "scale_median",
                                                "scale_high", "limit", "counts"}));
  EXPECT_EQ(names_of<RowDetails>(), (Names{"settings", "item_losses"}));
  EXPECT_EQ(names_of<MixDetails>(), (Names{"row", "title", "looks"}));
  EXPECT_EQ(names_of<CloseLook>(), (Names{"looks", "mixes"}));
  EXPECT_EQ(names_of<ScoreRecord>(), (Names{"layer", "format", "loss"}));
}

}  // namespace
}  // namespace posittune::records
