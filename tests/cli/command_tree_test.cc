#include "posittune/cli/command_tree.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "posittune/cli/common_options.h"
#include "posittune/formats/format.h"
#include "posittune/metrics/scorer.h"
#include "posittune/quant/scale_rules.h"

namespace posittune::cli {
namespace {

using Words = std::vector<std::string>;

const OptionText& option(const CommandText& command, const std::string& flag) {
  const auto found = std::ranges::find_if(command.options, [&](const OptionText& each) {
    return std::ranges::count(each.flags, flag) > 0;
  });
  EXPECT_NE(found, command.options.end()) << flag;
  return *found;
}

class Tree : public testing::Test {
 protected:
  void SetUp() override {
    app_.name("program");
    app_.footer("below");
    CLI::App* sub = app_.add_subcommand("make", "makes it");
    sub->add_option("IN", text_, "what is read")->required()->type_name("FILE");
    sub->add_option("-o,--output", text_, "what is written")->default_str("there");
    sub->add_option("--codes", text_)->check(CLI::IsMember({"csv", "json"}));
    sub->add_option("--how", text_, "how it is made. fast: at once; well: slowly");
    sub->add_option("--one", text_, "language: the one that is meant");
    sub->add_option("--count", count_, "of. a: no; b: words")->group("More");
    sub->add_option("--at", text_)->option_text("NAME=AXIS");
    sub->add_option("--folder", text_)->type_name("FOLDER")->envname("PLACE");
    sub->add_option("--secret", text_)->group("");
    sub->add_flag("--json", flag_);
    offer(sub->add_option("--list", list_)->delimiter(','), {"x", "y"});
    make_ = command_tree(app_).commands.at(0);
  }
  CLI::App app_;
  CommandText make_;
  std::string text_;
  Words list_;
  int count_ = 0;
  bool flag_ = false;
};

TEST_F(Tree, CommandsAndArguments) {
  const CommandText program = command_tree(app_);
  EXPECT_EQ(program.name, "program");
  EXPECT_EQ(program.footer, "below");
  ASSERT_EQ(program.commands.size(), 1U);
  EXPECT_EQ(make_.name, "make");
  EXPECT_EQ(make_.summary, "makes it");
  ASSERT_EQ(make_.arguments.size(), 1U);
  EXPECT_EQ(make_.arguments[0].value.name, "IN");
  EXPECT_EQ(make_.arguments[0].value.files, Files::kAny);
  EXPECT_TRUE(make_.arguments[0].required);
}

TEST_F(Tree, OptionsAsTheyWereDeclared) {
  const OptionText& output = option(make_, "--output");
  EXPECT_EQ(output.flags, (Words{"-o", "--output"}));
  EXPECT_EQ(output.help, "what is written");
  EXPECT_EQ(output.usual, "there");
  EXPECT_EQ(output.value.name, "TEXT");
  EXPECT_EQ(option(make_, "--count").group, "More");
  EXPECT_EQ(option(make_, "--folder").variable, "PLACE");
  EXPECT_TRUE(option(make_, "--list").repeats);
  EXPECT_FALSE(option(make_, "--output").repeats);
  EXPECT_EQ(option(make_, "--json").value.name, "");
  EXPECT_EQ(std::ranges::count_if(make_.options,
                                  [](const auto& each) { return each.flags[0] == "--secret"; }),
            0);
}

TEST_F(Tree, FilesByTheType) {
  EXPECT_EQ(option(make_, "--output").value.files, Files::kAny);
  EXPECT_EQ(option(make_, "--folder").value.files, Files::kFolders);
  for (const char* other : {"--codes", "--how", "--count", "--at", "--json", "--list"})
    EXPECT_EQ(option(make_, other).value.files, Files::kNone) << other;
}

TEST_F(Tree, WordsOfMembersOffersAndHelp) {
  EXPECT_EQ(option(make_, "--codes").value.words, (Words{"csv", "json"}));
  EXPECT_TRUE(option(make_, "--codes").value.complete);
  EXPECT_EQ(option(make_, "--how").value.words, (Words{"fast", "well"}));
  EXPECT_FALSE(option(make_, "--how").value.complete);
  EXPECT_EQ(option(make_, "--list").value.words, (Words{"x", "y"}));
  EXPECT_TRUE(option(make_, "--list").value.list);
  EXPECT_EQ(option(make_, "--one").value.words, Words{});
  EXPECT_EQ(option(make_, "--count").value.words, Words{});
}

TEST_F(Tree, OffersNeitherRefuseNorShow) {
  app_.parse("make in --list z,x");
  EXPECT_EQ(list_, (Words{"z", "x"}));
  EXPECT_EQ(app_.get_subcommand("make")->get_option("--list")->get_type_name(), "TEXT");
}

TEST(Words, OfOptionsThatCommandsShareAreKnown) {
  CLI::App app;
  session::SettingsText settings;
  session::ScoreWords words;
  metrics::ScoreRequest request;
  std::string scale = "mse";
  std::vector<std::string> what;
  declare_settings(app, settings, "Group");
  declare_scores(app, words, request, "Group");
  declare_scale(app, scale, "Group");
  declare_what(app, what, "w,a,wa", "w", "Group");
  const CommandText tree = command_tree(app);
  const auto rules = quant::scale_rule_names();
  EXPECT_EQ(option(tree, "--scale").value.words, Words(rules.begin(), rules.end()));
  EXPECT_EQ(option(tree, "--what").value.words, (Words{"w", "a", "wa"}));
  for (const std::string& word : option(tree, "--granularity").value.words)
    EXPECT_TRUE(session::parse_settings({.granularity = word}).ok()) << word;
  for (const std::string& word : option(tree, "--rounding").value.words)
    EXPECT_TRUE(session::parse_settings({.rounding = word}).ok()) << word;
  for (const std::string& word : option(tree, "--activation-scale").value.words)
    EXPECT_TRUE(session::parse_settings({.activation_scale = word}).ok()) << word;
  for (const std::string& word : option(tree, "--task").value.words)
    EXPECT_TRUE(session::read(session::ScoreWords{.task = word}, request).ok()) << word;
  for (const std::string& word : option(tree, "--scores").value.words)
    EXPECT_TRUE(session::read(session::ScoreWords{.scores = word}, request).ok()) << word;
  for (const char* chosen : {"--granularity", "--rounding", "--activation-scale", "--task"})
    EXPECT_GT(option(tree, chosen).value.words.size(), 1U) << chosen;
}

TEST(Words, OfFormatsNeedNoQuotes) {
  const Words words = format_words();
  EXPECT_GT(words.size(), 30U);
  const auto known = formats::known_formats();
  for (const std::string& word : words) {
    EXPECT_EQ(word.find_first_of("<>,|*; "), std::string::npos);
    const auto format = formats::parse_format(word);
    ASSERT_TRUE(format.ok()) << word;
    EXPECT_EQ(std::ranges::count(known, *format), 1) << word;
  }
}

}  // namespace
}  // namespace posittune::cli
