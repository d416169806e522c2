#include "posittune/session/project_folder.h"

#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

TEST(ProjectFolder, TheCurrentFolderComesFirst) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.file(""));
  const std::string file = "things/only-of-this-test.txt";
  EXPECT_FALSE(project_folder(file).has_value());
  fs::create_directories("things");
  EXPECT_FALSE(project_folder("things").has_value());  // no file
  write_bytes(file, "x");
  EXPECT_EQ(project_folder(file), fs::path("."));
  fs::current_path(before);
}

// The executable itself is a file of the folder that holds it.
TEST(ProjectFolder, ThenThoseAboveTheExecutable) {
  const fs::path self = fs::read_symlink("/proc/self/exe");
  const fs::path before = fs::current_path();
  fs::current_path("/");
  EXPECT_EQ(project_folder(self.filename()), self.parent_path());
  const fs::path from_above = self.parent_path().filename() / self.filename();
  EXPECT_EQ(project_folder(from_above), self.parent_path().parent_path());
  fs::current_path(before);
}

}  // namespace
}  // namespace posittune::session
