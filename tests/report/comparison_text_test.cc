// Invented comparisons as tables.

#include "posittune/report/comparison_text.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

using records::ComparisonRow;
using records::MetricResult;

records::Comparison comparison(const std::string& task) {
  return {.model = {"m.onnx", "00"},
          .scored = {"logits", task, "logits", "the last operator", "kl", "nats/item"},
          .data = {{"report", {"r.npz", "npz", 8, "document", "00"}}},
          .rows = {}};
}

ComparisonRow row(const std::string& format, std::map<std::string, MetricResult> metrics) {
  ComparisonRow made;
  made.format = format;
  made.what = "w";
  made.scale = "mse_pow2";
  made.bits_per_weight = 8.03;
  made.metrics = std::move(metrics);
  // As metrics/ ranks them.
  const std::map<std::string, std::uint64_t> ranks = {
      {"kl", 0}, {"rel_sq_error", 0}, {"perplexity", 1}, {"top1_agreement", 2}};
  for (auto& [name, metric] : made.metrics) {
    if (ranks.contains(name)) metric.rank = ranks.at(name);
  }
  made.seconds = 1.25;
  return made;
}

MetricResult metric(double value) { return {.value = {value, value / 2, value * 2}, .delta = {}}; }

TEST(ComparisonText, ALineForEachRow) {
  auto of = comparison("language_model");
  MetricResult perplexity = metric(80);
  perplexity.delta = {0.5, -0.25, 1};
  of.rows = {row("int8", {{"kl", metric(0.5)}, {"perplexity", perplexity}, {"other", metric(1)}})};
  EXPECT_EQ(comparison_text(of, 4),
            "m.onnx  on r.npz (8 items, 4 documents)\n"
            "scored: output 'logits' as logits (the last operator), task language_model\n"
            "format  what  scale     bits/weight      kl [95 %]  perplexity [95 %]  to FP32 "
            "(paired)    s\n"
            "int8    w     mse_pow2        8.030  0.5 [0.25, 1]       80 [40, 160]  +0.5 [-0.25, "
            "+1]  1.2\n");
}

TEST(ComparisonText, MetricsThatTheDataDoNotHaveAreLeftOut) {
  auto of = comparison("classify");
  of.rows = {row("int8", {{"kl", metric(0.5)}, {"top1_agreement", metric(1)}})};
  const std::string text = comparison_text(of, 4);
  EXPECT_EQ(text.find("accuracy"), text.npos);
  EXPECT_NE(text.find("top1_agreement"), text.npos);
  of = comparison("generic");
  of.rows = {row("int8", {{"rel_sq_error", metric(0.5)}})};
  EXPECT_EQ(comparison_text(of, 4).find("to FP32"), text.npos);
}

TEST(ComparisonText, NoiseIsMarkedAndWhatIsNotFiniteIsNeverAGain) {
  auto of = comparison("segment");
  MetricResult noisy = metric(1);
  noisy.noise = true;
  of.rows = {row("int8", {{"kl", metric(0.5)}, {"top1_agreement", noisy}})};
  EXPECT_NE(comparison_text(of, 4).find("1.2  *\n* better than FP32"), std::string::npos);
  of.rows.front().nonfinite = 3;
  const std::string text = comparison_text(of, 4);
  EXPECT_NE(text.find("1.2  ! 3\n! documents with NaN"), text.npos) << text;
  EXPECT_EQ(text.find("* better"), text.npos);
}

TEST(ComparisonText, RoundingHasAColumnWhereSomeIsNotToNearest) {
  auto of = comparison("agreement");
  of.rows = {row("int8", {{"agreement", metric(1)}}), row("int4", {{"agreement", metric(1)}})};
  EXPECT_EQ(comparison_text(of, 4).find("nearest"), std::string::npos);
  of.rows[1].rounding = "compensated";
  const std::string text = comparison_text(of, 4);
  EXPECT_NE(text.find("mse_pow2  nearest "), text.npos) << text;
  EXPECT_NE(text.find("mse_pow2  compensated"), text.npos) << text;
}

TEST(ComparisonText, NamesCannotMoveTheCursor) {
  auto of = comparison("agreement");
  of.model.path = "m\x1b[31m.onnx";
  of.scored.output = "a\nb";
  of.rows = {row("int8", {{"agreement", metric(1)}})};
  const std::string text = comparison_text(of, 4);
  EXPECT_EQ(text.find('\x1b'), text.npos);
  EXPECT_NE(text.find("m\\x1b[31m.onnx"), text.npos);
  EXPECT_NE(text.find("'a\\x0ab'"), text.npos);
}

}  // namespace
}  // namespace posittune::report
