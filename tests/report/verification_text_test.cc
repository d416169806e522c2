#include "posittune/report/verification_text.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

TEST(VerificationText, SaysWhatRanAndHowFarApartItIs) {
  records::Verification verification;
  verification.comparison.model.path = "m.onnx";
  verification.comparison.data["report"] = {
      .path = "r.npz", .kind = "npz", .items = 4, .unit = "item", .sha256 = ""};
  records::ComparisonRow row;
  row.metrics["kl"] = {
      .value = {0.01, 0.009, 0.011}, .delta = records::Estimate{0.01, 0.009, 0.011}, .rank = 0};
  row.metrics["accuracy"] = {
      .value = {0.5, 0.4, 0.6}, .delta = records::Estimate{-0.1, -0.2, 0}, .rank = 1};
  row.nonfinite = 2;
  verification.comparison.rows = {row};
  verification.exported = "e\x1b[31m.onnx";
  verification.runtime = "openvino";
  verification.units = 3;
  verification.differences = {{"probs", 0.25, 0.001}};
  const std::string text = verification_text(verification);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("both in openvino"), std::string::npos);
  EXPECT_LT(text.find("kl"), text.find("accuracy"));  // the loss first
  EXPECT_NE(text.find("0.01 [0.009, 0.011]"), std::string::npos);
  EXPECT_NE(text.find("-0.1 [-0.2, 0]"), std::string::npos);
  EXPECT_NE(text.find("! 2 items with NaN"), std::string::npos);
  EXPECT_NE(text.find("output 'probs': RMS of the difference 0.001"), std::string::npos);
}

}  // namespace
}  // namespace posittune::report
