#include "posittune/session/measuring.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "posittune/evaluation/batches.h"

namespace posittune::session {
namespace {

TEST(Measuring, EachFieldHasOneEntry) {
  std::set<std::string> names;
  for (const MeasuringEntry& entry : measuring_entries()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_NE(entry.jobs, 0U);
    EXPECT_EQ(entry.kind == MeasuringEntry::Kind::kFormat, entry.field.index() == 0) << entry.name;
  }
  EXPECT_EQ(names, (std::set<std::string>{"reference", "segments", "cache_limit", "batch",
                                          "resamples", "seed"}));
}

TEST(Measuring, RangesAreOfTheJob) {
  for (const Job job : {kCompareJob, kSensitivityJob, kSearchJob})
    EXPECT_TRUE(check_measuring({}, job).ok());
  EXPECT_EQ(check_measuring({.resamples = 9}, kCompareJob).error().where, "`resamples`");
  EXPECT_TRUE(check_measuring({.resamples = 9}, kSensitivityJob).ok());  // it has none
  EXPECT_EQ(check_measuring({.segments = 0}, kSearchJob).error().expected, "1 .. 1000");
  EXPECT_EQ(check_measuring({.batch = 2000000}, kSearchJob).error().found, "2000000");
  EXPECT_TRUE(check_measuring({.batch = evaluation::kAlone}, kCompareJob).ok());
}

}  // namespace
}  // namespace posittune::session
