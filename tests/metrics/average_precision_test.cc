#include "posittune/metrics/average_precision.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

// Agreement with pycocotools is map_peers_test.py; here are figures that a person can compute.

namespace posittune::metrics {
namespace {

using records::Box;

// A 10 x 10 object at x, and a detection `off` pixels beside it.
Box object(float x, std::int32_t category = 0, bool crowd = false) {
  return {x, 0, 10, 10, category, crowd};
}
Detection detection(double x, float score, std::int32_t category = 0) {
  return {x, 0, 10, 10, score, category};
}

struct Image {
  std::vector<Detection> found;
  std::vector<Box> truth;
};

MatchTable table(const std::vector<Image>& images) {
  std::vector<ImageMatch> matches;
  std::vector<std::uint32_t> units;
  for (const Image& image : images) {
    units.push_back(static_cast<std::uint32_t>(units.size()));
    matches.push_back(match_image(image.found, image.truth));
  }
  return {matches, units, units.size()};
}

double map(const std::vector<Image>& images, std::size_t ious = kIous) {
  const MatchTable matches = table(images);
  const std::vector<std::uint32_t> once(images.size(), 1);
  return matches.mean_average_precision(once, ious);
}

TEST(MeanAveragePrecision, PerfectIsOne) {
  EXPECT_EQ(map({{{detection(0, 0.9f)}, {object(0)}}}), 1);
}

TEST(MeanAveragePrecision, NothingFoundIsZeroNothingThereIsNaN) {
  EXPECT_EQ(map({{{}, {object(0)}}}), 0);
  EXPECT_TRUE(std::isnan(map({{{detection(0, 0.9f)}, {}}})));
  EXPECT_TRUE(std::isnan(map({{{}, {}}})));
  EXPECT_TRUE(std::isnan(map({})));
}

TEST(MeanAveragePrecision, HalfFoundReachesHalfOfTheRecalls) {
  // Recalls 0 .. 0.50 are 51 of 101.
  EXPECT_NEAR(map({{{detection(0, 0.9f)}, {object(0), object(50)}}}), 51.0 / 101, 1e-15);
}

TEST(MeanAveragePrecision, AWrongDetectionInFrontHalvesThePrecision) {
  EXPECT_NEAR(map({{{detection(90, 0.9f), detection(0, 0.8f)}, {object(0)}}}), 0.5, 1e-15);
  EXPECT_NEAR(map({{{detection(90, 0.7f), detection(0, 0.8f)}, {object(0)}}}), 1, 1e-15);
}

TEST(MeanAveragePrecision, ThresholdsAreTheIous) {
  // 2 pixels beside: IoU 8 / 12 = 0.667, found at 0.50, 0.55, 0.60, 0.65.
  EXPECT_NEAR(map({{{detection(2, 0.9f)}, {object(0)}}}), 0.4, 1e-15);
  EXPECT_NEAR(map({{{detection(2, 0.9f)}, {object(0)}}}, 1), 1, 1e-15);
}

TEST(MeanAveragePrecision, ASecondDetectionOfAnObjectIsWrong) {
  // Right, wrong, right: recall 0.5 at precision 1, recall 1 at 2/3.
  const double value = map(
      {{{detection(0, 0.9f), detection(0, 0.8f), detection(50, 0.7f)}, {object(0), object(50)}}});
  EXPECT_NEAR(value, (51 * 1.0 + 50 * 2.0 / 3) / 101, 1e-15);
}

TEST(MeanAveragePrecision, CrowdsAreNeitherFoundNorMissed) {
  const std::vector<Box> truth = {object(0, 0, true), object(50)};
  const std::vector<Detection> found = {detection(0, 0.9f), detection(1, 0.8f),
                                        detection(50, 0.7f)};
  // The one at 1 has 9/10 of its area in the crowd: wrong only at 0.95.
  EXPECT_NEAR(map({{found, truth}}), (9 * 1.0 + 0.5) / 10, 1e-15);
  EXPECT_TRUE(std::isnan(map({{found, {object(0, 0, true)}}})));
}

TEST(MeanAveragePrecision, IsAMeanOverTheClassesThatOccur) {
  const Image image = {{detection(0, 0.9f, 3), detection(0, 0.9f, 8)},
                       {object(0, 3), object(0, 5)}};
  EXPECT_EQ(map({image}), 0.5);
}

TEST(MeanAveragePrecision, ADetectionWithoutAreaOrScoreFindsNothing) {
  EXPECT_EQ(map({{{{0, 0, 0, 10, 0.9f, 0}}, {object(0)}}}), 0);
  EXPECT_EQ(map({{{detection(0, std::numeric_limits<float>::quiet_NaN())}, {object(0)}}}), 0);
  EXPECT_EQ(map({{{{0, 0, 0, 0, 0.9f, 0}}, {Box{0, 0, 0, 0, 0, false}}}}), 0);
}

// A false and a true detection of one score, in two images: what comes first is the id's to say.
TEST(MeanAveragePrecision, EqualScoresComeInTheOrderOfImageIds) {
  const auto value = [](std::int64_t id_of_false, std::int64_t id_of_true) {
    std::vector<ImageMatch> images = {
        match_image(std::vector<Detection>{{200, 200, 20, 20, 0.5f, 0}},
                    std::vector<records::Box>{{20, 20, 20, 20, 0, false}}),
        match_image(std::vector<Detection>{{40, 40, 20, 20, 0.5f, 0}},
                    std::vector<records::Box>{{40, 40, 20, 20, 0, false}})};
    images[0].image_id = id_of_false;
    images[1].image_id = id_of_true;
    const std::vector<std::uint32_t> units = {0, 1}, times = {1, 1};
    return MatchTable(images, units, 2).mean_average_precision(times, kIous);
  };
  // Recalls 0, 0.01 .. 0.50 are reached with a precision of one half, or of one.
  EXPECT_DOUBLE_EQ(value(1, 2), 51 * 0.5 / 101);
  EXPECT_DOUBLE_EQ(value(2, 1), 51 * 1.0 / 101);
  EXPECT_DOUBLE_EQ(value(7, 7), 51 * 0.5 / 101);
}

TEST(MeanAveragePrecision, MultiplicitiesAreCopiesOfImages) {
  const Image a = {{detection(0, 0.9f), detection(60, 0.85f)}, {object(0), object(40)}};
  const Image b = {{detection(2, 0.8f), detection(90, 0.95f)}, {object(0), object(20, 1)}};
  const Image c = {{detection(0, 0.7f, 1), detection(20, 0.3f)}, {object(0, 1), object(20)}};
  const MatchTable matches = table({a, b, c});
  const std::vector<std::uint32_t> times = {3, 0, 2};
  EXPECT_NEAR(matches.mean_average_precision(times, kIous), map({a, a, a, c, c}), 1e-15);
  const std::vector<std::uint32_t> others = {1, 4, 1};
  EXPECT_NEAR(matches.mean_average_precision(others, kIous), map({a, b, b, b, b, c}), 1e-15);
}

TEST(MeanAveragePrecision, ImagesOfOneUnitAreDrawnTogether) {
  const Image a = {{detection(0, 0.9f)}, {object(0)}}, b = {{}, {object(0)}};
  const std::vector<ImageMatch> matches = {match_image(a.found, a.truth),
                                           match_image(b.found, b.truth)};
  const std::vector<std::uint32_t> same_unit = {0, 0};
  const AveragePrecision statistic(std::make_shared<MatchTable>(matches, same_unit, 1), kIous);
  EXPECT_EQ(statistic.units(), 1u);
  EXPECT_NEAR(value_of(statistic), 51.0 / 101, 1e-15);
}

}  // namespace
}  // namespace posittune::metrics
