#include "posittune/records/journal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>

#include "tests/base/temporary_folder.h"

namespace posittune::records {
namespace {

// Straight to the file, past the journal's code; gives the last row's first column.
std::string sqlite(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  std::string answer;
  const auto keep = [](void* out, int, char** values, char**) {
    *static_cast<std::string*>(out) = values[0] == nullptr ? "" : values[0];
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), keep, &answer, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
  return answer;
}

std::string entry(int i) { return "{\"i\":" + std::to_string(i) + "}"; }

Error open_error(const std::string& path) {
  const auto journal = Journal::open(path);
  return journal.ok() ? Error{.what = "no error"} : journal.error();
}

void fill(const std::string& path, int entries) {
  auto journal = Journal::open(path);
  ASSERT_TRUE(journal.ok()) << journal.error().message();
  for (int i = 0; i < entries; ++i) {
    ASSERT_TRUE(journal->put("key" + std::to_string(i), "trial", entry(i)).ok());
  }
}

class JournalTest : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string path_ = folder_.file("trials.db");
};

// From Python: sha256 over len(t).to_bytes(8, "little") + t for t in "data", "abc", "metric", "kl",
// "model", "".
TEST(TrialKey, IsTheHashOfItsNamedParts) {
  EXPECT_EQ(trial_key({{"model", ""}, {"data", "abc"}, {"metric", "kl"}}),
            "b21790414c728fd9198cd8de1d40cf05856953bd81ff25c96b7353ffbca8b58f");
  EXPECT_NE(trial_key({{"a", "bc"}}), trial_key({{"ab", "c"}}));
  EXPECT_NE(trial_key({{"a", "b"}}), trial_key({{"a", "b"}, {"c", ""}}));
}

TEST_F(JournalTest, KeepsEntriesAcrossOpenings) {
  const std::string payload = R"({"kl":0.1,"text":"\u00e4\"\n","list":[1,null,true]})";
  {
    auto journal = Journal::open(path_);
    ASSERT_TRUE(journal.ok()) << journal.error().message();
    EXPECT_FALSE(journal->find("a")->has_value());
    ASSERT_TRUE(journal->put("b", "trial", payload).ok());
    ASSERT_TRUE(journal->put("a", "trial", "1").ok());
    ASSERT_TRUE(journal->put("c", "score", "\"x\"").ok());
    EXPECT_EQ(**journal->find("b"), payload);
  }
  auto journal = Journal::open(path_);
  ASSERT_TRUE(journal.ok()) << journal.error().message();
  EXPECT_EQ(**journal->find("b"), payload);
  const auto trials = journal->entries("trial");
  ASSERT_TRUE(trials.ok());
  ASSERT_EQ(trials->size(), 2u);
  EXPECT_EQ((*trials)[0].key, "b");
  EXPECT_EQ((*trials)[0].payload, payload);
  EXPECT_EQ((*trials)[1].key, "a");
  EXPECT_TRUE(journal->entries("nothing")->empty());
}

TEST_F(JournalTest, LaterPutReplaces) {
  auto journal = Journal::open(path_);
  ASSERT_TRUE(journal.ok());
  ASSERT_TRUE(journal->put("a", "trial", "1").ok());
  ASSERT_TRUE(journal->put("b", "trial", "2").ok());
  ASSERT_TRUE(journal->put("a", "trial", "3").ok());
  EXPECT_EQ(**journal->find("a"), "3");
  EXPECT_EQ(journal->entries("trial")->at(0).key, "a");
  EXPECT_EQ(journal->entries("trial")->size(), 2u);
}

TEST_F(JournalTest, AnyTextIsKept) {
  auto journal = Journal::open(path_);
  ASSERT_TRUE(journal.ok());
  const std::string odd("x'); DROP TABLE entries;\0--", 27);
  const std::string payload = "\"x'); DROP TABLE entries;--\"";
  ASSERT_TRUE(journal->put(odd, odd, payload).ok());
  EXPECT_EQ(**journal->find(odd), payload);
  EXPECT_EQ(journal->entries(odd)->size(), 1u);
  EXPECT_FALSE(journal->find("x'); DROP TABLE entries;")->has_value());
}

TEST_F(JournalTest, FileIsWhatItSays) {
  fill(path_, 3);
  EXPECT_EQ(sqlite(path_, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(sqlite(path_, "PRAGMA user_version"), "1");
  EXPECT_EQ(sqlite(path_, "SELECT count(*) FROM entries"), "3");
  EXPECT_EQ(sqlite(path_, "SELECT payload FROM entries WHERE key='key2'"), "{\"i\":2}");
}

// What the child reports through the pipe was committed before; it must be there after SIGKILL.
int kill_a_writer(const std::string& path, int first, int after_us) {
  std::array<int, 2> ends;
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto journal = Journal::open(path);
    for (int i = first; journal.ok(); ++i) {
      if (!journal->put("key" + std::to_string(i), "trial", entry(i)).ok()) break;
      if (::write(ends[1], &i, sizeof i) != sizeof i) break;
    }
    ::_exit(1);
  }
  ::close(ends[1]);
  int last = first - 1;
  EXPECT_EQ(::read(ends[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  ::usleep(static_cast<useconds_t>(after_us));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
  while (::read(ends[0], &last, sizeof last) == sizeof last) {
  }
  ::close(ends[0]);
  return last;
}

TEST_F(JournalTest, KilledWriterLosesNothing) {
  int last = -1;
  for (int round = 0; round < 12; ++round) {
    last = kill_a_writer(path_, last + 1, 1'000 + 7'000 * round);
    auto journal = Journal::open(path_);
    ASSERT_TRUE(journal.ok()) << journal.error().message();
    const auto trials = journal->entries("trial");
    ASSERT_TRUE(trials.ok()) << trials.error().message();
    // One more may be committed that the child could not report.
    ASSERT_GE(static_cast<int>(trials->size()), last + 1);
    for (int i = 0; i <= last; ++i) {
      const auto found = journal->find("key" + std::to_string(i));
      ASSERT_TRUE(found.ok() && found->has_value()) << i;
      ASSERT_EQ(**found, entry(i));
    }
  }
  EXPECT_GT(last, 12);
}

// Killed while the file was being made: empty, or a log without a checkpoint.
TEST_F(JournalTest, KilledAtTheStart) {
  for (int round = 0; round < 40; ++round) {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + "-wal");
    std::filesystem::remove(path_ + "-shm");
    std::filesystem::remove(path_ + "-journal");
    const pid_t child = ::fork();
    if (child == 0) {
      const auto journal = Journal::open(path_);
      ::pause();
    }
    ::usleep(static_cast<useconds_t>(100 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ASSERT_EQ(open_error(path_).what, "no error") << round;
    fill(path_, 2);
  }
}

TEST_F(JournalTest, TwoOpeningsShareTheFile) {
  auto one = Journal::open(path_), two = Journal::open(path_);
  ASSERT_TRUE(one.ok() && two.ok());
  ASSERT_TRUE(one->put("a", "trial", "1").ok());
  ASSERT_TRUE(two->put("b", "trial", "2").ok());
  EXPECT_EQ(**two->find("a"), "1");
  EXPECT_EQ(one->entries("trial")->size(), 2u);
}

void expect_damaged(const Error& error, const std::string& path) {
  EXPECT_EQ(error.kind, ErrorKind::kInput) << error.message();
  EXPECT_EQ(error.what, "journal is damaged or not a journal");
  EXPECT_EQ(error.where, path);
  EXPECT_FALSE(error.found.empty());
  EXPECT_FALSE(error.hint.empty());
}

TEST_F(JournalTest, NotADatabase) {
  write_bytes(path_, std::string(5000, 'x'));
  expect_damaged(open_error(path_), path_);
  EXPECT_EQ(read_bytes(path_), std::string(5000, 'x'));
}

TEST_F(JournalTest, Truncated) {
  fill(path_, 500);
  const std::string whole = read_bytes(path_);
  for (const std::size_t size : {std::size_t{50}, std::size_t{4096}, whole.size() / 2}) {
    write_bytes(path_, whole.substr(0, size));
    expect_damaged(open_error(path_), path_);
  }
}

// SQLite takes a missing last byte for zero: seen at the latest when its entry is read.
TEST_F(JournalTest, TruncatedByOneByte) {
  fill(path_, 500);
  const std::string whole = read_bytes(path_);
  write_bytes(path_, whole.substr(0, whole.size() - 1));
  const auto journal = Journal::open(path_);
  if (!journal.ok()) return expect_damaged(journal.error(), path_);
  const auto entries = journal->entries("trial");
  ASSERT_FALSE(entries.ok());
  expect_damaged(entries.error(), path_);
}

// Each page in turn, the first one's header too.
TEST_F(JournalTest, OverwrittenPages) {
  fill(path_, 500);
  const std::string whole = read_bytes(path_);
  ASSERT_GT(whole.size(), 8u * 4096u);
  for (std::size_t at = 0; at + 4096 <= whole.size(); at += 4096) {
    std::string bytes = whole;
    bytes.replace(at, 512, 512, '\x5a');
    write_bytes(path_, bytes);
    expect_damaged(open_error(path_), path_);
  }
}

TEST_F(JournalTest, DatabaseOfAnotherProgram) {
  sqlite(path_, "CREATE TABLE birds(name TEXT)");
  const std::string before = read_bytes(path_);
  expect_damaged(open_error(path_), path_);
  EXPECT_EQ(read_bytes(path_), before);
}

TEST_F(JournalTest, MissingTable) {
  fill(path_, 1);
  sqlite(path_, "DROP TABLE entries");
  auto journal = Journal::open(path_);
  ASSERT_TRUE(journal.ok());
  const auto found = journal->find("a");
  ASSERT_FALSE(found.ok());
  expect_damaged(found.error(), path_);
  const Status put = journal->put("a", "trial", "1");
  ASSERT_FALSE(put.ok());
  expect_damaged(put.error(), path_);
}

TEST_F(JournalTest, EntryThatIsNotJson) {
  fill(path_, 2);
  sqlite(path_, "UPDATE entries SET payload='{' WHERE key='key1'");
  auto journal = Journal::open(path_);
  ASSERT_TRUE(journal.ok());
  EXPECT_TRUE(journal->find("key0").ok());
  const auto found = journal->find("key1");
  ASSERT_FALSE(found.ok());
  expect_damaged(found.error(), path_);
  ASSERT_FALSE(journal->entries("trial").ok());
}

TEST_F(JournalTest, NewerSchema) {
  fill(path_, 1);
  sqlite(path_, "PRAGMA user_version=2");
  const Error error = open_error(path_);
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_EQ(error.where, path_);
  EXPECT_EQ(error.expected, "schema 1");
  EXPECT_EQ(error.found, "schema 2");
}

TEST_F(JournalTest, LockedByAnotherProcess) {
  fill(path_, 1);
  auto journal = Journal::open(path_);
  ASSERT_TRUE(journal.ok());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_TRUE((*journal->find("key0")).has_value());  // readers go on
  const Status put = journal->put("a", "trial", "1");
  sqlite3_close(other);
  ASSERT_FALSE(put.ok());
  EXPECT_EQ(put.error().kind, ErrorKind::kResource);
  EXPECT_EQ(put.error().where, path_);
  EXPECT_TRUE(journal->put("a", "trial", "1").ok());
}

// A limit on the size of files stands for a full disk.
TEST_F(JournalTest, FullDisk) {
  auto journal = Journal::open(path_);
  ASSERT_TRUE(journal.ok());
  ASSERT_TRUE(journal->put("before", "trial", "1").ok());
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{200'000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status put = journal->put("large", "trial", '"' + std::string(1'000'000, 'x') + '"');
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(put.ok());
  EXPECT_EQ(put.error().kind, ErrorKind::kResource) << put.error().message();
  EXPECT_EQ(**journal->find("before"), "1");
  EXPECT_FALSE(journal->find("large")->has_value());
  EXPECT_TRUE(journal->put("after", "trial", "2").ok());
}

TEST_F(JournalTest, PathsThatAreNoFile) {
  EXPECT_EQ(open_error("").kind, ErrorKind::kInput);
  EXPECT_EQ(open_error(folder_.file("")).kind, ErrorKind::kInput);
  EXPECT_EQ(open_error(folder_.file("no/such/folder.db")).kind, ErrorKind::kInput);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(open_error(path_).kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace posittune::records
