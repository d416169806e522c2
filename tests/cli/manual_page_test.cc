#include "posittune/cli/manual_page.h"

#include <gtest/gtest.h>

#include <sstream>

namespace posittune::cli {
namespace {

std::string page_of(const OptionText& option) {
  CommandText make{.name = "make", .summary = "makes it", .footer = "below", .options = {option}};
  CommandText program{.name = "tool", .summary = "Tool: what it is", .footer = "below"};
  program.commands = {make};
  return manual_page(program, "1.2", {{.name = "PLACE", .help = "Where."}});
}

TEST(ManualPage, Sections) {
  const std::string page = page_of({.flags = {"--json"}, .help = "as JSON"});
  EXPECT_EQ(page.find(".TH TOOL 1 \"\" \"tool 1.2\"\n"), 0U);
  for (const char* section : {".SH NAME\ntool \\- what it is\n", ".SH SYNOPSIS\n\\fBtool make\\fR",
                              ".SS tool make\n", ".TP\n\\fB\\-\\-json\\fR\nas JSON.\n",
                              ".SH EXIT STATUS\nbelow\n", ".TP\n\\fBPLACE\\fR\nWhere.\n"})
    EXPECT_NE(page.find(section), std::string::npos) << section << "\nin\n" << page;
  // Commands without a footer of their own have the program's, which is shown once.
  EXPECT_EQ(page.find("below"), page.rfind("below"));
}

TEST(ManualPage, WhatHelpDoesNotSay) {
  const std::string page =
      page_of({.flags = {"-o", "--out"},
               .value = {.name = "TEXT", .words = {"a", "b"}, .complete = true},
               .help = "which",
               .usual = "a",
               .variable = "OUT",
               .required = true});
  EXPECT_NE(page.find("\\fB\\-o\\fR, \\fB\\-\\-out\\fR \\fITEXT\\fR\nwhich.\nRequired.\nOne of: a, "
                      "b.\nDefault: a.\nThe environment variable OUT too.\n"),
            std::string::npos)
      << page;
}

TEST(ManualPage, GroupsOfHelp) {
  CommandText make{.name = "make"};
  for (const char* group : {"Data", "Options", "OPTIONS", "Data"})
    make.options.push_back(
        {.flags = {"--x" + std::to_string(make.options.size())}, .group = group});
  CommandText program{.name = "tool"};
  program.commands = {make};
  const std::string page = manual_page(program, "1", {});
  EXPECT_NE(page.find(".TP\n\\fB\\-\\-x1\\fR\n.TP\n\\fB\\-\\-x2\\fR\n.PP\nData:\n.TP\n\\fB\\-\\-"
                      "x0\\fR\n.TP\n\\fB\\-\\-x3\\fR\n"),
            std::string::npos)
      << page;
}

TEST(ManualPage, NoTextIsARequestOrTooLong) {
  std::string words;
  for (int i = 0; i < 40; ++i) words += ".npy 'x' \\ -- ";
  std::istringstream lines(page_of({.flags = {"--x"}, .help = words}));
  bool seen = false;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
    EXPECT_FALSE(line.starts_with(".npy") || line.starts_with("'")) << line;
    seen = seen || line.find("\\e \\-\\-") != line.npos;
  }
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace posittune::cli
