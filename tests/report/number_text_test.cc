#include "posittune/report/number_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace posittune::report {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

TEST(NumberText, FourDigitsNearOneAndAnExponentElsewhere) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.0123456), "0.01235");
  EXPECT_EQ(number_text(-84.41), "-84.41");
  EXPECT_EQ(number_text(0.001), "0.001");
  EXPECT_EQ(number_text(0.0009996), "1.00e-03");
  EXPECT_EQ(number_text(123456), "1.23e+05");
  EXPECT_EQ(number_text(kNan), "-");
  EXPECT_EQ(number_text(kInfinity), "inf");
  EXPECT_EQ(number_text(-kInfinity), "-inf");
}

TEST(NumberText, ColumnsOfDecades) {
  EXPECT_EQ(decades_text(0.5), "5.00e-01");
  EXPECT_EQ(decades_text(0), "0");
  EXPECT_EQ(decades_text(kNan), "-");
  EXPECT_EQ(three_digits(1234.5), "1.23e+03");
  EXPECT_EQ(three_digits(kInfinity), "-");
}

TEST(NumberText, Intervals) {
  EXPECT_EQ(interval_text({1, 0.5, 2}), "1 [0.5, 2]");
  EXPECT_EQ(interval_text(1, 0.5, kNan), "1 [0.5, -]");
  EXPECT_EQ(signed_interval_text({0.5, -0.25, 1}), "+0.5 [-0.25, +1]");
  EXPECT_EQ(signed_interval_text({0, 0, 0}), "0 [0, 0]");
}

TEST(NumberText, TheLargestUnitThatFits) {
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1 kB");
  EXPECT_EQ(bytes_text(1.2345e7), "12.35 MB");
  EXPECT_EQ(bytes_text(5e12), "5000 GB");
  EXPECT_EQ(energy_text(2.5e9), "2.5 mJ");
  EXPECT_EQ(energy_text(0), "0 pJ");
  EXPECT_EQ(energy_text(kNan), "-");
  EXPECT_EQ(scaled_text(-2000, {"m", "km"}), "-2 km");
}

TEST(NumberText, Counts) {
  EXPECT_EQ(count_text(9999999), "9999999");
  EXPECT_EQ(count_text(12345678), "12.3 M");
  EXPECT_EQ(count_text(45600000000), "45.6 G");
}

}  // namespace
}  // namespace posittune::report
