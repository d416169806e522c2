#include "posittune/exporter/coded_weight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "posittune/formats/block.h"

namespace posittune::exporter {
namespace {

// Rows in three formats, two of as many bits, with a scale for each row or group.
engine::QuantizedWeight mixed(std::size_t cols, std::size_t group) {
  engine::QuantizedWeight weight{.rows = 7,
                                 .cols = cols,
                                 .group = group,
                                 .compensated = true,
                                 .runs = {},
                                 .codes = {},
                                 .exponents = {}};
  const std::size_t per_row = group == 0 ? 1 : (cols + group - 1) / group;
  const auto run = [&](std::size_t first, std::size_t count, const formats::Format& format) {
    std::vector<float> scales(count * per_row);
    std::iota(scales.begin(), scales.end(), 1.5F + static_cast<float>(first));
    weight.runs.push_back({first, count, format, scales});
  };
  run(0, 2, formats::posit(6, 1));
  run(2, 3, formats::posit(8, 0));
  run(5, 1, formats::posit(6, 0));
  run(6, 1, formats::posit(6, 1));
  for (std::size_t r = 0; r < 7; ++r) {
    for (std::size_t c = 0; c < cols; ++c)
      weight.codes.push_back(
          static_cast<std::uint32_t>((r * 37 + c * 11) % (r < 2 || r > 4 ? 31 : 127)));
  }
  return weight;
}

TEST(CodedWeight, HoldsTheSameNumbersInFewerBits) {
  for (const std::size_t group : {std::size_t{0}, std::size_t{4}}) {
    const engine::QuantizedWeight weight = mixed(11, group);
    const auto made = coded(weight);
    ASSERT_TRUE(made) << made.error().message();
    ASSERT_TRUE(check(*made));
    ASSERT_EQ(made->groups.size(), 2U);
    EXPECT_EQ(made->groups[0].bits, 6);
    EXPECT_EQ(made->groups[0].rows, (std::vector<std::uint32_t>{0, 1, 5, 6}));
    EXPECT_EQ(made->groups[0].format_of, (std::vector<std::uint8_t>{0, 0, 1, 0}));
    EXPECT_EQ(made->groups[0].packed.size(), (4U * 11 * 6 + 7) / 8);
    EXPECT_EQ(made->groups[1].packed.size(), 3U * 11);
    EXPECT_TRUE(made->groups[1].format_of.empty());
    EXPECT_TRUE(made->compensated);
    const auto wanted = engine::decoded(weight), found = decoded(*made);
    ASSERT_TRUE(wanted);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, *wanted);
  }
}

TEST(CodedWeight, CodesComeBackAsTheyWere) {
  const engine::QuantizedWeight weight = mixed(5, 0);
  const auto made = coded(weight);
  ASSERT_TRUE(made);
  const auto codes = unpacked(made->groups[1], 5);
  ASSERT_TRUE(codes);
  EXPECT_TRUE(std::equal(codes->begin(), codes->end(), weight.codes.begin() + 2 * 5));
}

TEST(CodedWeight, OneScaleForAllStaysOne) {
  engine::QuantizedWeight weight{.rows = 2,
                                 .cols = 3,
                                 .group = 0,
                                 .compensated = false,
                                 .runs = {{0, 2, formats::integer(4), {8}}},
                                 .codes = {1, 2, 3, 4, 5, 6},
                                 .exponents = {}};
  const auto made = coded(weight);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->groups[0].scales, (std::vector<float>{8}));
}

TEST(CodedWeight, BlocksKeepTheirExponents) {
  const formats::Format format = formats::mx(formats::minifloat(2, 1));
  engine::QuantizedWeight weight{.rows = 2,
                                 .cols = 40,
                                 .group = 0,
                                 .compensated = false,
                                 .runs = {{0, 2, format, {1}}},
                                 .codes = {},
                                 .exponents = {120, 121, 122, 123}};
  for (std::uint32_t i = 0; i < 80; ++i) weight.codes.push_back(i % 8);
  const auto made = coded(weight);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->groups[0].exponents, weight.exponents);
  EXPECT_EQ(*decoded(*made), *engine::decoded(weight));
}

TEST(CodedWeight, PartsThatDoNotFitAreErrors) {
  const CodedWeight good = *coded(mixed(11, 0));
  const auto refused = [&](auto change) {
    CodedWeight bad = good;
    change(bad);
    const Status status = check(bad);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kInput);
    EXPECT_FALSE(decoded(bad));
  };
  refused([](CodedWeight& w) { w.groups[0].packed.pop_back(); });
  refused([](CodedWeight& w) { w.groups[0].rows[0] = 99; });
  refused([](CodedWeight& w) { w.groups[0].rows[0] = w.groups[0].rows[1]; });
  refused([](CodedWeight& w) { w.groups.pop_back(); });
  refused([](CodedWeight& w) { w.groups[0].scales.pop_back(); });
  refused([](CodedWeight& w) { w.groups[0].scales[0] = 0; });
  refused([](CodedWeight& w) { w.groups[0].format_of[0] = 9; });
  refused([](CodedWeight& w) { w.groups[0].format_of.clear(); });
  refused([](CodedWeight& w) { w.groups[0].formats[0] = formats::integer(7); });
  refused([](CodedWeight& w) { w.groups[0].exponents.push_back(1); });
  refused([](CodedWeight& w) { w.groups[0].bits = 40; });
  refused([](CodedWeight& w) { w.groups[0].formats.clear(); });
}

TEST(CodedWeight, PowersOfTwoAreThoseThatOneByteHolds) {
  EXPECT_TRUE(powers_of_two({1, 0.5F, 0x1p-126F, 0x1p127F}));
  EXPECT_FALSE(powers_of_two({1, 3}));
  EXPECT_FALSE(powers_of_two({-1}));
  EXPECT_FALSE(powers_of_two({0}));
  EXPECT_FALSE(powers_of_two({0x1p-140F}));
}

}  // namespace
}  // namespace posittune::exporter
