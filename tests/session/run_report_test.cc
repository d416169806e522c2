#include "posittune/session/run_report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "posittune/base/files.h"
#include "tests/base/temporary_folder.h"

namespace posittune::session {
namespace {

class RunReportTest : public testing::Test {
 protected:
  void SetUp() override {
    write("config.yaml", "command: search\n");
    write("run.json", R"({"schema": 1, "hashes": {}, "seed": 1, "sessions": []})");
    write("results.json",
          R"({"model": {"path": "m.onnx", "sha256": "ab"},
              "scored": {"output": "o", "task": "classify", "scores": "", "reason": "", "loss": "kl", "unit": ""},
              "data": {}, "costs": [], "refinement": [], "rows": []})");
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder() + "/" + name) << text;
  }
  std::string folder() const { return temporary_.file(""); }

  TemporaryFolder temporary_;
};

TEST_F(RunReportTest, EachFormatOfAnEmptyRun) {
  for (const ReportFormatEntry& entry : report_formats()) {
    EXPECT_EQ(*parse_report_format(entry.name), entry.format);
    const auto text = report_text({folder()}, entry.format);
    ASSERT_TRUE(text.ok()) << entry.name << ": " << text.error().message();
    const bool rows_only = entry.format == ReportFormat::kJsonLines;
    EXPECT_EQ(text->empty(), rows_only) << entry.name;
  }
}

TEST_F(RunReportTest, GoesIntoTheRunFolder) {
  const auto path = write_report(folder());
  ASSERT_TRUE(path.ok()) << path.error().message();
  EXPECT_EQ(*path, folder() + "/report.html");
  EXPECT_EQ(*read_file(*path), *report_text({folder()}, ReportFormat::kHtml));
}

TEST_F(RunReportTest, WhatCannotBe) {
  EXPECT_EQ(report_text({}, ReportFormat::kHtml).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(report_text({folder(), folder()}, ReportFormat::kCard).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(report_text({folder() + "/none"}, ReportFormat::kHtml).error().kind, ErrorKind::kInput);
  const auto unknown = parse_report_format("pdf");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  EXPECT_NE(unknown.error().message().find("jsonl"), std::string::npos);
}

}  // namespace
}  // namespace posittune::session
