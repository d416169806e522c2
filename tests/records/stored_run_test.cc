// Run folders as reports read them.

#include "posittune/records/stored_run.h"

#include <gtest/gtest.h>

#include <fstream>

#include "posittune/base/hash.h"
#include "tests/base/temporary_folder.h"
#include "tests/records/examples.h"

namespace posittune::records {
namespace {

class StoredRunTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder() + "/" + name) << text;
  }
  std::string folder() const { return temporary_.file(""); }
  void write_search() {
    write("config.yaml", "command: search\ntask: classify\n");
    write("run.json",
          R"({"schema": 1, "hashes": {"model": "ab"}, "seed": 7, "sessions": [{"started": "now",
              "command_line": ["posittune", "search"], "cpu": "a cpu", "threads": 2,
              "versions": {"posittune": "0.1.0"}}, {}]})");
    write("results.json", json_text(small_search()));
  }
  void expect_refused(ErrorKind kind, const std::string& part) {
    const auto run = read_stored_run(folder());
    ASSERT_FALSE(run.ok()) << part;
    EXPECT_EQ(run.error().kind, kind);
    EXPECT_NE(run.error().message().find(part), std::string::npos) << run.error().message();
  }

  TemporaryFolder temporary_;
};

TEST_F(StoredRunTest, HasWhatIsInTheFolder) {
  write_search();
  Details details = small_details();
  details.results_sha256 = sha256_hex(json_text(small_search()));
  write("details.json", json_text(details));
  const auto run = read_stored_run(folder());
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_EQ(run->command, "search");
  EXPECT_EQ(run->seed, 7U);
  EXPECT_EQ(run->hashes.at("model"), "ab");
  ASSERT_EQ(run->sessions.size(), 2U);
  EXPECT_EQ(run->sessions[0].threads, 2U);
  EXPECT_EQ(run->sessions[1], RunSession{});
  EXPECT_EQ(std::get<SearchResult>(run->results), small_search());
  EXPECT_EQ(run->model(), small_search().model);
  EXPECT_EQ(run->details, details);
}

TEST_F(StoredRunTest, EachCommandHasItsResults) {
  write_search();
  write("config.yaml", "command: compare\n");
  write("results.json", json_text(small_comparison()));
  auto run = read_stored_run(folder());
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_EQ(std::get<Comparison>(run->results), small_comparison());
  write("config.yaml", "command: sensitivity\n");
  write("results.json", json_text(small_sensitivity()));
  run = read_stored_run(folder());
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_EQ(std::get<Sensitivity>(run->results), small_sensitivity());
}

TEST_F(StoredRunTest, SaysWhyThereAreNoDetails) {
  write_search();
  auto run = read_stored_run(folder());
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_FALSE(run->details);
  EXPECT_NE(run->details_missing.find("no details.json"), std::string::npos);
  write("details.json", json_text(small_details()));
  run = read_stored_run(folder());
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_FALSE(run->details);
  EXPECT_NE(run->details_missing.find("other results"), std::string::npos);
}

TEST_F(StoredRunTest, WhatIsNoRunWithResults) {
  EXPECT_EQ(read_stored_run(folder() + "/none").error().kind, ErrorKind::kInput);
  expect_refused(ErrorKind::kInput, "no run.json");
  write("run.json", "{}");
  expect_refused(ErrorKind::kInput, "did not end");
}

TEST_F(StoredRunTest, DamagedAndNewerFiles) {
  write_search();
  write("results.json", "{\"model\": 3}");
  expect_refused(ErrorKind::kInput, "results.json: /model");
  write("results.json", "not JSON");
  expect_refused(ErrorKind::kInput, "results.json");
  write_search();
  write("details.json", "{}");
  expect_refused(ErrorKind::kInput, "details.json");
  write("config.yaml", "command: dance\n");
  expect_refused(ErrorKind::kInput, "dance");
  write("run.json", "{\"schema\": 2}");
  expect_refused(ErrorKind::kUnsupported, "schema 2");
}

}  // namespace
}  // namespace posittune::records
