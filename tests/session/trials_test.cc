#include "posittune/session/trials.h"

#include <gtest/gtest.h>

#include <set>

#include "posittune/quant/recipe_file.h"
#include "tests/base/temporary_folder.h"

namespace posittune::session {
namespace {

using quant::ScaleRule;

std::vector<std::string> names(const CompareOptions& options) {
  const auto trials = make_trials(options);
  EXPECT_TRUE(trials.ok()) << trials.error().message();
  std::vector<std::string> all;
  for (const Trial& trial : *trials) all.push_back(trial.name());
  return all;
}

TEST(Trials, FormatsByOperandsByScales) {
  EXPECT_EQ(names({.formats = {"fp32", "int8"}}),
            (std::vector<std::string>{"fp32 w", "fp32 wa", "int8 w rms_pow2", "int8 w mse_pow2",
                                      "int8 wa rms_pow2", "int8 wa mse_pow2"}));
  EXPECT_EQ(names({.formats = {"p8e1", "posit<8,1>"},
                   .what = {Operand::kWeight},
                   .scales = {ScaleRule::kMse, ScaleRule::kMse}}),
            (std::vector<std::string>{"posit<8,1> w mse"}));  // each once
  EXPECT_TRUE(names({}).empty());
}

TEST(Trials, SettingsOfARow) {
  CompareOptions options{.formats = {"posit<6,*>"}, .scales = {ScaleRule::kMsePow2}};
  options.settings.activation_scale = quant::ActivationScale::kOutput;
  const auto trials = make_trials(options);
  ASSERT_EQ(trials->size(), 2U);
  const Trial &weights = (*trials)[0], &both = (*trials)[1];
  EXPECT_EQ(weights.format_name(), "posit<6,*>");
  EXPECT_EQ(weights.weight->rule, ScaleRule::kMsePow2);
  EXPECT_FALSE(weights.activation.has_value());
  EXPECT_EQ(both.activation->scale, quant::ActivationScale::kOutput);
  EXPECT_FALSE(needs_calibration(weights));
  EXPECT_TRUE(needs_calibration(both) && takes_output_scales(both));
  EXPECT_FALSE(is_compensated(both));
}

TEST(Trials, WhatCannotBe) {
  EXPECT_EQ(make_trials({.formats = {"int8"}, .what = {Operand::kActivation}}).error().where,
            "`what`");
  EXPECT_EQ(make_trials({.formats = {"posit<8,9>"}}).error().where, "`formats`");
  EXPECT_EQ(make_trials({.recipes = {"no such.yaml"}}).error().where, "`recipes`, no such.yaml");
  CompareOptions token{.formats = {"int8"}};
  token.settings.activation_scale = quant::ActivationScale::kToken;
  EXPECT_EQ(make_trials(token).error().where, "`activation_scale=token`");
  token.scales = {ScaleRule::kRmsPow2};
  EXPECT_TRUE(make_trials(token).ok());
  EXPECT_FALSE(needs_calibration(make_trials(token)->back()));
  CompareOptions groups{.formats = {"mxfp4"}};
  groups.settings.weight.granularity = quant::Granularity::kGroup;
  groups.settings.weight.group = 48;
  EXPECT_EQ(make_trials(groups).error().expected, "a multiple of 32");
  groups.settings.weight.group = 64;
  EXPECT_TRUE(make_trials(groups).ok());
  EXPECT_EQ(make_trials({.formats = {"posit<8,9>"}}).error().kind, ErrorKind::kUsage);
}

// Names of files must differ wherever recipes do.
TEST(Trials, RecipeNamesDiffer) {
  std::set<std::string> all;
  std::size_t count = 0;
  for (const auto granularity :
       {quant::Granularity::kTensor, quant::Granularity::kChannel, quant::Granularity::kGroup}) {
    for (const auto scale : {quant::ActivationScale::kStatic, quant::ActivationScale::kOutput}) {
      for (const bool weighted : {false, true}) {
        CompareOptions options{.formats = {"int8", "posit<6,1>"}};
        options.settings.weight.granularity = granularity;
        options.settings.weight.group = 64;
        options.settings.weight.input_weighted = weighted;
        options.settings.activation_scale = scale;
        const auto trials = make_trials(options);
        for (const Trial& trial : *trials) {
          const bool known = !trial.activation && scale == quant::ActivationScale::kOutput;
          if (known) continue;  // without inputs their scales do not matter
          all.insert(recipe_name(trial));
          ++count;
        }
      }
    }
  }
  EXPECT_EQ(all.size(), count);
}

TEST(Trials, RecipesOfFiles) {
  const TemporaryFolder folder;
  const std::string text = quant::to_yaml(
      {.weights = {{"w", {.format = *formats::parse_format("int4"), .rule = ScaleRule::kRmsPow2}}},
       .activations = {}});
  std::filesystem::create_directory(folder.file("a"));
  std::filesystem::create_directory(folder.file("b"));
  write_bytes(folder.file("a/mine.yaml"), text);
  write_bytes(folder.file("b/mine.yaml"), text);
  const auto trials =
      make_trials({.recipes = {folder.file("a/mine.yaml"), folder.file("b/mine.yaml")}});
  ASSERT_TRUE(trials.ok()) << trials.error().message();
  ASSERT_EQ(trials->size(), 1U);  // they are equal
  EXPECT_EQ((*trials)[0].name(), "mine w");
  EXPECT_EQ(recipe_name((*trials)[0]), "recipe mine w");
  write_bytes(folder.file("b/mine.yaml"), quant::to_yaml({}));
  const auto refused =
      make_trials({.recipes = {folder.file("a/mine.yaml"), folder.file("b/mine.yaml")}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().found, "mine");
  EXPECT_FALSE(make_trials({.recipes = {folder.file("none.yaml")}}).ok());
}

// What any of equal recipes says of its model counts.
TEST(Trials, RecipesOfModels) {
  const TemporaryFolder folder;
  const auto write = [&](const char* name, const std::string& hash) {
    std::filesystem::create_directory(folder.file(name));
    const std::string path = folder.file(std::string(name) + "/mine.yaml");
    write_bytes(path, quant::recipe_file_to_yaml(quant::RecipeFile{{}, hash}));
    return path;
  };
  const std::string hash(64, 'a'), other(64, 'b');
  const std::string none = write("a", ""), one = write("b", hash), two = write("c", other);
  const auto trials = make_trials({.recipes = {none, one, none}});
  ASSERT_TRUE(trials.ok()) << trials.error().message();
  ASSERT_EQ(trials->size(), 1U);
  EXPECT_EQ((*trials)[0].model_sha256, hash);
  EXPECT_EQ((*trials)[0].file, one);
  EXPECT_EQ(make_trials({.recipes = {one, two}}).error().what, "two recipes of one name");
}

}  // namespace
}  // namespace posittune::session
