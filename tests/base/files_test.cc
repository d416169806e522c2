// Files that are read by position and files that appear whole or not at all.

#include "posittune/base/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace posittune {
namespace {

using Names = std::vector<std::string>;

std::string read(const InputFile& file, std::uint64_t offset, std::size_t n) {
  std::string text(n, '?');
  const Status s = file.read_at(offset, std::as_writable_bytes(std::span(text.data(), n)));
  return s ? text : "error";
}

TEST(InputFile, ReadsByPosition) {
  const TemporaryFolder folder;
  write_bytes(folder.file("a"), "0123456789");
  auto file = InputFile::open(folder.file("a"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->size(), 10u);
  EXPECT_EQ(file->path(), folder.file("a"));
  EXPECT_EQ(read(*file, 7, 3), "789");
  EXPECT_EQ(read(*file, 0, 4), "0123");
  EXPECT_EQ(read(*file, 10, 0), "");
  const InputFile moved = std::move(*file);
  EXPECT_EQ(read(moved, 4, 2), "45");
}

TEST(InputFile, EndingTooEarlyIsAnInputErrorThatSaysWhere) {
  const TemporaryFolder folder;
  write_bytes(folder.file("a"), "0123456789");
  const auto file = InputFile::open(folder.file("a"));
  std::vector<std::byte> out(4);
  for (const std::uint64_t offset : {7u, 10u, 1000u}) {
    const Status s = file->read_at(offset, out);
    ASSERT_FALSE(s.ok()) << offset;
    EXPECT_EQ(s.error().kind, ErrorKind::kInput);
    EXPECT_EQ(s.error().where, folder.file("a"));
    EXPECT_EQ(s.error().expected, std::to_string(offset + 4) + " bytes");
  }
}

TEST(InputFile, OnlyRegularFilesThatExist) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  for (const std::string& path : {folder.file("missing"), folder.file("."), folder.file("pipe")}) {
    const auto file = InputFile::open(path);  // a pipe without a writer must not hang
    ASSERT_FALSE(file.ok()) << path;
    EXPECT_EQ(file.error().kind, ErrorKind::kInput);
    EXPECT_EQ(file.error().where, path);
  }
  EXPECT_EQ(InputFile::open(folder.file("missing")).error().found, std::strerror(ENOENT));
}

TEST(ReadFile, IsTheWholeText) {
  const std::string path = testing::TempDir() + "read_file_" + std::to_string(::getpid());
  for (const std::string& text : {std::string(), std::string("a\0b\n", 4)}) {
    ASSERT_TRUE(write_file(path, text).ok());
    EXPECT_EQ(read_file(path).value(), text);
  }
  std::filesystem::resize_file(path, (std::uintmax_t{64} << 20) + 1);
  EXPECT_EQ(read_file(path).error().kind, ErrorKind::kInput);
  std::filesystem::remove(path);
  EXPECT_FALSE(read_file(path).ok());
}

TEST(AtomicFile, AppearsWithCommit) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out");
  {
    auto file = AtomicFile::create(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->write(std::string("first ")).ok());
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE(file->write(std::string("second")).ok());
    ASSERT_TRUE(file->commit().ok());
    EXPECT_EQ(read_bytes(path), "first second");
  }
  EXPECT_EQ(folder.entries(), Names{"out"});
}

TEST(AtomicFile, WithoutCommitNothingIsLeftBehind) {
  const TemporaryFolder folder;
  {
    auto file = AtomicFile::create(folder.file("out"));
    ASSERT_TRUE(file->write(std::string(100'000, 'x')).ok());
    const AtomicFile moved = std::move(*file);
    EXPECT_EQ(folder.entries().size(), 1u);
  }
  EXPECT_EQ(folder.entries(), Names{});
}

TEST(AtomicFile, ReplacesAndLeavesTheOldFileUntilThen) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out");
  write_bytes(path, "a long old content");
  {
    auto dropped = AtomicFile::create(path);
    ASSERT_TRUE(dropped->write(std::string("half")).ok());
  }
  EXPECT_EQ(read_bytes(path), "a long old content");
  ASSERT_TRUE(write_file(path, "new").ok());
  EXPECT_EQ(read_bytes(path), "new");
  EXPECT_EQ(folder.entries(), Names{"out"});
}

TEST(AtomicFile, TwoWritersOfOnePathDoNotMix) {
  const TemporaryFolder folder;
  auto a = AtomicFile::create(folder.file("out")), b = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(a.ok() && b.ok());
  ASSERT_TRUE(a->write(std::string("aaaa")).ok() && b->write(std::string("bb")).ok());
  ASSERT_TRUE(a->commit().ok());
  EXPECT_EQ(read_bytes(folder.file("out")), "aaaa");
  ASSERT_TRUE(b->commit().ok());
  EXPECT_EQ(read_bytes(folder.file("out")), "bb");
}

TEST(AtomicFile, HasTheModeOfAnOrdinaryFile) {
  const TemporaryFolder folder;
  const mode_t old = ::umask(027);
  ASSERT_TRUE(write_file(folder.file("out"), "x").ok());
  ::umask(old);
  struct stat status{};
  ASSERT_EQ(::stat(folder.file("out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0640u);
}

TEST(AtomicFile, MissingFolderOrNotARegularFile) {
  const TemporaryFolder folder;
  for (const std::string& path :
       {folder.file("missing/out"), folder.file("."), std::string("/dev/null")}) {
    const auto file = AtomicFile::create(path);
    ASSERT_FALSE(file.ok()) << path;
    EXPECT_EQ(file.error().kind, ErrorKind::kInput);
    EXPECT_EQ(file.error().where, path);
  }
  EXPECT_EQ(folder.entries(), Names{});
}

// A limit on the size of files stands for a full disk.
TEST(AtomicFile, NoSpaceIsAResourceErrorAndLeavesNothing) {
  const TemporaryFolder folder;
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);  // write() then fails with EFBIG
  const rlimit small{.rlim_cur = 4096, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status s = write_file(folder.file("out"), std::string(10'000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().kind, ErrorKind::kResource);
  EXPECT_EQ(s.error().where, folder.file("out"));
  EXPECT_EQ(folder.entries(), Names{});
}

}  // namespace
}  // namespace posittune
