#include "posittune/search/space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace posittune::search {
namespace {

Decision decision(std::vector<std::string> names, std::vector<std::string> labels,
                  const std::string& tie = "") {
  Decision made{.names = std::move(names), .labels = std::move(labels), .options = {}, .tie = tie};
  for (std::size_t j = 0; j < made.labels.size(); ++j)
    made.options.push_back({1.0 / static_cast<double>(j + 1), {static_cast<double>(j + 1)}});
  return made;
}

Space small_space() {
  return {{"bits"},
          {decision({"h.0.attn.weight", "/h.0/attn/MatMul"}, {"int4", "posit<6,1>", "int8"}),
           decision({"h.0.mlp.weight"}, {"int4", "posit<6,1>", "int8"}),
           decision({"lm_head.weight"}, {"posit<6,1>/int8", "int8/int8", "int8/posit<8,1>"})}};
}

TEST(Pins, AreParsed) {
  const auto pin = parse_pin("a=b.*=posit<8,1>");
  ASSERT_TRUE(pin.ok());
  EXPECT_EQ(pin->pattern, "a=b.*");
  EXPECT_EQ(pin->label, "posit<8,1>");
  for (const char* bad : {"", "=", "int8", "h=", "=int8"}) EXPECT_FALSE(parse_pin(bad).ok()) << bad;
}

TEST(Pins, LeaveTheirOptions) {
  const auto space = pinned(small_space(), {{"attn", "int8"}, {"^lm_head", "int8"}});
  ASSERT_TRUE(space.ok()) << space.error().message();
  EXPECT_EQ(space->decisions[0].labels, (std::vector<std::string>{"int8"}));
  EXPECT_EQ(space->decisions[0].options[0].costs[0], 3);
  EXPECT_EQ(space->decisions[1].labels.size(), 3U);
  EXPECT_EQ(space->decisions[2].labels, (std::vector<std::string>{"int8/int8", "int8/posit<8,1>"}));
  // Any of the names; a whole label.
  const auto by_node = pinned(small_space(), {{"^/h.0", "int4"}, {"lm_head", "int8/int8"}});
  ASSERT_TRUE(by_node.ok());
  EXPECT_EQ(by_node->decisions[0].labels.size(), 1U);
  EXPECT_EQ(by_node->decisions[2].labels.size(), 1U);
}

TEST(Pins, WrongOnesAreNamed) {
  const auto message = [](const std::vector<Pin>& pins) {
    const auto space = pinned(small_space(), pins);
    EXPECT_FALSE(space.ok());
    if (space.ok()) return std::string();
    EXPECT_EQ(space.error().kind, ErrorKind::kUsage);
    return space.error().message();
  };
  EXPECT_NE(message({{"h.0.mpl", "int8"}}).find("matches nothing"), std::string::npos);
  EXPECT_NE(message({{"(", "int8"}}).find("regular expression"), std::string::npos);
  const std::string unknown = message({{"mlp", "int7"}});
  EXPECT_NE(unknown.find("h.0.mlp.weight"), std::string::npos);
  EXPECT_NE(unknown.find("posit<6,1>"), std::string::npos);
  const std::string both = message({{"h.0", "int4"}, {"mlp", "int8"}});
  EXPECT_NE(both.find("contradict"), std::string::npos);
  EXPECT_NE(both.find("h.0=int4"), std::string::npos) << both;
}

TEST(Ties, SumTheOptionsThatAllHave) {
  Space space{{"bits"},
              {decision({"q"}, {"int4", "int6", "int8"}, "qkv"),
               decision({"other"}, {"int4", "int8"}), decision({"k"}, {"int8", "int4"}, "qkv")}};
  const auto problem = grouped(space);
  ASSERT_TRUE(problem.ok());
  ASSERT_EQ(problem->groups.size(), 2U);
  ASSERT_EQ(problem->groups[0].size(), 2U);  // int4, int8
  EXPECT_EQ(problem->groups[0][0].costs[0], 1 + 2);
  EXPECT_EQ(problem->groups[0][1].costs[0], 3 + 1);
  EXPECT_DOUBLE_EQ(problem->groups[0][1].loss, 1.0 / 3 + 1);
  EXPECT_EQ(problem->expand({1, 0}), (std::vector<std::size_t>{2, 0, 0}));
  EXPECT_EQ(problem->expand({0, 1}), (std::vector<std::size_t>{0, 1, 1}));
  const Sums of = sums(space, {2, 0, 0});
  EXPECT_EQ(of.costs[0], problem->groups[0][1].costs[0] + problem->groups[1][0].costs[0]);
  EXPECT_DOUBLE_EQ(of.loss, problem->groups[0][1].loss + problem->groups[1][0].loss);
}

TEST(Ties, WithoutACommonOption) {
  const auto problem =
      grouped({{"bits"}, {decision({"q"}, {"int4"}, "t"), decision({"k"}, {"int8"}, "t")}});
  ASSERT_FALSE(problem.ok());
  EXPECT_EQ(problem.error().kind, ErrorKind::kUsage);
  EXPECT_NE(problem.error().message().find("q and k"), std::string::npos);
}

TEST(Space, ScoresAndCostsThatAreNotNumbers) {
  Space space = small_space();
  space.decisions[1].options[2].loss = std::nan("");
  auto problem = grouped(space);
  ASSERT_FALSE(problem.ok());
  EXPECT_EQ(problem.error().kind, ErrorKind::kInput);
  EXPECT_NE(problem.error().message().find("h.0.mlp.weight, int8"), std::string::npos);
  space = small_space();
  space.decisions[0].options[1].costs[0] = INFINITY;
  problem = grouped(space);
  ASSERT_FALSE(problem.ok());
  EXPECT_NE(problem.error().message().find("posit<6,1>, bits"), std::string::npos)
      << problem.error().message();
}

}  // namespace
}  // namespace posittune::search
