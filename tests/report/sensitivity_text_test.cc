// Invented scores as tables.

#include "posittune/report/sensitivity_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace posittune::report {
namespace {

using records::Sensitivity;
using records::SensitivityRow;

SensitivityRow row(const std::string& layer, const std::string& format, const std::string& tier,
                   double score) {
  SensitivityRow made;
  made.layer = layer;
  made.weight = layer + ".w";
  made.format = format;
  made.scale = "mse_pow2";
  made.what = "w";
  made.tier = tier;
  made.score = score;
  made.parameters = 12;
  return made;
}

Sensitivity sensitivity(std::vector<SensitivityRow> rows) {
  Sensitivity made;
  made.model.path = "m.onnx";
  made.scored = {"logits", "classify", "logits", "the last operator", "kl", "nats/item"};
  made.rows = std::move(rows);
  return made;
}

const char* const kScored =
    "scored: output 'logits' as logits (the last operator), task classify\n";

TEST(SensitivityText, LayersDownFormatsAcrossTheHighestTier) {
  EXPECT_EQ(
      sensitivity_text(sensitivity({row("a", "int8", "proxy", 1), row("a", "int4", "proxy", 2),
                                    row("b", "int8", "proxy", 3), row("a", "int8", "gain", 0.5)})),
      std::string(kScored) +
          "m.onnx  weights: KL to FP32, nats/item\n"
          "layer  weight  parameters      int8      int4\n"
          "a      a.w             12  5.00e-01  2.00e+00\n"
          "b      b.w             12  3.00e+00         -\n\n"
          "~ ended early, tight enough; * ended early, another format is surely better\n");
}

TEST(SensitivityText, ProxiesAreNoLosses) {
  EXPECT_EQ(sensitivity_text(sensitivity({row("a", "int8", "proxy", 1)})),
            std::string(kScored) +
                "m.onnx  weights: error / signal at the layer's output\n"
                "layer  weight  parameters      int8\n"
                "a      a.w             12  1.00e+00\n\n");
}

TEST(SensitivityText, ScalesAreNamedWhereTheyDiffer) {
  auto two = sensitivity({row("a", "int8", "gain", 1), row("a", "int8", "gain", 2)});
  two.rows[1].scale = "mse";
  const std::string text = sensitivity_text(two);
  EXPECT_NE(text.find("int8 mse_pow2  int8 mse\n"), text.npos) << text;
}

TEST(SensitivityText, EarlyEndsAreMarked) {
  auto early = sensitivity({row("a", "int8", "exact", 1), row("b", "int8", "exact", 2)});
  early.rows[0].stopped = "tight";
  early.rows[1].stopped = "dominated";
  const std::string text = sensitivity_text(early);
  EXPECT_NE(text.find("1.00e+00~"), text.npos);
  EXPECT_NE(text.find("2.00e+00*"), text.npos);
}

TEST(SensitivityText, WhatWasCheckedAndWhatItCost) {
  auto all = sensitivity({row("a", "int8", "gain", 1)});
  all.agreement = {{"gain", "exact", "w", 8, 0.98, std::nan(""), 1.05}};
  all.mixes = {{4.5, 0.2, 0.1, 0.05, 0.2}};
  all.upgrades = {{"score", 3, 4.25, 0.01}};
  all.costs = {{"gain", 1.5, 2.25, 26}};
  const std::string text = sensitivity_text(all);
  for (const char* part : {"gain  exact    w         8     0.980            -        1.050\n",
                           "4.500       2.00e-01  1.00e-01 [5.00e-02, 2.00e-01]      0.50\n",
                           "score                               3        4.250  1.00e-02\n",
                           "gain        1.5 s      2.2 FP32 evaluations     26 runs\n"})
    EXPECT_NE(text.find(part), text.npos) << part << text;
}

}  // namespace
}  // namespace posittune::report
