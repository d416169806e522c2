#include "posittune/tuning/mix_space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <random>
#include <string>

#include "tests/tuning/invented_search.h"
#include "tests/tuning/zoo_search.h"

namespace posittune::tuning {
namespace {

using test::ZooSearch;

const auto kGoing = [](std::size_t) { return success(); };

class Mixes : public testing::TestWithParam<std::pair<const char*, metrics::Task>> {
 protected:
  Mixes()
      : path_(testing::TempDir() + "mix_space_" + GetParam().first + std::to_string(::getpid()) +
              ".db") {}
  ~Mixes() override {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
  }
  std::unique_ptr<ZooSearch> open() const {
    return ZooSearch::open(GetParam().first, GetParam().second, 2, path_);
  }
  std::string path_;
};

search::Choice random_choice(const search::Groups& groups, std::mt19937_64& generator) {
  search::Choice choice;
  for (const auto& options : groups) choice.push_back(generator() % options.size());
  return choice;
}

// What the solver adds up is what the recipe costs.
TEST_P(Mixes, CostsOfDecisionsAddUpToTheRecipe) {
  auto zoo = open();
  Choices choices;
  for (const char* format : {"posit<4,1>", "int6", "fp8_e4m3"})
    choices.weights.push_back(ZooSearch::weight(format));
  for (const char* format : {"posit<8,1>", "int8"})
    choices.activations.push_back(
        {.format = ZooSearch::weight(format).format, .rule = quant::ScaleRule::kRmsPow2});
  SpaceOptions options;
  options.costs = {Cost::kBits, Cost::kActivationBits, Cost::kMacBits, Cost::kEnergy, Cost::kArea};
  const auto space =
      MixSpace::build(*zoo->analysis, *zoo->engine, *zoo->costs, choices, options, kGoing);
  ASSERT_TRUE(space.ok()) << space.error().message();
  EXPECT_EQ(space->labels().size(), 6U);
  std::mt19937_64 generator(1);
  for (int i = 0; i < 5; ++i) {
    const search::Choice choice = random_choice(space->grouped().groups, generator);
    std::vector<double> sums = space->fixed_shares();
    for (std::size_t g = 0; g < choice.size(); ++g) {
      for (std::size_t k = 0; k < sums.size(); ++k)
        sums[k] += space->grouped().groups[g][choice[g]].costs[k];
    }
    const quant::Recipe recipe = space->recipe(choice);
    const auto cost = zoo->costs->recipe_cost(recipe);
    ASSERT_TRUE(cost.ok()) << cost.error().message();
    // Sums of up to a hundred rounded numbers.
    const auto near = [](double a, double b) { EXPECT_NEAR(a, b, 1e-11 * std::abs(b)); };
    near(sums[0],
         zoo->engine->bits_per_weight(recipe) * static_cast<double>(zoo->engine->weight_count()));
    near(sums[0], cost->weight_bits);
    near(sums[2], cost->mac_bits);
    near(sums[3], cost->energy_pj);
    near(sums[4], cost->mean_area_um2 * cost->macs);
    ASSERT_TRUE(zoo->engine->apply(recipe).ok());
  }
}

// Windows cover every row once, neighbours of one format are joined, and scores of all windows are
// the weight's.
TEST_P(Mixes, WindowsOfChannels) {
  auto zoo = open();
  Choices choices;
  for (const char* format : {"posit<4,1>", "int6"})
    choices.weights.push_back(ZooSearch::weight(format));
  SpaceOptions options;
  options.costs = {Cost::kBits};
  const auto whole =
      MixSpace::build(*zoo->analysis, *zoo->engine, *zoo->costs, choices, options, kGoing);
  options.window = 24;
  const auto windows =
      MixSpace::build(*zoo->analysis, *zoo->engine, *zoo->costs, choices, options, kGoing);
  ASSERT_TRUE(whole.ok() && windows.ok());
  std::map<std::size_t, std::size_t> rows;
  std::map<std::size_t, double> scores;
  for (std::size_t d = 0; d < windows->places().size(); ++d) {
    const MixSpace::Place& place = windows->places()[d];
    EXPECT_EQ(place.first, rows[place.weight]);
    rows[place.weight] += place.count;
    scores[place.weight] += windows->space().decisions[d].options[1].loss;
  }
  for (std::size_t d = 0; d < whole->places().size(); ++d) {
    const MixSpace::Place& place = whole->places()[d];
    EXPECT_EQ(rows[place.weight], place.count);
    const double loss = whole->space().decisions[d].options[1].loss;
    EXPECT_NEAR(scores[place.weight], loss, 1e-9 * loss);
  }
  // One format everywhere is a recipe without windows.
  const auto same = windows->uniform("int6");
  ASSERT_TRUE(same.has_value());
  for (const auto& [name, setting] : windows->recipe(*same).weights)
    EXPECT_TRUE(setting.windows.empty()) << name;
  std::mt19937_64 generator(2);
  const search::Choice choice = random_choice(windows->grouped().groups, generator);
  const quant::Recipe recipe = windows->recipe(choice);
  ASSERT_TRUE(zoo->engine->apply(recipe).ok());
  double bits = windows->fixed_shares()[0];
  for (std::size_t g = 0; g < choice.size(); ++g)
    bits += windows->grouped().groups[g][choice[g]].costs[0];
  // Joined windows save tags of eight bits.
  EXPECT_LE(zoo->engine->bits_per_weight(recipe) * static_cast<double>(zoo->engine->weight_count()),
            bits * (1 + 1e-12));
}

TEST_P(Mixes, PinsAndReservedFormats) {
  auto zoo = open();
  Choices choices;
  for (const char* format : {"posit<4,1>", "int6", "int8"})
    choices.weights.push_back(ZooSearch::weight(format));
  choices.reserved = 1;
  SpaceOptions options;
  options.costs = {Cost::kBits};
  const std::string weight = zoo->engine->graph().weights.front().name;
  options.pins = {{"^" + weight + "$", "int8"}};
  const auto space =
      MixSpace::build(*zoo->analysis, *zoo->engine, *zoo->costs, choices, options, kGoing);
  ASSERT_TRUE(space.ok()) << space.error().message();
  for (const auto& decision : space->space().decisions) {
    const auto wanted = decision.names.front() == weight
                            ? std::vector<std::string>{"int8"}
                            : std::vector<std::string>{"posit<4,1>", "int6"};
    EXPECT_EQ(decision.labels, wanted) << decision.names.front();
  }
}

// What build() refuses, without a score.
TEST_P(Mixes, ChecksAreEarly) {
  auto zoo = open();
  Choices choices;
  for (const char* format : {"posit<4,1>", "int6"})
    choices.weights.push_back(ZooSearch::weight(format));
  SpaceOptions options;
  options.costs = {Cost::kBits};
  EXPECT_TRUE(MixSpace::check(*zoo->engine, choices, options).ok());
  const auto refused = [&](const SpaceOptions& of, const std::string& named) {
    const Status checked = MixSpace::check(*zoo->engine, choices, of);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().kind, ErrorKind::kUsage);
    EXPECT_NE(checked.error().message().find(named), std::string::npos)
        << checked.error().message();
  };
  SpaceOptions pinned = options, tied = options;
  pinned.pins = {{"no such layer", "int6"}};
  refused(pinned, "no such layer");
  pinned.pins = {{".", "int8"}};
  refused(pinned, "int8");
  tied.tie_patterns = {"no such layer"};
  refused(tied, "no such layer");
  EXPECT_FALSE(zoo->engine->calibrated());
}

INSTANTIATE_TEST_SUITE_P(Zoo, Mixes,
                         testing::Values(std::pair("albert", metrics::Task::kClassify),
                                         std::pair("gpt2", metrics::Task::kLanguageModel)),
                         [](const auto& each) { return std::string(each.param.first); });

class InventedMixes : public test::InventedSearch {
 protected:
  Result<MixSpace> build(const Choices& choices, SpaceOptions how = {}) {
    how.costs = {Cost::kBits};
    sensitivity::Analysis of = analysis();
    return MixSpace::build(of, model_.engine, costs_, choices, how, kGoing);
  }
};

TEST_F(InventedMixes, LossesAndCostsByHand) {
  const auto space = build(choices({"int4", "int6"}));
  ASSERT_TRUE(space.ok()) << space.error().message();
  ASSERT_EQ(space->grouped().groups.size(), test::kWeights);
  for (std::size_t w = 0; w < test::kWeights; ++w) {
    const auto& options = space->grouped().groups[w];
    ASSERT_EQ(options.size(), 2U);
    const double gain = static_cast<double>(w + 1);
    EXPECT_DOUBLE_EQ(options[0].loss, gain);
    EXPECT_DOUBLE_EQ(options[1].loss, 0.125 * gain);
    EXPECT_EQ(options[0].costs, (std::vector<double>{16 * 4 + 16}));
    EXPECT_EQ(options[1].costs, (std::vector<double>{16 * 6 + 16}));
  }
  EXPECT_EQ(space->fixed_shares(), (std::vector<double>{0}));
  const quant::Recipe mixed = space->recipe({0, 1, 1, 0, 1});
  for (std::size_t w = 0; w < test::kWeights; ++w) {
    EXPECT_EQ(mixed.weights.at("w" + std::to_string(w)).format.bits, w % 3 == 0 ? 4 : 6);
  }
  EXPECT_EQ(space->uniform("int6"), (std::optional<search::Choice>{{1, 1, 1, 1, 1}}));
  EXPECT_EQ(space->uniform("int8"), std::nullopt);
}

// Rows have 0.1, 0.2, 0.3 and 0.4 of the loss; a window is stored with its own scale and name.
TEST_F(InventedMixes, WindowsByHand) {
  SpaceOptions how;
  how.window = 3;
  const auto space = build(choices({"int4", "int6"}), how);
  ASSERT_TRUE(space.ok()) << space.error().message();
  ASSERT_EQ(space->grouped().groups.size(), 2 * test::kWeights);
  const auto& wide = space->grouped().groups[2][0];  // of w1, gain 2
  const auto& narrow = space->grouped().groups[3][0];
  EXPECT_DOUBLE_EQ(wide.loss, 0.6 * 2);
  EXPECT_DOUBLE_EQ(narrow.loss, 0.4 * 2);
  EXPECT_DOUBLE_EQ(wide.costs[0], 12 * 4 + 16);
  EXPECT_DOUBLE_EQ(narrow.costs[0], 4 * 4 + 16);
  search::Choice choice(2 * test::kWeights, 0);
  choice[3] = 1;
  const quant::WeightSetting setting = space->recipe(choice).weights.at("w1");
  EXPECT_EQ(setting.format.bits, 4);
  ASSERT_EQ(setting.windows.size(), 1U);
  EXPECT_EQ(setting.windows[0].first, 3U);
  EXPECT_EQ(setting.windows[0].count, 1U);
  EXPECT_EQ(setting.windows[0].format.bits, 6);
  Choices inputs = choices({"int4"});
  inputs.activations = {posittune::test::activation_setting("int8")};
  const auto refused = build(inputs, how);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
}

TEST_F(InventedMixes, ScoresThatAreNotFiniteAreRuledOut) {
  figures().errors["w1"]["int4"] = INFINITY;
  figures().errors["w2"]["int6"] = std::nan("");
  const auto space = build(choices({"int4", "int6"}));
  ASSERT_TRUE(space.ok()) << space.error().message();
  EXPECT_EQ(space->grouped().groups[1][0].loss, MixSpace::kRuledOut);
  EXPECT_EQ(space->grouped().groups[2][1].loss, MixSpace::kRuledOut);
  EXPECT_DOUBLE_EQ(space->grouped().groups[2][0].loss, 3);
}

TEST_F(InventedMixes, TiedWeightsAreOneGroup) {
  SpaceOptions how;
  how.ties = {"a", "", "a", "", ""};
  const auto space = build(choices({"int4", "int6"}), how);
  ASSERT_TRUE(space.ok()) << space.error().message();
  ASSERT_EQ(space->grouped().groups.size(), 4U);
  EXPECT_DOUBLE_EQ(space->grouped().groups[0][0].loss, 1 + 3);
  EXPECT_DOUBLE_EQ(space->grouped().groups[0][0].costs[0], 2 * 80);
  const quant::Recipe recipe = space->recipe({1, 0, 0, 0});
  EXPECT_EQ(recipe.weights.at("w0").format.bits, 6);
  EXPECT_EQ(recipe.weights.at("w2").format.bits, 6);
  EXPECT_EQ(recipe.weights.at("w1").format.bits, 4);
}

// Losses of inputs add to those of weights; pairs that are not listed are no options.
TEST_F(InventedMixes, PairsOfWeightsAndInputs) {
  for (std::size_t w = 0; w < test::kWeights; ++w) {
    figures().errors["l" + std::to_string(w)] = {{"fp32", 0.5}, {"int8", 0.25}};
    figures().losses["l" + std::to_string(w)] = {{"fp32", 2}};
  }
  Choices both = choices({"int4", "int6"});
  both.activations = {posittune::test::activation_setting("int8"),
                      posittune::test::activation_setting("int16")};
  both.pairs = {{"int6", "int8"}, {"int4", "int16"}};
  const auto space = build(both);
  ASSERT_TRUE(space.ok()) << space.error().message();
  EXPECT_EQ(space->labels(), (std::vector<std::string>{"int4/int16", "int6/int8"}));
  EXPECT_DOUBLE_EQ(space->grouped().groups[1][0].loss, 2);
  EXPECT_DOUBLE_EQ(space->grouped().groups[1][1].loss, 2 * 0.125 + 2 / 0.5 * 0.25);
  const quant::Recipe recipe = space->recipe({1, 1, 1, 1, 0});
  EXPECT_EQ(recipe.activations.at("l0").format.bits, 8);
  EXPECT_EQ(recipe.activations.at("l4").format.bits, 16);
  both.pairs = {{"int6", "int4"}};
  const auto refused = build(both);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().found, "int6/int4");
}

TEST_F(InventedMixes, ACancelledScoringIsAnError) {
  sensitivity::Analysis of = analysis();
  SpaceOptions how;
  how.costs = {Cost::kBits};
  std::size_t asked = 0;
  const auto stop = [&](std::size_t) -> Status {
    if (++asked < 3) return success();
    return Error{.kind = ErrorKind::kInterrupted, .what = "stopped"};
  };
  const auto made =
      MixSpace::build(of, model_.engine, costs_, choices({"int4", "int6"}), how, stop);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::kInterrupted);
  EXPECT_EQ(figures().suffix_runs.size(), 3U);
}

}  // namespace
}  // namespace posittune::tuning
