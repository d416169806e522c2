// Every assignment of a small space, measured: how near to the true optimum is what the search finds?

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "posittune/search/refine.h"
#include "tests/tuning/zoo_search.h"

namespace posittune::tuning {
namespace {

using test::ZooSearch;

constexpr std::size_t kGroups = 7;
constexpr std::size_t kFormats = 4;
constexpr std::size_t kAssignments = 16384;  // 4^7

// ALBERT's twelve weights in seven groups of neighbours.
std::vector<std::string> seven_ties(const engine::Engine& engine) {
  const std::size_t weights = engine.graph().weights.size();
  std::vector<std::string> ties;
  for (std::size_t w = 0; w < weights; ++w) ties.push_back("group " + std::to_string(w * kGroups / weights));
  return ties;
}

search::Choice assignment(std::size_t number) {
  search::Choice choice;
  for (std::size_t g = 0; g < kGroups; ++g, number /= kFormats) choice.push_back(number % kFormats);
  return choice;
}

TEST(Allocation, WithinTwoPercentOfTheBestOfAll) {
  const std::string path = testing::TempDir() + "allocation_" + std::to_string(::getpid()) + ".db";
  auto zoo = ZooSearch::open("albert", metrics::Task::kClassify, 8, path);
  Choices choices;
  for (const char* format : {"posit<4,1>", "int5", "posit<6,1>", "int8"}) choices.weights.push_back(ZooSearch::weight(format));
  SpaceOptions options;
  options.costs = {Cost::kBits};
  options.ties = seven_ties(*zoo->engine);
  const auto going = [](std::size_t) { return success(); };
  const auto space = MixSpace::build(*zoo->analysis, *zoo->engine, *zoo->costs, choices, options, going);
  ASSERT_TRUE(space.ok()) << space.error().message();
  const search::Groups& groups = space->grouped().groups;
  ASSERT_EQ(groups.size(), kGroups);
  evaluation::ProberOptions measuring;
  measuring.task = metrics::Task::kClassify;
  auto prober = evaluation::Prober::create(*zoo->engine, *zoo->search, measuring, going);
  ASSERT_TRUE(prober.ok());
  std::vector<double> kl(kAssignments), bits(kAssignments, 0);
  for (std::size_t i = 0; i < kAssignments; ++i) {
    const search::Choice choice = assignment(i);
    for (std::size_t g = 0; g < kGroups; ++g) bits[i] += groups[g][choice[g]].costs[0];
    const auto measured = prober->measure(space->recipe(choice), 0, going);
    ASSERT_TRUE(measured.ok()) << measured.error().message();
    kl[i] = measured->mean();
  }
  const auto [least, most] = std::ranges::minmax(bits);
  for (const double part : {0.15, 0.3, 0.5, 0.7, 0.85}) {
    const double budget = least + part * (most - least);
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < kAssignments; ++i) {
      if (bits[i] <= budget) best = std::min(best, kl[i]);
    }
    const auto solved = search::solve({groups, {budget}});
    ASSERT_TRUE(solved.ok());
    const std::size_t number = std::inner_product(solved->choice.begin(), solved->choice.end(), std::vector<std::size_t>{1, 4, 16, 64, 256, 1024, 4096}.begin(), std::size_t{0});
    const search::Compare compare = [&](const search::Choice& candidate, const search::Choice& current) -> Result<search::Verdict> {
      const auto index = [](const search::Choice& choice) {
        std::size_t sum = 0;
        for (std::size_t g = kGroups; g-- > 0;) sum = sum * kFormats + choice[g];
        return sum;
      };
      const double difference = kl[index(candidate)] - kl[index(current)];
      return search::Verdict{difference, 0, difference < 0};
    };
    const auto refined = search::refine(groups, {budget}, solved->choice, compare, {.trials = 16});
    ASSERT_TRUE(refined.ok());
    std::size_t after = 0;
    for (std::size_t g = kGroups; g-- > 0;) after = after * kFormats + refined->choice[g];
    std::printf("budget %.2f: best %.5f, by scores %.5f (%.3f), refined %.5f (%.3f)\n", part, best, kl[number], kl[number] / best, kl[after], kl[after] / best);
    EXPECT_LE(kl[after], 1.02 * best);
  }
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
}

}  // namespace
}  // namespace posittune::tuning
