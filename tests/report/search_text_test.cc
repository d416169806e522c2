// Invented mixes as tables.

#include "posittune/report/search_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posittune::report {
namespace {

using records::SearchResult;
using records::SearchRow;

SearchRow row(const std::string& method, const std::string& budget) {
  SearchRow made;
  made.method = method;
  made.budget = budget;
  made.bits_per_weight = 4.5;
  made.bytes = 1.5e6;
  made.activation_bits = 32;
  made.energy = 2e6;
  made.predicted_loss = 0.25;
  made.search_loss = {0.2, 0.1, 0.3};
  return made;
}

SearchResult result(std::vector<SearchRow> rows) {
  SearchResult made;
  made.model.path = "m.onnx";
  made.scored = {"logits", "classify", "logits", "the last operator", "kl", "nats/item"};
  made.rows = std::move(rows);
  return made;
}

TEST(SearchText, ColumnsThatSomeRowNeeds) {
  EXPECT_EQ(search_text(result({row("search", "bits 4.5")}), 2),
            "m.onnx\n"
            "scored: output 'logits' as logits (the last operator), task classify\n"
            "method  budget    bits/weight    size  energy  sum of scores  KL on search      gap\n"
            "search  bits 4.5        4.500  1.5 MB    2 uJ           0.25           0.2  optimal\n"
            "\n"
            "all         2.0 s\n");
  auto both = row("search", "mac-bits 24, area 0.5x");
  both.activation_bits = 6;
  both.optimality_gap = std::nan("");
  const std::string text = search_text(result({both}), 2);
  for (const char* part : {"bits/input", "bits x bits/MAC", "um2/MAC", "6.00", " -\n"})
    EXPECT_NE(text.find(part), text.npos) << part;
}

TEST(SearchText, MetricsBesideFp32) {
  auto measured = row("search", "");
  measured.metrics["kl"] = {.value = {0.5, 0.25, 1}, .delta = {{0.5, 0.25, 1}}, .rank = 0};
  measured.metrics["accuracy"] = {
      .value = {0.75, 0.5, 1}, .delta = {{-0.25, -0.5, 0}}, .noise = true, .rank = 1};
  const std::string text = search_text(result({measured, row("random", "")}), 2);
  EXPECT_NE(text.find("KL on report"), text.npos) << text;
  EXPECT_NE(text.find("0.5 [0.25, 1]"), text.npos) << text;
  EXPECT_NE(text.find("0.75 (-25.00 %) noise"), text.npos) << text;
}

// A change of what FP32 has none of is no part of it.
TEST(SearchText, ChangesFromNothing) {
  auto measured = row("search", "");
  measured.metrics["cer"] = {.value = {0.25, 0, 1}, .delta = {{0.25, 0, 1}}};
  EXPECT_NE(search_text(result({measured}), 2).find("0.25 (+25.00 %)"), std::string::npos);
}

TEST(SearchText, WhatIsNotFiniteIsMarked) {
  auto broken = row("search", "");
  broken.nonfinite = 2;
  const std::string text = search_text(result({broken, row("random", "")}), 2);
  EXPECT_NE(text.find("! 2\n"), text.npos) << text;
  EXPECT_NE(text.find("the row is of no use"), text.npos);
}

TEST(SearchText, ChangesThatWereTried) {
  auto refined = result({row("search", "")});
  refined.refinement = {{"a.w: int4 -> int5", -0.01, -0.02, -0.03, -0.01, "better"}};
  refined.costs = {{"gain", 1.5, 2.25, 26}};
  const std::string text = search_text(refined, 2);
  EXPECT_NE(text.find("a.w: int4 -> int5      -0.01  -0.02 [-0.03, -0.01]  better\n"), text.npos)
      << text;
  EXPECT_NE(text.find("26 runs\nall         2.0 s\n"), text.npos) << text;
}

}  // namespace
}  // namespace posittune::report
