#include "posittune/cli/common_options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace posittune::cli {
namespace {

TEST(CommonOptions, ListsKeepTheCommasOfFormats) {
  CLI::App app;
  std::vector<std::string> formats, scales;
  declare_formats(app, formats, "number formats", "", true, "");
  declare_scales(app, scales, "", "");
  app.parse("--formats posit<8,1>;int8 --formats posit<6,*> --scale mse,absmax");
  EXPECT_EQ(formats, (std::vector<std::string>{"posit<8,1>", "int8", "posit<6,*>"}));
  EXPECT_EQ(scales, (std::vector<std::string>{"mse", "absmax"}));
}

TEST(CommonOptions, SelectionOfLayers) {
  CLI::App app;
  model::Selection selection;
  declare_selection(app, selection);
  app.parse("--include a --exclude b,c --include d --attention");
  EXPECT_EQ(selection.include, (std::vector<std::string>{"a", "d"}));
  EXPECT_EQ(selection.exclude, (std::vector<std::string>{"b,c"}));  // a comma is part of it
  EXPECT_TRUE(selection.attention);
}

TEST(CommonOptions, OnlyWhatACommandMeasuresBy) {
  CLI::App app;
  session::Measuring measuring;
  declare_measuring(app, measuring, session::kSensitivityJob, "");
  app.parse("--batch 4 --cache-limit 512MiB --seed 7 --reference int5");
  EXPECT_EQ(measuring.batch, 4U);
  EXPECT_EQ(measuring.cache_limit, 512U << 20);
  EXPECT_EQ(measuring.seed, 7U);
  EXPECT_EQ(measuring.reference, "int5");
  EXPECT_EQ(app.get_option_no_throw("--resamples"), nullptr);
  EXPECT_THROW(app.parse("--segments 0"), CLI::ParseError);
  CLI::App compare;
  declare_measuring(compare, measuring, session::kCompareJob, "");
  EXPECT_EQ(compare.get_option_no_throw("--segments"), nullptr);
  EXPECT_EQ(compare.get_option_no_throw("--reference"), nullptr);
}

TEST(CommonOptions, WhatIsRounded) {
  CLI::App several, one;
  std::vector<std::string> list;
  std::string word = "w";
  declare_what(several, list, "w,a,wa", "w", "");
  declare_what(one, word, "w,wa", "");
  several.parse("--what w,a --what wa");
  EXPECT_EQ(list, (std::vector<std::string>{"w", "a", "wa"}));
  one.parse("--what wa");
  EXPECT_EQ(word, "wa");
  EXPECT_NE(several.get_option("--what")->get_description().find("a: inputs of layers;"),
            std::string::npos);
  EXPECT_EQ(one.get_option("--what")->get_description().find("a: inputs of layers;"),
            std::string::npos);
}

TEST(CommonOptions, TableOfUnits) {
  std::string table;
  session::TableChoice choice;
  CLI::App app;
  declare_table(app, table, choice, "");
  app.parse("--table rtl --accumulator quire --pipeline 2 --memory-pj-per-bit 3.5");
  EXPECT_EQ(table, "rtl");
  EXPECT_EQ(choice.accumulator, "quire");
  EXPECT_EQ(choice.pipeline, "2");
  EXPECT_EQ(choice.memory_pj_per_bit, 3.5);
  EXPECT_FALSE(choice.activation_pj_per_bit);
  for (const char* wrong : {"nan", "-1", "much"})
    EXPECT_THROW(app.parse(std::string("--activation-pj-per-bit ") + wrong), CLI::ParseError);
}

TEST(CommonOptions, ThreadsAndJson) {
  CLI::App app;
  int threads = 0;
  bool json = false;
  declare_threads(app, threads);
  declare_json(app, json);
  app.parse("--threads 3 --json");
  EXPECT_EQ(threads, 3);
  EXPECT_TRUE(json);
  EXPECT_THROW(app.parse("--threads -1"), CLI::ParseError);
}

TEST(CommonOptions, WordsOfSettings) {
  CLI::App app;
  session::SettingsText text;
  declare_settings(app, text, "");
  app.parse("--granularity group:64 --rounding compensated");
  EXPECT_EQ(text.granularity, "group:64");
  EXPECT_EQ(text.rounding, "compensated");
  EXPECT_EQ(text.activation_scale, "static");
}

}  // namespace
}  // namespace posittune::cli
