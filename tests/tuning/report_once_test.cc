#include "posittune/tuning/report_once.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace posittune::tuning {
namespace {

class ReportOnce : public testing::Test {
 protected:
  ReportOnce() : path_(testing::TempDir() + "report_once_" + std::to_string(::getpid()) + ".db") {
    std::filesystem::remove(path_);
  }
  ~ReportOnce() override {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
  }

  static Plan plan(const std::string& weight) {
    Plan made;
    made.recipe.weights[weight] = {.format = *formats::parse_format("int8")};
    return made;
  }

  std::string path_;
};

TEST_F(ReportOnce, TheSameRecipesMayComeAgain) {
  auto journal = records::Journal::open(path_);
  ASSERT_TRUE(journal.ok());
  EXPECT_TRUE(claim_report(*journal, {plan("a"), plan("b")}).ok());
  EXPECT_TRUE(claim_report(*journal, {plan("b"), plan("a")}).ok());
  EXPECT_TRUE(claim_report(*journal, {plan("a")}).ok());
}

// Also in a later session.
TEST_F(ReportOnce, OthersAreRefused) {
  {
    auto journal = records::Journal::open(path_);
    ASSERT_TRUE(journal.ok());
    EXPECT_TRUE(claim_report(*journal, {plan("a"), plan("b")}).ok());
  }
  auto journal = records::Journal::open(path_);
  ASSERT_TRUE(journal.ok());
  const Status refused = claim_report(*journal, {plan("a"), plan("c")});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  for (const char* field : {"`no_report`", "`runs`"})
    EXPECT_NE(refused.error().message().find(field), std::string::npos) << field;
  EXPECT_TRUE(claim_report(*journal, {plan("b")}).ok());
}

}  // namespace
}  // namespace posittune::tuning
