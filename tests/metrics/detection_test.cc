#include "posittune/metrics/detection.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace posittune::metrics {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Cell {
  float x, y, w, h;
  std::vector<float> scores;
};

std::vector<Detection> decode(const std::vector<Cell>& cells, const DetectorOptions& options = {}) {
  const std::size_t channels = 4 + cells[0].scores.size(), count = cells.size();
  std::vector<float> prediction(channels * count);
  for (std::size_t i = 0; i < count; ++i) {
    const Cell& cell = cells[i];
    const float box[] = {cell.x, cell.y, cell.w, cell.h};
    for (std::size_t c = 0; c < channels; ++c) {
      prediction[c * count + i] = c < 4 ? box[c] : cell.scores[c - 4];
    }
  }
  return decode_detections(prediction, channels, count, options);
}

TEST(DecodeDetections, CornersScoreAndClass) {
  const auto found = decode({{50, 60, 20, 10, {0.0f, 0.75f}}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].x, 40);
  EXPECT_EQ(found[0].y, 55);
  EXPECT_EQ(found[0].width, 20);
  EXPECT_EQ(found[0].height, 10);
  EXPECT_EQ(found[0].score, 0.75f);
  EXPECT_EQ(found[0].category, 1);
}

TEST(DecodeDetections, ScoresAreAboveTheThreshold) {
  EXPECT_TRUE(decode({{5, 5, 2, 2, {0.001f}}}).empty());
  EXPECT_EQ(decode({{5, 5, 2, 2, {0.0011f}}}).size(), 1u);
}

TEST(DecodeDetections, ACellMayReportSeveralClasses) {
  const auto found = decode({{5, 5, 2, 2, {0.5f, 0.6f}}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].category, 1);
  EXPECT_EQ(found[1].category, 0);
}

TEST(DecodeDetections, NmsKeepsTheBetterOfOverlappingBoxesOfAClass) {
  // 10 x 10 boxes 1 apart: IoU 90 / 110 = 0.82; 2 apart: 80 / 120 = 0.67.
  const auto near = decode({{10, 10, 10, 10, {0.5f}}, {11, 10, 10, 10, {0.9f}}});
  ASSERT_EQ(near.size(), 1u);
  EXPECT_EQ(near[0].score, 0.9f);
  EXPECT_EQ(decode({{10, 10, 10, 10, {0.5f}}, {12, 10, 10, 10, {0.9f}}}).size(), 2u);
  EXPECT_EQ(decode({{10, 10, 10, 10, {0.5f, 0}}, {11, 10, 10, 10, {0, 0.9f}}}).size(), 2u);
}

TEST(DecodeDetections, ASuppressedBoxSuppressesNone) {
  // The third overlaps the second, which the first has removed.
  const auto found =
      decode({{10, 10, 10, 10, {0.9f}}, {11.5f, 10, 10, 10, {0.8f}}, {13, 10, 10, 10, {0.7f}}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].score, 0.7f);
}

TEST(DecodeDetections, LimitsCandidatesAndBoxes) {
  std::vector<Cell> cells;
  for (int i = 0; i < 300; ++i) {
    cells.push_back(
        {20.0f * static_cast<float>(i), 5, 4, 4, {0.9f - 0.001f * static_cast<float>(i)}});
  }
  const auto found = decode(cells);
  ASSERT_EQ(found.size(), 100u);
  EXPECT_EQ(found[99].score, 0.9f - 0.001f * 99);
  EXPECT_EQ(decode(cells, {.candidates = 7}).size(), 7u);
}

TEST(DecodeDetections, NaNIsNoDetection) {
  EXPECT_TRUE(
      decode({{5, 5, 2, 2, {kNaN}}, {kNaN, 5, 2, 2, {0.9f}}, {5, 5, 2, kNaN, {0.9f}}}).empty());
}

TEST(AsTruth, TakesConfidentDetections) {
  const std::vector<Detection> found = {{1, 2, 3, 4, 0.25f, 5}, {1, 2, 3, 4, 0.24f, 5}};
  const auto truth = as_truth(found);
  ASSERT_EQ(truth.size(), 1u);
  EXPECT_EQ(truth[0].x, 1);
  EXPECT_EQ(truth[0].height, 4);
  EXPECT_EQ(truth[0].category, 5);
  EXPECT_FALSE(truth[0].crowd);
}

}  // namespace
}  // namespace posittune::metrics
