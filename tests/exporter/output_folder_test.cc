#include "posittune/exporter/output_folder.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace posittune::exporter {
namespace {

TEST(OutputFolder, AppearsWhole) {
  const TemporaryFolder place;
  {
    auto output = OutputFolder::create(place.file("out/"));
    ASSERT_TRUE(output.ok()) << output.error().message();
    write_bytes(output->file("a"), "text");
    ASSERT_TRUE(output->copy(output->file("a"), "b").ok());
    EXPECT_NE(place.entries(), std::vector<std::string>{"out"});
    OutputFolder moved = std::move(*output);
    ASSERT_TRUE(moved.commit().ok());
  }
  EXPECT_EQ(place.entries(), std::vector<std::string>{"out"});
  EXPECT_EQ(read_bytes(place.file("out/b")), "text");
}

TEST(OutputFolder, LeavesNothingBehind) {
  const TemporaryFolder place;
  {
    auto output = OutputFolder::create(place.file("out"));
    write_bytes(output->file("a"), "text");
    EXPECT_FALSE(output->copy(place.file("none"), "b").ok());
  }
  EXPECT_TRUE(place.entries().empty());
  write_bytes(place.file("file"), "");
  EXPECT_EQ(OutputFolder::create(place.file("file")).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(OutputFolder::create(place.file("file/out")).error().kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace posittune::exporter
