// Which path is fastest, and what is kept of it.

#include "posittune/engine/path_speed.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "posittune/base/files.h"
#include "tests/base/temporary_folder.h"
#include "tests/engine/engines.h"

namespace posittune::engine {
namespace {

using test::format;

Path of(const PathTimes& times, const char* weight, const char* activation) {
  return choose_path(format(weight), format(activation), false, quant::Accumulate::kFp32,
                     order_by_speed(times));
}

TEST(PathSpeed, BothKindsOfProcessor) {
  // bf16 at twice the rate of fp32, int8 at four times
  const PathTimes fast{.int8 = 0.25, .bf16 = 0.5, .fp32 = 1};
  EXPECT_EQ(of(fast, "int8", "int8"), Path::kInt8);
  EXPECT_EQ(of(fast, "posit<8,1>", "posit<8,1>"), Path::kBf16);
  EXPECT_EQ(of(fast, "posit<16,1>", "posit<8,1>"), Path::kFp32);
  // bf16 at half the rate
  const PathTimes slow{.int8 = 0.3, .bf16 = 1.94, .fp32 = 1};
  EXPECT_EQ(of(slow, "int8", "int8"), Path::kInt8);
  EXPECT_EQ(of(slow, "posit<8,1>", "posit<8,1>"), Path::kFp32);
}

TEST(PathSpeed, EachIntegerPathCanBeTheSlowest) {
  EXPECT_EQ(of({.int8 = 3, .bf16 = 0.5, .fp32 = 1}, "int8", "int8"), Path::kBf16);
  EXPECT_EQ(of({.int8 = 3, .bf16 = 2, .fp32 = 1}, "int8", "int8"), Path::kFp32);
}

TEST(PathSpeed, MissingPathsAreNotTaken) {
  EXPECT_EQ(order_by_speed({.int8 = 0, .bf16 = 0, .fp32 = 1}), std::vector{Path::kFp32});
  EXPECT_EQ(of({.int8 = 0, .bf16 = 0.5, .fp32 = 1}, "int8", "int8"), Path::kBf16);
}

TEST(PathSpeed, NoiseDoesNotDecide) {
  EXPECT_EQ(of({.int8 = 1.05, .bf16 = 1.05, .fp32 = 1}, "int8", "int8"), Path::kInt8);
  EXPECT_EQ(of({.int8 = 1.05, .bf16 = 1.05, .fp32 = 1}, "posit<8,1>", "posit<8,1>"), Path::kBf16);
  EXPECT_EQ(of({.int8 = 1.05, .bf16 = 1.2, .fp32 = 1}, "posit<8,1>", "posit<8,1>"), Path::kFp32);
}

// A time for each path that works here.
PathTimes invented(double fp32) {
  return {.int8 = path_works(Path::kInt8) ? 0.25 : 0,
          .bf16 = path_works(Path::kBf16) ? 0.5 : 0,
          .fp32 = fp32};
}

TEST(PathSpeed, MeasuredOnceThenRead) {
  const TemporaryFolder folder;
  const std::string file = folder.file("cache/posittune/paths.json");
  int measured = 0;
  const auto measure = [&] { return ++measured, invented(measured); };
  EXPECT_EQ(kept_path_times(file, measure).fp32, 1);
  EXPECT_EQ(kept_path_times(file, measure).fp32, 1);
  EXPECT_EQ(measured, 1);
}

TEST(PathSpeed, DamagedFilesAreMeasuredAnew) {
  const TemporaryFolder folder;
  const std::string file = folder.file("paths.json");
  kept_path_times(file, [] { return invented(1); });
  const std::string good = read_file(file).value();
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{"), good.substr(0, good.size() / 2),
        std::string(good).replace(good.find("1.0"), 3, "-1."), std::string("\xff\xfe")}) {
    std::ofstream(file) << text;
    EXPECT_EQ(kept_path_times(file, [] { return invented(7); }).fp32, 7) << text;
    EXPECT_EQ(kept_path_times(file, [] { return invented(8); }).fp32, 7) << text;
  }
}

TEST(PathSpeed, NoPlaceToWriteIsNoError) {
  EXPECT_EQ(kept_path_times("", [] { return invented(3); }).fp32, 3);
  EXPECT_EQ(kept_path_times("/proc/nowhere/paths.json", [] { return invented(3); }).fp32, 3);
}

TEST(PathSpeed, MeasuresThePathsThatWork) {
  const PathTimes times = measure_path_times();
  EXPECT_GT(times.fp32, 0);
  EXPECT_EQ(times.bf16 > 0, path_works(Path::kBf16));
  EXPECT_EQ(times.int8 > 0, path_works(Path::kInt8));
}

}  // namespace
}  // namespace posittune::engine
