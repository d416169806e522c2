#include "posittune/base/nearest.h"

#include <gtest/gtest.h>

namespace posittune {
namespace {

TEST(Nearest, EditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2u);
}

TEST(Nearest, PartsThenDistance) {
  const std::vector<std::string> names = {"h.0.mlp.c_fc/Gemm", "h.0.attn/Gemm", "h.1.mlp.c_fc/Gemm",
                                          "logits"};
  EXPECT_EQ(nearest("c_fc", names, 2), (std::vector<std::string>{names[0], names[2]}));
  EXPECT_EQ(nearest("logit", names, 1), (std::vector<std::string>{"logits"}));
  EXPECT_EQ(nearest("lgoits", names, 1), (std::vector<std::string>{"logits"}));
  EXPECT_EQ(nearest("h.1.mpl.c_fc/Gemm", names, 1), (std::vector<std::string>{names[2]}));
  EXPECT_EQ(nearest("x", {}, 3), std::vector<std::string>{});
  EXPECT_EQ(nearest(std::string(100'000, 'x'), names, 9).size(), 4u);
  EXPECT_EQ(joined({"a", "b"}), "a, b");
}

}  // namespace
}  // namespace posittune
