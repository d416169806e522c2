#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "posittune/search/knapsack.h"
#include "tests/search/instances.h"

namespace posittune::search {
namespace {

using namespace tests;

constexpr double kRounding = 1e-11;
using Point = std::pair<double, double>;  // cost, loss

std::vector<Point> all_points(const Groups& groups) {
  std::vector<Point> points;
  for_each_assignment(groups, [&](double loss, const std::vector<double>& costs) {
    points.emplace_back(costs[0], loss);
  });
  std::ranges::sort(points);
  return points;
}

// The loss that the lower hull of the points has at a cost, by the line through each pair of
// points: the least of those that span the cost.
double hull_height(const std::vector<Point>& points, double cost) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [x, u] : points) {
    if (x > cost) break;
    least = std::min(least, u);
    for (const auto& [y, v] : points) {
      if (y > cost) least = std::min(least, u + (v - u) * (cost - x) / (y - x));
    }
  }
  return least;
}

// The oracle's cost is squared in the number of assignments.
TEST(Hull, EqualsBruteForce) {
  std::mt19937_64 generator(12);
  for (const Kind kind : kKinds) {
    for (int i = 0; i < 25; ++i) {
      const Groups groups = random_groups(generator, kind, {4, 4, 1});
      const std::vector<Point> points = all_points(groups);
      const auto hull = lagrangian_hull(groups, 0);
      ASSERT_TRUE(hull.ok());
      const double size = std::abs(points.front().second) + std::abs(points.back().second) + 1;
      EXPECT_NEAR(hull->cost, points.front().first, kRounding * (1 + std::abs(hull->cost)));
      EXPECT_NEAR(hull->loss, hull_height(points, points.front().first), kRounding * size);
      double loss = hull->loss, cost = hull->cost;
      for (const Hull::Step& step : hull->steps) {
        // Every step lies on the hull, and so do the points between.
        EXPECT_NEAR(step.loss, hull_height(points, step.cost), kRounding * size);
        EXPECT_NEAR((loss + step.loss) / 2, hull_height(points, (cost + step.cost) / 2),
                    kRounding * size);
        EXPECT_LT(step.loss, loss);
        EXPECT_GT(step.cost, cost);
        loss = step.loss;
        cost = step.cost;
      }
      EXPECT_NEAR(loss, std::ranges::min_element(points, {}, &Point::second)->second,
                  kRounding * size);
      if (HasFailure()) FAIL() << "kind " << static_cast<int>(kind) << ", instance " << i;
    }
  }
}

TEST(Hull, ChoicesHaveTheCostsOfTheirSteps) {
  std::mt19937_64 generator(13);
  const Groups groups = random_groups(generator, Kind::kFormats, {20, 8, 2});
  const auto hull = lagrangian_hull(groups, 1);
  ASSERT_TRUE(hull.ok());
  ASSERT_GT(hull->steps.size(), 20U);
  for (std::size_t count = 0; count <= hull->steps.size(); ++count) {
    const std::vector<std::size_t> choice = hull->choice_after(count);
    double loss = 0, cost = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      loss += groups[i][choice[i]].loss;
      cost += groups[i][choice[i]].costs[1];
    }
    EXPECT_NEAR(cost, count == 0 ? hull->cost : hull->steps[count - 1].cost, kRounding * cost);
    EXPECT_NEAR(loss, count == 0 ? hull->loss : hull->steps[count - 1].loss, kRounding);
  }
}

// A vertex of the hull is the optimum for its own cost.
TEST(Hull, VerticesAreOptima) {
  std::mt19937_64 generator(14);
  const Groups groups = random_groups(generator, Kind::kUniform, {100, 8, 1});
  const auto hull = lagrangian_hull(groups, 0);
  ASSERT_TRUE(hull.ok());
  for (std::size_t s = 0; s < hull->steps.size(); s += 17) {
    const auto solution = solve({groups, {hull->steps[s].cost}}, {.relative_gap = 0});
    ASSERT_TRUE(solution.ok());
    EXPECT_NEAR(solution->loss, hull->steps[s].loss, kRounding * solution->loss);
  }
}

TEST(Front, PointsAreOptimaOfTheirCosts) {
  std::mt19937_64 generator(15);
  for (const Kind kind : kKinds) {
    const Groups groups = random_groups(generator, kind, {6, 5, 1});
    const auto front = pareto_front(groups, 0, 12, {.relative_gap = 0});
    ASSERT_TRUE(front.ok());
    ASSERT_FALSE(front->empty());
    for (std::size_t p = 0; p < front->size(); ++p) {
      const Solution& point = (*front)[p];
      EXPECT_TRUE(point.proven);
      EXPECT_NEAR(point.loss, brute_force({groups, point.costs}), kRounding);
      if (p == 0) continue;
      EXPECT_LT(point.loss, (*front)[p - 1].loss);
      EXPECT_GT(point.costs[0], (*front)[p - 1].costs[0]);
    }
    const std::vector<Point> points = all_points(groups);
    EXPECT_NEAR(front->front().costs[0], points.front().first,
                kRounding * (1 + std::abs(points.front().first)));
    EXPECT_NEAR(front->back().loss, std::ranges::min_element(points, {}, &Point::second)->second,
                kRounding);
  }
}

TEST(Front, WithoutGroups) {
  const auto front = pareto_front({}, 0, 5);
  ASSERT_TRUE(front.ok());
  EXPECT_EQ(front->size(), 1U);
}

}  // namespace
}  // namespace posittune::search
