#include "posittune/exporter/archive_tensors.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace posittune::exporter {
namespace {

using Counts = std::vector<std::uint32_t>;
using Floats = std::vector<float>;

TEST(ArchiveTensors, NumbersAreLittleEndian) {
  EXPECT_EQ(to_bytes(Counts{1, 0x01020304}), std::string("\1\0\0\0\4\3\2\1", 8));
  EXPECT_EQ(to_bytes(Floats{1}), std::string("\0\0\x80\x3f", 4));
  EXPECT_EQ(counts_of(to_bytes(Counts{7, 9})), (Counts{7, 9}));
  EXPECT_EQ(floats_of(to_bytes(Floats{-0.5F})), Floats{-0.5F});
}

TEST(ArchiveTensors, PowersOfTwoAreE8M0) {
  EXPECT_EQ(to_e8m0({1, 2, 0.25F, 0x1p-126F, 0x1p127F}), "\x7f\x80\x7d\x01\xfe");
  EXPECT_EQ(from_e8m0("\x7f\x01\xfe"), (Floats{1, 0x1p-126F, 0x1p127F}));
}

TEST(ArchiveTensors, StretchesOfRows) {
  EXPECT_EQ(stretches({}), Counts{});
  EXPECT_EQ(stretches({0, 1, 2, 5, 7, 8}), (Counts{0, 3, 5, 1, 7, 2}));
  EXPECT_EQ(rows_of({0, 3, 5, 1, 7, 2}, 9, "x").value(), (Counts{0, 1, 2, 5, 7, 8}));
  EXPECT_FALSE(rows_of({0, 3, 2, 1}, 9, "x").ok());
  EXPECT_FALSE(rows_of({7, 3}, 9, "x").ok());
  EXPECT_FALSE(rows_of({3, 0}, 9, "x").ok());
  EXPECT_FALSE(rows_of({0xffffffff, 0xffffffff}, 0xffffffff, "x").ok());
}

TEST(ArchiveTensors, RepeatedRowsOnce) {
  const Floats values = {1, 2, 1, 2, 3, 2, 1, 2};
  const Repeated kept = without_repeats(values, 2);
  EXPECT_EQ(kept.values, (Floats{1, 2, 3, 2, 1, 2}));
  EXPECT_EQ(kept.repeats, (Counts{2, 1, 1}));
  EXPECT_EQ(with_repeats(kept, 2, 4, "x").value(), values);
  EXPECT_FALSE(with_repeats(kept, 2, 5, "x").ok());
  EXPECT_FALSE(with_repeats(kept, 1, 4, "x").ok());
  EXPECT_FALSE(with_repeats(kept, std::size_t{1} << 63, 4, "x").ok());
  EXPECT_FALSE(with_repeats({{1}, {}}, 1, 0, "x").ok());
  EXPECT_TRUE(with_repeats({{}, {}}, 1, 0, "x")->empty());
}

TEST(ArchiveTensors, BitsOfAFormat) {
  EXPECT_EQ(format_bits(1), 0);
  EXPECT_EQ(format_bits(2), 1);
  EXPECT_EQ(format_bits(4), 2);
  EXPECT_EQ(format_bits(5), 3);
  EXPECT_EQ(format_bits(256), 8);
}

}  // namespace
}  // namespace posittune::exporter
