#include "posittune/records/comparison_fields.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

template <class Record>
Result<Record> back(const nlohmann::ordered_json& value) {
  return guarded([copy = json(value)] { return read<Record>(Place(copy, "/here")); });
}

TEST(ComparisonFields, NamesInTheirOrder) {
  EXPECT_EQ(names_of<Estimate>(), (Names{"value", "low", "high"}));
  EXPECT_EQ(names_of<ModelRecord>(), (Names{"path", "sha256"}));
  EXPECT_EQ(names_of<ScoredRecord>(),
            (Names{"output", "task", "scores", "reason", "loss", "unit"}));
  EXPECT_EQ(names_of<SplitRecord>(), (Names{"path", "kind", "items", "unit", "sha256"}));
}

TEST(ComparisonFields, EachComesBack) {
  const Comparison all = small_comparison();
  EXPECT_EQ(back<ModelRecord>(json_value(all.model)).value(), all.model);
  EXPECT_EQ(back<ScoredRecord>(json_value(all.scored)).value(), all.scored);
  const Estimate estimate{0.5, -std::numeric_limits<double>::infinity(), 2};
  EXPECT_EQ(back<Estimate>(json_value(estimate)).value(), estimate);
}

TEST(ComparisonFields, ClassesOfASplitWhereTheyAreKnown) {
  SplitRecord split = small_comparison().data.at("report");
  EXPECT_FALSE(json_value(split).contains("classes"));
  EXPECT_EQ(back<SplitRecord>(json_value(split)).value(), split);
  split.classes = {"cat", "dog"};
  EXPECT_EQ(json_value(split)["classes"], json::array({"cat", "dog"}));
  EXPECT_EQ(back<SplitRecord>(json_value(split)).value(), split);
  auto wrong = json_value(split);
  wrong["classes"][1] = 7;
  const auto read_back = back<SplitRecord>(wrong);
  ASSERT_FALSE(read_back.ok());
  EXPECT_EQ(read_back.error().kind, ErrorKind::kInput);
  EXPECT_EQ(read_back.error().where, "/here/classes/1");
}

TEST(ComparisonFields, DeltaAndVersionOfAMetricWhereTheyAre) {
  MetricResult metric;
  metric.value = {0.5, 0.25, 1};
  metric.lower_is_better = true;
  metric.unit = "dB";
  metric.rank = 2;
  const auto names = [&metric] {
    const nlohmann::ordered_json object = json_value(metric);
    Names all;
    for (const auto& [name, value] : object.items()) all.push_back(name);
    return all;
  };
  EXPECT_EQ(names(), (Names{"value", "low", "high", "noise", "better", "unit", "rank"}));
  EXPECT_EQ(back<MetricResult>(json_value(metric)).value(), metric);
  metric.delta = Estimate{-0.5, -1, 0};
  metric.version = "2";
  metric.lower_is_better = false;
  EXPECT_EQ(names(),
            (Names{"value", "low", "high", "delta", "noise", "better", "unit", "rank", "version"}));
  EXPECT_EQ(json_value(metric)["better"], "higher");
  EXPECT_EQ(back<MetricResult>(json_value(metric)).value(), metric);
}

TEST(ComparisonFields, CellsOfAMetric) {
  MetricResult metric;
  metric.value = {0.5, 0.25, 1};
  EXPECT_EQ(metric_cells("kl", metric), "kl,0.5,0.25,1,,,,false");
  metric.delta = Estimate{-0.5, -1, 0};
  metric.noise = true;
  EXPECT_EQ(metric_cells("a, b", metric), "\"a, b\",0.5,0.25,1,-0.5,-1,0,true");
}

}  // namespace
}  // namespace posittune::records
