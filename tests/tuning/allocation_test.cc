// Every assignment of a small space, measured: how near to the true optimum is what the search
// finds?

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
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

constexpr std::size_t kFormats = 4;
constexpr std::size_t kTrials = 48;

// Seven groups have 16,384 assignments, which take a quarter of an hour; docs/search.md has that
// run.
std::size_t group_count() {
  const char* given = std::getenv("POSITTUNE_ALLOCATION_GROUPS");
  return given == nullptr ? 5 : static_cast<std::size_t>(std::clamp(std::atoi(given), 2, 7));
}

// Weights in groups of neighbours.
std::vector<std::string> neighbour_ties(const engine::Engine& engine, std::size_t groups) {
  const std::size_t weights = engine.graph().weights.size();
  std::vector<std::string> ties;
  for (std::size_t w = 0; w < weights; ++w)
    ties.push_back("group " + std::to_string(w * groups / weights));
  return ties;
}

search::Choice assignment(std::size_t number, std::size_t groups) {
  search::Choice choice;
  for (std::size_t g = 0; g < groups; ++g, number /= kFormats) choice.push_back(number % kFormats);
  return choice;
}

std::size_t number_of(const search::Choice& choice) {
  std::size_t number = 0;
  for (std::size_t g = choice.size(); g-- > 0;) number = number * kFormats + choice[g];
  return number;
}

TEST(Allocation, WithinTwoPercentOfTheBestOfAll) {
  const std::size_t count = group_count();
  const std::string path = testing::TempDir() + "allocation_" + std::to_string(::getpid()) + ".db";
  auto zoo = ZooSearch::open("gpt2", metrics::Task::kLanguageModel, 1, path);
  Choices choices;
  for (const char* format : {"posit<4,1>", "int5", "posit<6,1>", "int8"})
    choices.weights.push_back(ZooSearch::weight(format));
  SpaceOptions options;
  options.costs = {Cost::kBits};
  options.ties = neighbour_ties(*zoo->engine, count);
  const auto going = [](std::size_t) { return success(); };
  const auto space =
      MixSpace::build(*zoo->analysis, *zoo->engine, *zoo->costs, choices, options, going);
  ASSERT_TRUE(space.ok()) << space.error().message();
  const search::Groups& groups = space->grouped().groups;
  ASSERT_EQ(groups.size(), count);
  evaluation::ProberOptions measuring;
  measuring.task = metrics::Task::kLanguageModel;
  auto prober = evaluation::Prober::create(*zoo->engine, *zoo->search, measuring, going);
  ASSERT_TRUE(prober.ok());
  std::vector<double> kl, bits;
  for (std::size_t i = 0; i < std::size_t{1} << (2 * count); ++i) {
    const search::Choice choice = assignment(i, count);
    bits.push_back(0);
    for (std::size_t g = 0; g < count; ++g) bits.back() += groups[g][choice[g]].costs[0];
    const auto measured = prober->measure(space->recipe(choice), 0, going);
    ASSERT_TRUE(measured.ok()) << measured.error().message();
    kl.push_back(measured->mean());
  }
  const search::Compare compare = [&](const search::Choice& candidate,
                                      const search::Choice& current) -> Result<search::Verdict> {
    const double difference = kl[number_of(candidate)] - kl[number_of(current)];
    return search::Verdict{difference, 0, difference < 0};
  };
  const auto [least, most] = std::ranges::minmax(bits);
  for (const double part : {0.15, 0.3, 0.5, 0.7, 0.85}) {
    const double budget = least + part * (most - least);
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < kl.size(); ++i) {
      if (bits[i] <= budget) best = std::min(best, kl[i]);
    }
    const auto solved = search::solve({groups, {budget}});
    ASSERT_TRUE(solved.ok());
    const auto refined =
        search::refine(groups, {budget}, solved->choice, compare, {.trials = kTrials});
    ASSERT_TRUE(refined.ok());
    const double by_scores = kl[number_of(solved->choice)], after = kl[number_of(refined->choice)];
    std::printf(
        "%zu assignments, budget %.2f: best KL %.5f, by scores %.3f times, refined in %zu trials "
        "%.3f times\n",
        kl.size(), part, best, by_scores / best, refined->steps.size(), after / best);
    EXPECT_LE(after, 1.02 * best);
  }
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
}

}  // namespace
}  // namespace posittune::tuning
