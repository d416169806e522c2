// Matrices of patches that an invented operation gives.

#include "posittune/engine/patch_covariance.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace posittune::engine {
namespace {

// A line: the patch at position p is elements p and p + 1.
class Pairs : public Operation {
 public:
  Status run(const LayerSetting&, const ov::TensorVector&, ov::Tensor&, Scratch&, int) override {
    return success();
  }
  std::optional<ov::Shape> output_shape(const ov::Shape& x) const override {
    return ov::Shape{x[0], 1, x[2] - 1};
  }
  kernels::Shape tokens(std::size_t, const ov::Shape& shape) const override {
    return {shape[0], shape[1] * shape[2]};
  }
  std::size_t positions(const ov::Shape& token) const override { return token[1] - 1; }
  std::vector<float> patches(std::span<const float> x, const ov::Shape& token, Positions at,
                             int) const override {
    std::vector<float> rows;
    for (std::size_t p = at.first; p < positions(token); p += at.every) {
      rows.push_back(x[p]);
      rows.push_back(x[p + 1]);
    }
    return rows;
  }
};

std::vector<float> images(std::size_t count, std::size_t length) {
  std::vector<float> x(count * length);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) - 3;
  return x;
}

// Means of the products of the patches of some images.
std::vector<float> expected(const std::vector<float>& x, std::size_t length,
                            const std::vector<std::size_t>& of) {
  std::vector<double> sums(4, 0);
  for (const std::size_t i : of) {
    for (std::size_t p = 0; p + 1 < length; ++p) {
      const double a = double{x[i * length + p]}, b = double{x[i * length + p + 1]};
      sums[0] += a * a;
      sums[1] += a * b;
      sums[2] += a * b;
      sums[3] += b * b;
    }
  }
  const double count = static_cast<double>(of.size() * (length - 1));
  std::vector<float> means;
  for (const double sum : sums) means.push_back(static_cast<float>(sum / count));
  return means;
}

void expect_near(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5f) << i;
}

TEST(PatchCovariance, MeansOverAllPositions) {
  const auto x = images(6, 101);
  PatchCovariance made(2);
  made.add(Pairs(), x, {6, 1, 101}, false, 1);
  EXPECT_EQ(made.positions(), 100U);
  EXPECT_EQ(made.fit.count(), 600U);
  EXPECT_EQ(made.holdout.count(), 0U);
  expect_near(made.fit.mean(), expected(x, 101, {0, 1, 2, 3, 4, 5}));
}

// By the number of the image in the order of calls, however they are batched.
TEST(PatchCovariance, EverySecondImageIsHeldOut) {
  const auto x = images(6, 11);
  PatchCovariance made(2);
  const std::span<const float> all(x);
  made.add(Pairs(), all.first(33), {3, 1, 11}, true, 1);
  made.add(Pairs(), all.subspan(33), {3, 1, 11}, true, 1);
  expect_near(made.fit.mean(), expected(x, 11, {0, 2, 4}));
  expect_near(made.holdout.mean(), expected(x, 11, {1, 3, 5}));
}

// Sixteen images, more where these have fewer than 1024 positions, 256 at most.
TEST(PatchCovariance, ImagesAreAsManyAsAreNeeded) {
  const auto seen = [](std::size_t count, std::size_t length) {
    PatchCovariance made(2);
    made.add(Pairs(), images(count, length), {count, 1, length}, false, 1);
    return made.fit.count();
  };
  EXPECT_EQ(seen(40, 101), 16U * 100);
  EXPECT_EQ(seen(40, 33), 32U * 32);
  EXPECT_EQ(seen(300, 3), 256U * 2);
  // Of large images at most 2048 positions each, spread evenly.
  EXPECT_LE(seen(1, 10001), 2048U);
  EXPECT_GE(seen(1, 10001), 1024U);
}

TEST(PatchCovariance, NothingOfNothing) {
  PatchCovariance made(2);
  EXPECT_EQ(made.positions(), 0U);
  made.add(Pairs(), {}, {3, 1, 1}, false, 1);
  EXPECT_EQ(made.fit.count(), 0U);
}

}  // namespace
}  // namespace posittune::engine
