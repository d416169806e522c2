#include "posittune/records/run_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <utility>

#include "tests/base/temporary_folder.h"

namespace posittune::records {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

RunInfo small_info() {
  return {.hashes = {{"model", "aa"}, {"report", "bb"}},
          .seed = 7,
          .config = "formats: [int8]\nwhat: w\n",
          .command_line = {"posittune", "compare", "m.onnx"},
          .versions = {{"posittune", "0.1.0"}},
          .threads = 2};
}

class RunFolderTest : public testing::Test {
 protected:
  Error open_error(const RunInfo& info = small_info()) const {
    const auto run = RunFolder::open(path_, info);
    return run.ok() ? Error{.what = "no error"} : run.error();
  }
  void make() const { ASSERT_EQ(open_error().what, "no error"); }
  json run_json() const { return json::parse(read_bytes(path_ + "/run.json")); }

  const TemporaryFolder folder_;
  const std::string path_ = folder_.file("runs/one");
};

TEST_F(RunFolderTest, NewFolder) {
  auto run = RunFolder::open(path_, small_info());
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_FALSE(run->resumed());
  EXPECT_TRUE(run->earlier_versions().empty());
  EXPECT_EQ(run->path(), path_);
  EXPECT_EQ(run->file("report.html"), path_ + "/report.html");
  EXPECT_TRUE(run->journal().put("a", "trial", "1").ok());
  EXPECT_EQ(read_bytes(path_ + "/config.yaml"), small_info().config);
  EXPECT_TRUE(fs::is_directory(path_ + "/recipes"));
  EXPECT_TRUE(fs::is_regular_file(path_ + "/trials.db"));
  const json document = run_json();
  EXPECT_EQ(document["schema"], 1);
  EXPECT_EQ(document["hashes"], json({{"model", "aa"}, {"report", "bb"}}));
  EXPECT_EQ(document["seed"], 7);
  ASSERT_EQ(document["sessions"].size(), 1u);
  const json session = document["sessions"][0];
  EXPECT_EQ(session["command_line"], json({"posittune", "compare", "m.onnx"}));
  EXPECT_EQ(session["versions"], json({{"posittune", "0.1.0"}}));
  EXPECT_EQ(session["threads"], 2);
  EXPECT_FALSE(session["cpu"].get<std::string>().empty());
  EXPECT_TRUE(std::regex_match(session["started"].get<std::string>(),
                               std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ)")));
}

TEST_F(RunFolderTest, ResumesTheSameRun) {
  {
    auto run = RunFolder::open(path_, small_info());
    ASSERT_TRUE(run.ok());
    ASSERT_TRUE(run->journal().put("a", "trial", "1").ok());
  }
  RunInfo info = small_info();
  info.threads = 1;
  info.versions["posittune"] = "0.2.0";
  info.command_line = {"posittune", "resume"};
  auto run = RunFolder::open(path_, info);
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_TRUE(run->resumed());
  EXPECT_EQ(run->earlier_versions(), small_info().versions);
  EXPECT_EQ(**run->journal().find("a"), "1");
  const json sessions = run_json()["sessions"];
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_EQ(sessions[0]["threads"], 2);
  EXPECT_EQ(sessions[1]["threads"], 1);
  EXPECT_EQ(sessions[1]["versions"]["posittune"], "0.2.0");
}

struct Change {
  std::function<void(RunInfo&)> apply;
  std::string entry, expected, found;
};

// Two hashes say little: the options that made them different are named.
TEST_F(RunFolderTest, OtherDataAreNamedByTheOptionsThatDiffer) {
  RunInfo info = small_info();
  info.command_line = {"posittune", "compare",        "m.onnx", "--limit",
                       "8",         "--labels=a.txt", "--json"};
  ASSERT_TRUE(RunFolder::open(path_, info).ok());
  info.hashes["report"] = "cc";
  Error error = open_error(info);  // the same options: the files have changed
  EXPECT_EQ(error.expected, "bb");
  EXPECT_NE(error.hint.find("have changed since"), std::string::npos);
  info.command_line = {"posittune", "compare",  "m.onnx", "--limit=9", "--sequence",
                       "4",         "--labels", "a.txt",  "--threads", "2"};
  error = open_error(info);
  EXPECT_EQ(error.where, path_ + "/run.json: report");
  EXPECT_EQ(error.expected, "--limit 8, no --sequence");
  EXPECT_EQ(error.found, "--limit 9, --sequence 4");
}

TEST_F(RunFolderTest, AnotherRunIsRefusedByTheEntryThatDiffers) {
  make();
  const std::string before = read_bytes(path_ + "/run.json");
  for (const Change& change : {
           Change{[](RunInfo& i) { i.hashes["model"] = "cc"; }, "run.json: model", "aa", "cc"},
           Change{[](RunInfo& i) { i.hashes["report"] = "cc"; }, "run.json: report", "bb", "cc"},
           Change{[](RunInfo& i) { i.hashes["search"] = "cc"; }, "run.json: search", "nothing",
                  "cc"},
           Change{[](RunInfo& i) { i.hashes.erase("report"); }, "run.json: report", "bb",
                  "nothing"},
           Change{[](RunInfo& i) { i.seed = 8; }, "run.json: seed", "7", "8"},
           Change{[](RunInfo& i) { i.config = "formats: [int8]\nwhat: wa\n"; },
                  "config.yaml: line 2", "what: w", "what: wa"},
           Change{[](RunInfo& i) { i.config += "threads: 1\n"; }, "config.yaml: line 3", "nothing",
                  "threads: 1"},
           Change{[](RunInfo& i) { i.config.pop_back(); }, "config.yaml", "the same line ends",
                  "others"},
       }) {
    RunInfo info = small_info();
    change.apply(info);
    const Error error = open_error(info);
    EXPECT_EQ(error.kind, ErrorKind::kUsage) << error.message();
    EXPECT_EQ(error.what, "run folder belongs to another run");
    EXPECT_EQ(error.where, path_ + "/" + change.entry);
    EXPECT_EQ(error.expected, change.expected);
    EXPECT_EQ(error.found, change.found);
  }
  EXPECT_EQ(read_bytes(path_ + "/run.json"), before);
  make();
}

TEST_F(RunFolderTest, OneProcessAtATime) {
  std::array<int, 2> ready;
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto run = RunFolder::open(path_, small_info());
    const char ok = run.ok() ? 'y' : 'n';
    if (::write(ready[1], &ok, 1) == 1) ::pause();
    ::_exit(0);
  }
  char ok = 0;
  ASSERT_EQ(::read(ready[0], &ok, 1), 1);
  EXPECT_EQ(ok, 'y');
  const Error error = open_error();
  EXPECT_EQ(error.kind, ErrorKind::kUsage);
  EXPECT_EQ(error.what, "another process works on this run folder");
  EXPECT_EQ(error.where, path_);
  EXPECT_EQ(error.found, "process " + std::to_string(child));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  make();  // the lock went with its process
}

TEST_F(RunFolderTest, LockIsGivenBack) {
  {
    auto run = RunFolder::open(path_, small_info());
    ASSERT_TRUE(run.ok());
    const RunFolder moved = std::move(*run);
    EXPECT_EQ(open_error().what, "another process works on this run folder");
  }
  make();
}

TEST_F(RunFolderTest, EmptyFolderIsTaken) {
  fs::create_directories(path_);
  make();
  EXPECT_TRUE(fs::exists(path_ + "/run.json"));
}

TEST_F(RunFolderTest, OtherFoldersAreLeftAlone) {
  fs::create_directories(path_);
  // The second name is one of ours, but nothing shows that it is.
  for (const char* name : {"thesis.tex", "config.yaml"}) {
    const std::string file = path_ + "/" + name;
    write_bytes(file, "mine");
    const Error error = open_error();
    EXPECT_EQ(error.kind, ErrorKind::kUsage);
    EXPECT_EQ(error.what, "not a run folder");
    EXPECT_EQ(error.where, path_);
    EXPECT_EQ(error.found, std::string("a folder with ") + name);
    EXPECT_EQ(read_bytes(file), "mine");
    EXPECT_EQ(std::distance(fs::directory_iterator(path_), {}), 1);
    fs::remove(file);
  }
  write_bytes(path_ + "/.lock", "");
  write_bytes(path_ + "/notes.txt", "mine");
  EXPECT_EQ(open_error().found, "a folder with notes.txt");
}

TEST_F(RunFolderTest, FileInItsPlace) {
  fs::create_directories(folder_.file("runs"));
  write_bytes(path_, "mine");
  EXPECT_EQ(open_error().kind, ErrorKind::kUsage);
  EXPECT_EQ(open_error().found, "a file");
  EXPECT_EQ(read_bytes(path_), "mine");
}

TEST_F(RunFolderTest, FileAboveIt) {
  write_bytes(folder_.file("runs"), "mine");
  EXPECT_EQ(open_error().kind, ErrorKind::kInput);
  EXPECT_EQ(open_error().where, path_);
}

TEST_F(RunFolderTest, InterruptedMakingIsMadeAnew) {
  make();
  fs::remove(path_ + "/run.json");  // written last
  write_bytes(path_ + "/config.yaml", "half");
  write_bytes(path_ + "/run.json.tmp-Ab12Cd", "{");
  make();
  EXPECT_EQ(read_bytes(path_ + "/config.yaml"), small_info().config);
}

// Killed at any moment of its making, the folder can be used.
TEST_F(RunFolderTest, KilledAtTheStart) {
  for (int round = 0; round < 40; ++round) {
    fs::remove_all(path_);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto run = RunFolder::open(path_, small_info());
      ::pause();
    }
    ::usleep(static_cast<useconds_t>(200 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ASSERT_EQ(open_error().message(), "no error") << round;
  }
}

TEST_F(RunFolderTest, DamagedRunJson) {
  make();
  const std::string file = path_ + "/run.json";
  for (const char* text : {"", "{", "[]", "{}", R"({"schema": 1})",
                           R"({"schema": 1, "hashes": {"model": 1}, "seed": 7, "sessions": []})",
                           R"({"schema": 1, "hashes": {}, "seed": "7", "sessions": []})",
                           R"({"schema": 1, "hashes": {}, "seed": 7, "sessions": 1})"}) {
    write_bytes(file, text);
    const Error error = open_error();
    EXPECT_EQ(error.kind, ErrorKind::kInput) << text;
    EXPECT_EQ(error.where, file);
    EXPECT_EQ(read_bytes(file), text);
  }
  write_bytes(file, R"({"schema": 2})");
  EXPECT_EQ(open_error().kind, ErrorKind::kUnsupported);
}

TEST_F(RunFolderTest, DamagedJournalAddsNoSession) {
  make();
  const std::string before = read_bytes(path_ + "/run.json");
  write_bytes(path_ + "/trials.db", std::string(5000, 'x'));
  const Error error = open_error();
  EXPECT_EQ(error.kind, ErrorKind::kInput);
  EXPECT_EQ(error.where, path_ + "/trials.db");
  EXPECT_EQ(read_bytes(path_ + "/run.json"), before);
}

TEST_F(RunFolderTest, MissingConfig) {
  make();
  fs::remove(path_ + "/config.yaml");
  EXPECT_EQ(open_error().kind, ErrorKind::kInput);
  EXPECT_EQ(open_error().where, path_ + "/config.yaml");
}

}  // namespace
}  // namespace posittune::records
