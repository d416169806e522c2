#include "posittune/quant/recipe.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace posittune::quant {
namespace {

formats::Format format(const char* name) { return formats::parse_format(name).value(); }

// Names that YAML would read as something else, or that need escapes.
std::vector<std::string> odd_names() {
  return {"transformer.h.0/Gemm",
          "",
          " ",
          " a ",
          "a: b",
          "a #b",
          "- a",
          "? a",
          "\"quoted\"",
          "it's",
          "'",
          "a\nb",
          "a\r\nb\t",
          "\n",
          "~",
          "null",
          "true",
          "No",
          "123",
          "0x1F",
          "1e5",
          ".inf",
          "<<",
          "=",
          "*alias",
          "&anchor",
          "!tag",
          "%directive",
          "@at",
          "`tick",
          "{a: b}",
          "[a]",
          "a,b",
          "--- doc",
          "...",
          "|",
          ">",
          "\xc3\xa9t\xc3\xa9",
          "\xe5\xb1\x82",
          "\xf0\x9f\x98\x80",
          "\xef\xbb\xbf",
          "\xe2\x80\xa8",
          "\xc2\x85",
          "back\\slash",
          "\\n",
          std::string("nul\0here", 8),
          "\x01\x7f",
          std::string(127, 'x'),
          std::string(5000, 'x'),
          std::string(2000, '\n'),
          "a b c " + std::string(1500, ':')};
}

Recipe random_recipe(std::mt19937& random) {
  const auto names = odd_names();
  const std::vector<formats::Format> formats = formats::known_formats();
  const auto pick = [&](const auto& list) { return list[random() % list.size()]; };
  const auto rule = [&] { return static_cast<ScaleRule>(random() % 6); };
  Recipe recipe;
  recipe.accumulate = random() % 2 == 0 ? Accumulate::kQuire : Accumulate::kFp32;
  for (std::size_t i = random() % 8; i > 0; --i) {
    WeightSetting setting{.format = pick(formats),
                          .rule = rule(),
                          .granularity = static_cast<Granularity>(random() % 3)};
    if (setting.granularity == Granularity::kGroup) setting.group = 1 + random() % 1000;
    setting.input_weighted = random() % 2 == 0;
    setting.bias_correction = random() % 2 == 0;
    setting.rounding = static_cast<Rounding>(random() % 2);
    for (std::size_t j = random() % 4; j > 0; --j) setting.alternatives.push_back(pick(formats));
    for (std::size_t j = random() % 5; j > 0; --j) {
      // Any numbers: that they fit is for parts() to say.
      const std::size_t shift = random() % 64;
      setting.windows.push_back({~std::size_t{0} >> shift, random() % 1000, pick(formats), rule()});
      for (std::size_t k = random() % 3; k > 0; --k)
        setting.windows.back().alternatives.push_back(pick(formats));
    }
    recipe.weights[pick(names)] = setting;
  }
  for (std::size_t i = random() % 8; i > 0; --i) {
    recipe.activations[pick(names)] = {pick(formats), rule(),
                                       static_cast<ActivationScale>(random() % 3)};
  }
  return recipe;
}

void expect_round_trip(const Recipe& recipe) {
  const std::string text = to_yaml(recipe);
  const auto back = recipe_from_yaml(text, "test");
  ASSERT_TRUE(back.ok()) << back.error().message() << "\n" << text.substr(0, 3000);
  EXPECT_EQ(*back, recipe) << text.substr(0, 3000);
  EXPECT_EQ(to_yaml(*back), text);
}

TEST(Recipe, EveryOddNameComesBack) {
  for (const std::string& name : odd_names()) {
    SCOPED_TRACE(testing::PrintToString(name.substr(0, 40)));
    Recipe recipe;
    recipe.weights[name] = {.format = format("posit<8,1>")};
    recipe.activations[name] = {.format = format("int8")};
    expect_round_trip(recipe);
  }
}

TEST(Recipe, RandomRecipesComeBack) {
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) expect_round_trip(random_recipe(random));
  expect_round_trip({});
}

TEST(Recipe, TextIsSortedAndReadable) {
  Recipe recipe;
  recipe.weights["b"] = {.format = format("posit<8,1>"),
                         .rule = ScaleRule::kMse,
                         .granularity = Granularity::kGroup,
                         .group = 32};
  recipe.weights["a"] = {.format = format("int8"), .input_weighted = true};
  recipe.activations["l"] = {.format = format("mxfp8"), .scale = ActivationScale::kToken};
  EXPECT_EQ(to_yaml(recipe),
            "version: 1\n"
            "accumulate: fp32\n"
            "weights:\n"
            "  a: {format: int8, scale: rms_pow2, granularity: tensor, "
            "input_weighted: true}\n"
            "  b: {format: \"posit<8,1>\", scale: mse, granularity: group:32}\n"
            "activations:\n"
            "  l: {format: mxfp8, scale: rms_pow2, chosen: token}\n");
}

TEST(Recipe, WhatMayBeLeftOut) {
  const auto recipe = recipe_from_yaml("weights: {w: {format: p8e1}}\nactivations:\n", "test");
  ASSERT_TRUE(recipe.ok()) << recipe.error().message();
  EXPECT_EQ(recipe->weights.at("w"), (WeightSetting{.format = format("posit<8,1>")}));
  EXPECT_TRUE(recipe->activations.empty());
  EXPECT_EQ(recipe->accumulate, Accumulate::kFp32);
}

struct Bad {
  const char* text;
  ErrorKind kind;
  const char* part;  // of the message
};

TEST(Recipe, ErrorsNameTheTextAndThePlace) {
  for (const Bad& bad :
       {Bad{"", ErrorKind::kInput, "not a map"},
        Bad{"[1, 2]", ErrorKind::kInput, "not a map"},
        Bad{"just words", ErrorKind::kInput, "not a map"},
        Bad{"{a: b", ErrorKind::kInput, "recipe.yaml"},
        Bad{"\t: x: [", ErrorKind::kInput, "recipe.yaml"},
        Bad{"weight: {}", ErrorKind::kInput, "unknown key 'weight'"},
        Bad{"version: 2", ErrorKind::kInput, "version 2"},
        Bad{"version: one", ErrorKind::kInput, "recipe.yaml"},
        Bad{"weights: 5", ErrorKind::kInput, "weights"},
        Bad{"weights: [a, b]", ErrorKind::kInput, "weights"},
        Bad{"activations: none", ErrorKind::kInput, "activations"},
        Bad{"weights: {w: int8}", ErrorKind::kInput, "weight 'w'"},
        Bad{"weights: {w: {format: int8, bits: 8}}", ErrorKind::kInput, "unknown key 'bits'"},
        Bad{"weights: {w: {format: [int8]}}", ErrorKind::kInput, "recipe.yaml"},
        Bad{"weights: {w: {format: int8, input_weighted: perhaps}}", ErrorKind::kInput,
            "recipe.yaml"},
        Bad{"weights: {w: {}}", ErrorKind::kUsage, "weight 'w'"},
        Bad{"weights: {w: {format: p8e9}}", ErrorKind::kUsage, "weight 'w'"},
        Bad{"weights: {w: {format: int8, scale: best}}", ErrorKind::kUsage, "weight 'w'"},
        Bad{"weights: {w: {format: int8, granularity: row}}", ErrorKind::kUsage, "weight 'w'"},
        Bad{"activations: {l: {format: int8, chosen: luck}}", ErrorKind::kUsage, "activation 'l'"},
        Bad{"activations: {l: {format: int8, granularity: tensor}}", ErrorKind::kInput,
            "unknown key 'granularity'"},
        Bad{"weights: {w: {format: int8, windows: 5}}", ErrorKind::kInput, "windows"},
        Bad{"weights: {w: {format: int8, windows: {first: 0, count: 1, format: int4}}}",
            ErrorKind::kInput, "windows"},
        Bad{"weights: {w: {format: int8, windows: }}", ErrorKind::kInput, "windows"},
        Bad{"weights: {w: {format: int8, windows: [5]}}", ErrorKind::kInput, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [[0, 1, int4]]}}", ErrorKind::kInput, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0, count: 1, format: int4}, {}]}}",
            ErrorKind::kUsage, "window 1"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0, count: 1}]}}", ErrorKind::kUsage,
            "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0, count: 1, format: int1}]}}",
            ErrorKind::kUsage, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0, count: 1, format: int4, scale: "
            "best}]}}",
            ErrorKind::kUsage, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0, count: 1, format: int4, bits: 4}]}}",
            ErrorKind::kInput, "unknown key 'bits'"},
        Bad{"weights: {w: {format: int8, windows: [{count: 1, format: int4}]}}", ErrorKind::kInput,
            "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: 1, format: int4}]}}", ErrorKind::kInput,
            "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: -1, count: 1, format: int4}]}}",
            ErrorKind::kInput, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0, count: -2, format: int4}]}}",
            ErrorKind::kInput, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: 99999999999999999999, count: 1, format: "
            "int4}]}}",
            ErrorKind::kInput, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0.5, count: 1, format: int4}]}}",
            ErrorKind::kInput, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: zero, count: 1, format: int4}]}}",
            ErrorKind::kInput, "window 0"},
        Bad{"weights: {w: {format: int8, windows: [{first: [0], count: 1, format: int4}]}}",
            ErrorKind::kInput, "window 0"},
        Bad{"weights: {w: {format: int8, rounding: up}}", ErrorKind::kUsage,
            "nearest, compensated"},
        Bad{"weights: {w: {format: int8, rounding: [compensated]}}", ErrorKind::kInput,
            "recipe.yaml"},
        Bad{"weights: {w: {format: int8, bias_correction: maybe}}", ErrorKind::kInput,
            "recipe.yaml"},
        Bad{"weights: {w: {format: int8, alternatives: int4}}", ErrorKind::kInput, "alternatives"},
        Bad{"weights: {w: {format: int8, alternatives: [int1]}}", ErrorKind::kUsage,
            "weight 'w', alternatives"},
        Bad{"weights: {w: {format: int8, alternatives: [[int4]]}}", ErrorKind::kInput,
            "recipe.yaml"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0, count: 1, format: int4, "
            "alternatives: 4}]}}",
            ErrorKind::kInput, "window 0, alternatives"},
        Bad{"weights: {w: {format: int8, windows: [{first: 0, count: 1, format: int4, "
            "alternatives: [x]}]}}",
            ErrorKind::kUsage, "window 0, alternatives"},
        Bad{"accumulate: fp64", ErrorKind::kUsage, "fp64"}}) {
    const auto recipe = recipe_from_yaml(bad.text, "recipe.yaml");
    ASSERT_FALSE(recipe.ok()) << bad.text;
    EXPECT_EQ(recipe.error().kind, bad.kind) << bad.text << "\n" << recipe.error().message();
    EXPECT_NE(recipe.error().message().find(bad.part), std::string::npos)
        << bad.text << "\n"
        << recipe.error().message();
    EXPECT_NE(recipe.error().where.find("recipe.yaml"), std::string::npos)
        << bad.text << "\n"
        << recipe.error().message();
  }
}

TEST(Recipe, HostileTextIsAnError) {
  EXPECT_FALSE(recipe_from_yaml(std::string(200'000, '['), "test").ok());
  EXPECT_FALSE(recipe_from_yaml("&a {weights: {w: *a}}", "test").ok());
  EXPECT_FALSE(recipe_from_yaml("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "test").ok());
  EXPECT_FALSE(recipe_from_yaml(std::string("weights: {\0}", 12), "test").ok());
  EXPECT_FALSE(recipe_from_yaml("weights: {\"n\xfe\x03n\": {format: int8}}", "test").ok());
}

TEST(Recipe, GranularityText) {
  WeightSetting setting;
  ASSERT_TRUE(parse_granularity("group:48", setting).ok());
  EXPECT_EQ(setting.granularity, Granularity::kGroup);
  EXPECT_EQ(setting.group, 48u);
  ASSERT_TRUE(parse_granularity("channel", setting).ok());
  EXPECT_EQ(setting.granularity, Granularity::kChannel);
  EXPECT_EQ(setting.group, 0u);
  for (const char* text : {"", "group", "group:", "group:0", "group:-1", "group:1x", "group: 8",
                           "tensor:4", "row", "group:99999999999999999999"}) {
    const auto status = parse_granularity(text, setting);
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
    EXPECT_NE(status.error().expected.find("group:K"), std::string::npos);
  }
  EXPECT_EQ(setting.granularity, Granularity::kChannel);
}

// 10 x 100 weights; 8 bits name the format.
TEST(Recipe, StoredBitsByHand) {
  const auto bits = [](const char* of, ScaleRule rule, Granularity granularity,
                       std::size_t group = 0) {
    return stored_bits(
        {.format = format(of), .rule = rule, .granularity = granularity, .group = group}, 10, 100);
  };
  EXPECT_EQ(bits("posit<8,1>", ScaleRule::kRmsPow2, Granularity::kTensor), 8000 + 8 + 8);
  EXPECT_EQ(bits("posit<6,1>", ScaleRule::kMse, Granularity::kTensor), 6000 + 32 + 8);
  EXPECT_EQ(bits("int4", ScaleRule::kAbsmax, Granularity::kChannel), 4000 + 10 * 32 + 8);
  EXPECT_EQ(bits("int4", ScaleRule::kMsePow2, Granularity::kGroup, 32), 4000 + 10 * 4 * 8 + 8);
  EXPECT_EQ(bits("int4", ScaleRule::kMse, Granularity::kGroup, 50), 4000 + 10 * 2 * 32 + 8);
  EXPECT_EQ(bits("fp16", ScaleRule::kNone, Granularity::kChannel), 16000 + 8);
  EXPECT_EQ(bits("mxfp8", ScaleRule::kNone, Granularity::kTensor), 8000 + 10 * 4 * 8 + 8);
  EXPECT_EQ(bits("mxfp4", ScaleRule::kMeanPow2, Granularity::kTensor), 4000 + 8 + 10 * 4 * 8 + 8);
}

WeightSetting with_alternatives(const char* first, const std::vector<const char*>& others) {
  WeightSetting setting{
      .format = format(first), .rule = ScaleRule::kMsePow2, .granularity = Granularity::kChannel};
  for (const char* other : others) setting.alternatives.push_back(format(other));
  return setting;
}

TEST(Recipe, TextOfRounding) {
  Recipe recipe;
  recipe.weights["w"] = with_alternatives("posit<6,0>", {"posit<6,1>", "int6"});
  recipe.weights["w"].rounding = Rounding::kCompensated;
  recipe.weights["w"].bias_correction = true;
  recipe.weights["w"].windows = {{0, 1, format("int4"), ScaleRule::kMse, {format("posit<4,1>")}}};
  EXPECT_EQ(
      to_yaml(recipe),
      "version: 1\n"
      "accumulate: fp32\n"
      "weights:\n"
      "  w: {format: \"posit<6,0>\", alternatives: [\"posit<6,1>\", int6], scale: mse_pow2, "
      "granularity: channel, "
      "rounding: compensated, bias_correction: true, windows: [{first: 0, count: 1, format: int4, "
      "alternatives: [\"posit<4,1>\"], scale: mse}]}\n"
      "activations: {}\n");
  expect_round_trip(recipe);
}

TEST(Recipe, StoredBitsOfRowsThatChoose) {
  // 10 x 100 codes of 6 bits, 10 scales of 8, a tag for each row, and the names.
  EXPECT_EQ(stored_bits(with_alternatives("posit<6,0>", {}), 10, 100), 6000 + 80 + 8);
  EXPECT_EQ(stored_bits(with_alternatives("posit<6,0>", {"int6"}), 10, 100),
            6000 + 80 + 10 + 2 * 8);
  EXPECT_EQ(stored_bits(with_alternatives("posit<6,0>", {"posit<6,1>", "posit<6,2>"}), 10, 100),
            6000 + 80 + 20 + 3 * 8);
  EXPECT_EQ(
      stored_bits(with_alternatives("posit<6,0>", {"posit<6,1>", "posit<6,2>", "int6"}), 10, 100),
      6000 + 80 + 20 + 4 * 8);
  EXPECT_EQ(
      stored_bits(with_alternatives("posit<6,0>", {"posit<6,1>", "posit<6,2>", "int6", "fp6_e2m3"}),
                  10, 100),
      6000 + 80 + 30 + 5 * 8);
  // A window has its own.
  WeightSetting setting = with_alternatives("posit<6,0>", {"int6"});
  setting.windows = {{2, 3, format("int4"), ScaleRule::kMse}};
  EXPECT_EQ(stored_bits(setting, 10, 100), 7 * (600 + 8 + 1) + 2 * 16 + 3 * (400 + 32) + 8);
  // Rounding stores nothing.
  setting.rounding = Rounding::kCompensated;
  setting.bias_correction = true;
  EXPECT_EQ(stored_bits(setting, 10, 100), 7 * (600 + 8 + 1) + 2 * 16 + 3 * (400 + 32) + 8);
}

TEST(Recipe, PartsHaveTheirAlternatives) {
  WeightSetting setting = with_alternatives("posit<6,0>", {"int6"});
  const RowWindow window = {2, 3, format("int4"), ScaleRule::kMse, {format("posit<4,1>")}};
  setting.windows = {window};
  const auto split = parts(setting, 10);
  ASSERT_TRUE(split.ok()) << split.error().message();
  ASSERT_EQ(split->size(), 3u);
  EXPECT_EQ((*split)[0].alternatives, setting.alternatives);
  EXPECT_EQ((*split)[1], window);
  EXPECT_EQ((*split)[2].alternatives, setting.alternatives);
}

TEST(Recipe, AlternativesThatRowsCannotChooseAmong) {
  struct Case {
    WeightSetting setting;
    const char* part;
  };
  std::vector<Case> cases = {
      {with_alternatives("posit<6,0>", {"posit<8,0>"}), "6 bits, as posit<6,0>"},
      {with_alternatives("int8", {"posit<8,0>", "int8"}), "twice"},
      {with_alternatives("int8", {"mxint8"}), "mxint8"},
      {with_alternatives("mxint8", {"int8"}), "mxint8"}};
  for (const Granularity granularity : {Granularity::kTensor, Granularity::kGroup}) {
    cases.push_back({with_alternatives("posit<6,0>", {"posit<6,1>"}), "granularity channel"});
    cases.back().setting.granularity = granularity;
    cases.back().setting.group = 8;
    cases.push_back({{.format = format("int8"), .granularity = granularity, .group = 8},
                     "granularity channel"});
    cases.back().setting.windows = {
        {1, 2, format("int4"), ScaleRule::kMse, {format("posit<4,1>")}}};
  }
  cases.push_back({with_alternatives("int8", {}), "4 bits"});
  cases.back().setting.windows = {{1, 2, format("int4"), ScaleRule::kMse, {format("posit<8,1>")}}};
  for (const Case& each : cases) {
    const auto split = parts(each.setting, 10);
    ASSERT_FALSE(split.ok()) << each.part;
    EXPECT_EQ(split.error().kind, ErrorKind::kUsage);
    EXPECT_NE(split.error().message().find(each.part), std::string::npos)
        << split.error().message();
    EXPECT_GE(stored_bits(each.setting, 10, 100), 6000);
  }
}

TEST(Recipe, RoundingByName) {
  EXPECT_EQ(parse_rounding("nearest").value(), Rounding::kNearest);
  EXPECT_EQ(parse_rounding("compensated").value(), Rounding::kCompensated);
  EXPECT_EQ(parse_rounding("Nearest").error().kind, ErrorKind::kUsage);
  EXPECT_NE(parse_rounding("").error().message().find("compensated"), std::string::npos);
}

WeightSetting with_windows(std::vector<RowWindow> windows) {
  return {.format = format("posit<8,1>"), .rule = ScaleRule::kMse, .windows = std::move(windows)};
}

TEST(RowWindows, TextOfThem) {
  Recipe recipe;
  recipe.weights["w"] = with_windows(
      {{0, 2, format("int4"), ScaleRule::kNone}, {7, 1, format("posit<16,1>"), ScaleRule::kMse}});
  EXPECT_EQ(to_yaml(recipe),
            "version: 1\n"
            "accumulate: fp32\n"
            "weights:\n"
            "  w: {format: \"posit<8,1>\", scale: mse, granularity: tensor, windows: "
            "[{first: 0, count: 2, format: int4, scale: none}, {first: 7, count: 1, format: "
            "\"posit<16,1>\", scale: mse}]}\n"
            "activations: {}\n");
  expect_round_trip(recipe);
  const auto shorter = recipe_from_yaml(
      "weights: {w: {format: p8e1, windows: [{first: 3, count: 2, format: int4}]}}", "test");
  ASSERT_TRUE(shorter.ok()) << shorter.error().message();
  EXPECT_EQ(shorter->weights.at("w").windows,
            (std::vector<RowWindow>{{3, 2, format("int4"), ScaleRule::kRmsPow2}}));
  const auto none = recipe_from_yaml("weights: {w: {format: p8e1, windows: []}}", "test");
  ASSERT_TRUE(none.ok()) << none.error().message();
  EXPECT_EQ(none->weights.at("w"), (WeightSetting{.format = format("posit<8,1>")}));
}

// As many as a weight has channels.
TEST(RowWindows, ThousandsComeBack) {
  Recipe recipe;
  recipe.weights["w"] = with_windows({});
  for (std::size_t i = 0; i < 4000; ++i)
    recipe.weights["w"].windows.push_back({2 * i, 1, format("int4"), ScaleRule::kMse});
  expect_round_trip(recipe);
}

TEST(RowWindows, PartsCoverEveryRowOnce) {
  const formats::Format base = format("posit<8,1>"), int4 = format("int4"), int6 = format("int6");
  const auto rest = [&](std::size_t first, std::size_t count) {
    return RowWindow{first, count, base, ScaleRule::kMse};
  };
  const auto of = [&](std::vector<RowWindow> windows) {
    return parts(with_windows(std::move(windows)), 10).value();
  };
  using Parts = std::vector<RowWindow>;
  EXPECT_EQ(of({}), Parts{rest(0, 10)});
  const RowWindow middle = {3, 2, int4, ScaleRule::kNone}, next = {5, 1, int6, ScaleRule::kAbsmax},
                  start = {0, 3, int6, ScaleRule::kMse}, last = {9, 1, int4, ScaleRule::kMse},
                  all = {0, 10, int4, ScaleRule::kMse};
  EXPECT_EQ(of({middle}), (Parts{rest(0, 3), middle, rest(5, 5)}));
  EXPECT_EQ(of({middle, next}), (Parts{rest(0, 3), middle, next, rest(6, 4)}));
  EXPECT_EQ(of({start, middle, last}), (Parts{start, middle, rest(5, 4), last}));
  EXPECT_EQ(of({all}), Parts{all});
  EXPECT_TRUE(parts(with_windows({}), 0).value().empty());
}

TEST(RowWindows, ThatDoNotFit) {
  constexpr std::size_t kMost = ~std::size_t{0};
  const auto window = [](std::size_t first, std::size_t count) {
    return RowWindow{first, count, format("int4"), ScaleRule::kMse};
  };
  for (const auto& windows :
       std::vector<std::vector<RowWindow>>{{window(0, 0)},
                                           {window(3, 0)},
                                           {window(10, 1)},
                                           {window(9, 2)},
                                           {window(0, 11)},
                                           {window(0, kMost)},
                                           {window(kMost, 1)},
                                           {window(kMost, kMost)},
                                           {window(5, kMost - 2)},        // its end is 2 again
                                           {window(2, 3), window(4, 1)},  // overlap
                                           {window(2, 3), window(2, 3)},
                                           {window(5, 1), window(2, 1)},  // not ascending
                                           {window(0, 10), window(10, 1)}}) {
    const auto split = parts(with_windows(windows), 10);
    ASSERT_FALSE(split.ok()) << windows.back().first << " " << windows.back().count;
    EXPECT_EQ(split.error().kind, ErrorKind::kUsage);
    EXPECT_NE(split.error().found.find(std::to_string(windows.back().first)), std::string::npos);
    EXPECT_EQ(stored_bits(with_windows(windows), 10, 100), 8000 + 32 + 8);
  }
  EXPECT_FALSE(parts(with_windows({window(0, 1)}), 0).ok());
  // From text as well: what reads them need not know the weight.
  const auto text = recipe_from_yaml(
      "weights: {w: {format: int8, windows: [{first: 18446744073709551615, count: "
      "18446744073709551615, format: int4}]}}",
      "test");
  ASSERT_TRUE(text.ok()) << text.error().message();
  EXPECT_FALSE(parts(text->weights.at("w"), 10).ok());
}

TEST(RowWindows, PartsOfRandomWindows) {
  std::mt19937 random(3);
  for (int i = 0; i < 1000; ++i) {
    const std::size_t rows = 1 + random() % 40;
    WeightSetting setting = with_windows({});
    std::vector<int> owner(rows, -1);  // by row: which window
    for (std::size_t at = random() % 5; at < rows; at += random() % 5) {
      const std::size_t count = 1 + random() % std::min<std::size_t>(4, rows - at);
      for (std::size_t r = at; r < at + count; ++r)
        owner[r] = static_cast<int>(setting.windows.size());
      setting.windows.push_back({at, count, format("int4"), ScaleRule::kAbsmax});
      at += count;
    }
    const auto split = parts(setting, rows);
    ASSERT_TRUE(split.ok()) << split.error().message();
    std::size_t next = 0;
    for (const RowWindow& part : *split) {
      EXPECT_EQ(part.first, next);
      ASSERT_GT(part.count, 0u);
      const int own = owner.at(next);
      for (std::size_t r = part.first; r < part.first + part.count; ++r)
        EXPECT_EQ(owner.at(r), own);
      EXPECT_EQ(part.format, own < 0 ? setting.format : format("int4"));
      EXPECT_EQ(part.rule, own < 0 ? setting.rule : ScaleRule::kAbsmax);
      next += part.count;
    }
    EXPECT_EQ(next, rows);
  }
}

// 10 x 100 weights; each part has its scales and 8 bits for its format.
TEST(RowWindows, StoredBitsByHand) {
  const auto bits = [](Granularity granularity, std::size_t group, std::vector<RowWindow> windows) {
    WeightSetting setting = with_windows(std::move(windows));
    setting.granularity = granularity;
    setting.group = group;
    return stored_bits(setting, 10, 100);
  };
  const RowWindow middle = {3, 2, format("int4"), ScaleRule::kRmsPow2},
                  end = {8, 2, format("mxfp4"), ScaleRule::kNone},
                  all = {0, 10, format("int4"), ScaleRule::kMse};
  EXPECT_EQ(bits(Granularity::kTensor, 0, {middle}), 800 * 8 + 200 * 4 + 2 * (32 + 8) + (8 + 8));
  EXPECT_EQ(bits(Granularity::kChannel, 0, {middle}), 800 * 8 + 200 * 4 + 8 * 32 + 2 * 8 + 3 * 8);
  EXPECT_EQ(bits(Granularity::kGroup, 32, {middle}),
            800 * 8 + 200 * 4 + 8 * 4 * 32 + 2 * 4 * 8 + 3 * 8);
  EXPECT_EQ(bits(Granularity::kTensor, 0, {middle, end}),
            600 * 8 + 200 * 4 + 200 * 4 + 2 * 4 * 8 + 2 * (32 + 8) + (8 + 8) + 8);
  EXPECT_EQ(bits(Granularity::kTensor, 0, {all}), 1000 * 4 + 32 + 8);
  // A window in the format of the rest costs its scale and its name.
  const RowWindow same = {0, 5, format("posit<8,1>"), ScaleRule::kMse};
  EXPECT_EQ(bits(Granularity::kTensor, 0, {same}) - bits(Granularity::kTensor, 0, {}), 32 + 8);
}

}  // namespace
}  // namespace posittune::quant
