#include "posittune/report/scored_text.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

TEST(ScoredText, WhatAndAsWhat) {
  EXPECT_EQ(scored_text({"probs", "classify", "probabilities", "the graph ends in Softmax", "kl",
                         "nats/item"}),
            "output 'probs' as probabilities (the graph ends in Softmax), task classify");
  EXPECT_EQ(scored_text({"y", "generic", "", "", "rel_sq_error", ""}), "output 'y', task generic");
}

TEST(ScoredText, LossesByName) {
  EXPECT_EQ(loss_title({"y", "classify", "", "", "kl", ""}), "KL");
  EXPECT_EQ(loss_title({"y", "agreement", "", "", "disagreement", ""}), "1 - agreement");
  EXPECT_EQ(loss_title({"y", "generic", "", "", "rel_sq_error", ""}), "rel_sq_error");
}

}  // namespace
}  // namespace posittune::report
