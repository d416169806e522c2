#include "posittune/records/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>

#include "posittune/base/files.h"
#include "posittune/base/processor.h"
#include "posittune/records/json_fields.h"

namespace posittune::records {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kSchema = 1;
constexpr const char* kRunFile = "run.json";
constexpr const char* kConfigFile = "config.yaml";
constexpr const char* kInputsFile = "inputs.json";
constexpr const char* kLockFile = ".lock";
constexpr const char* kRecipes = "recipes";
constexpr const char* kJournal = "trials.db";

Error system_error(const std::string& what, const std::string& where, const std::error_code& code) {
  const bool full = code == std::errc::no_space_on_device || code == std::errc::file_too_large ||
                    code == std::error_code(EDQUOT, std::generic_category());
  return {.kind = full ? ErrorKind::kResource : ErrorKind::kInput,
          .what = what,
          .where = where,
          .found = code.message()};
}

std::error_code last_error() { return {errno, std::generic_category()}; }

Error not_a_run(const std::string& path, const std::string& found) {
  return {.kind = ErrorKind::kUsage,
          .what = "not a run folder",
          .where = path,
          .expected = "a run folder, an empty one, or a path that does not exist",
          .found = found,
          .hint = "choose another path; nothing in this one was changed"};
}

Error damaged(const std::string& file, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "run folder is damaged",
          .where = file,
          .found = found,
          .hint = "choose another `run_folder`, or delete this one to start again"};
}

// What a making of the folder that was interrupted leaves behind, and nothing else.
bool is_leftover(const std::string& name) {
  const auto begins = [&name](const std::string& start) { return name.rfind(start, 0) == 0; };
  return name == kLockFile || name == kRecipes || name == kConfigFile || name == kInputsFile ||
         name == kJournal || begins(std::string(kInputsFile) + ".tmp-") ||
         begins(std::string(kConfigFile) + ".tmp-") || begins(std::string(kRunFile) + ".tmp-") ||
         begins(std::string(kJournal) + "-");  // SQLite's -wal, -shm, -journal
}

// Before anything is written: the path is free, a run folder, or one that was never finished.
Status require_usable(const std::string& path) {
  std::error_code failed;
  const auto status = fs::status(path, failed);
  if (!fs::exists(status)) return success();
  if (!fs::is_directory(status)) return not_a_run(path, "a file");
  if (fs::exists(fs::path(path) / kRunFile, failed)) return success();
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    names.push_back(entry->path().filename().string());
  }
  if (failed) return system_error("cannot read folder", path, failed);
  const auto foreign = std::find_if_not(names.begin(), names.end(), is_leftover);
  if (foreign != names.end()) return not_a_run(path, "a folder with " + *foreign);
  // The lock is the first file we make: without it, the others are somebody else's.
  if (!names.empty() && std::count(names.begin(), names.end(), kLockFile) == 0) {
    return not_a_run(path, "a folder with " + names.front());
  }
  return success();
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

ordered_json session(const RunInfo& info) {
  return {{"started", utc_now()},
          {"command_line", info.command_line},
          {"versions", info.versions},
          {"cpu", processor()},
          {"threads", info.threads}};
}

Status write_run_json(const std::string& folder, const RunInfo& info, ordered_json sessions) {
  const ordered_json document = {{"schema", kSchema},
                                 {"hashes", info.hashes},
                                 {"seed", info.seed},
                                 {"sessions", std::move(sessions)}};
  return write_file(folder + "/" + kRunFile, document_text(document));
}

Error another_run(const std::string& where, const std::string& there, const std::string& here) {
  return {.kind = ErrorKind::kUsage,
          .what = "run folder belongs to another run",
          .where = where,
          .expected = there.empty() ? "nothing" : there,
          .found = here.empty() ? "nothing" : here,
          .hint = "choose another `run_folder`, or give the same model, data and configuration"};
}

bool all_strings(const json& object) {
  return std::all_of(object.begin(), object.end(), [](const json& v) { return v.is_string(); });
}

// Options of a command line with their values; what stands before the first is under "".
std::map<std::string, std::string> options_of(const std::vector<std::string>& command_line) {
  std::map<std::string, std::string> options;
  std::string name;
  for (const std::string& word : command_line) {
    const bool option = word.size() > 1 && word[0] == '-' &&
                        std::string_view("0123456789.").find(word[1]) == std::string_view::npos;
    const std::size_t equals = option ? word.find('=') : std::string::npos;
    if (option) name = word.substr(0, equals);
    std::string& values = options[name];
    if (!option) values.append(" ").append(word);
    if (equals != std::string::npos) values.append(" ").append(word, equals + 1);
  }
  // What results do not depend on.
  std::erase_if(options, [](const auto& option) {
    const std::string field =
        option.first.substr(std::min(option.first.find_first_not_of('-'), option.first.size()));
    return field == "o" || field == "run" || field == "json" || field == "threads";
  });
  return options;
}

struct Differing {
  std::string there, here;
};

// The options that differ between the last session of a run and this one.
Differing differing_options(const json& run, const RunInfo& info) {
  const json& sessions = run.at("sessions");
  if (sessions.empty() || !sessions.back().is_object()) return {};
  const auto stored = sessions.back().find("command_line");
  if (stored == sessions.back().end() || !stored->is_array() || !all_strings(*stored)) return {};
  const auto there = options_of(stored->get<std::vector<std::string>>());
  const auto here = options_of(info.command_line);
  std::map<std::string, std::string> names = there;
  names.insert(here.begin(), here.end());
  Differing result;
  for (const auto& [name, ignored] : names) {
    const auto old = there.find(name), now = here.find(name);
    if (old != there.end() && now != here.end() && old->second == now->second) continue;
    const auto text = [&name = name](const auto& found, const auto& all) {
      return found == all.end() ? "no " + name : name + found->second;
    };
    const char* gap = result.there.empty() ? "" : ", ";
    result.there += gap + text(old, there);
    result.here += gap + text(now, here);
  }
  return result;
}

Status compare_hashes(const std::string& file, const json& run, const RunInfo& info) {
  const json& there = run.at("hashes");
  const auto& here = info.hashes;
  for (const auto& [name, hash] : here) {
    const std::string stored = there.value(name, "");
    if (stored == hash) continue;
    const Differing options = differing_options(run, info);
    if (!options.there.empty()) return another_run(file + ": " + name, options.there, options.here);
    Error error = another_run(file + ": " + name, stored, hash);
    if (!stored.empty())
      error.hint = "the options are those of that run: the files behind " + name +
                   " have changed since. " + error.hint;
    return error;
  }
  for (const auto& [name, hash] : there.items()) {
    if (!here.contains(name)) return another_run(file + ": " + name, hash, "");
  }
  return success();
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

// Names the first line that differs.
Status compare_config(const std::string& file, std::string_view there, std::string_view here) {
  if (there == here) return success();
  std::string key;  // that a list or a map below it belongs to
  for (int line = 1; !there.empty() || !here.empty(); ++line) {
    const std::string_view stored = take_line(there), given = take_line(here);
    if (stored != given) {
      const bool inside = stored.empty() ? given.starts_with(' ') : stored.starts_with(' ');
      return another_run(file + ": line " + std::to_string(line) + (inside ? ", in " + key : ""),
                         std::string(stored), std::string(given));
    }
    if (!stored.starts_with(' ')) key = stored.substr(0, stored.find(':'));
  }
  return another_run(file, "the same line ends", "others");
}

Status make_recipes(const std::string& folder) {
  std::error_code failed;
  fs::create_directory(fs::path(folder) / kRecipes, failed);
  if (failed) return system_error("cannot create folder", folder + "/recipes", failed);
  return success();
}

Status begin(const std::string& folder, const RunInfo& info) {
  if (Status made = make_recipes(folder); !made) return made;
  return write_file(folder + "/" + kConfigFile, info.config);
}

// Whether resume() finds what it reads.
bool has_its_fields(const json& run) {
  return run.contains("hashes") && run["hashes"].is_object() && all_strings(run["hashes"]) &&
         run.contains("seed") && run["seed"].is_number() && run.contains("sessions") &&
         run["sessions"].is_array();
}

Result<json> read_run_json(const std::string& folder) {
  const std::string file = folder + "/" + kRunFile;
  const auto text = read_file(file);
  if (!text) return text.error();
  json run = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!run.is_object() || !run.contains("schema")) return damaged(file, "no run.json of posittune");
  if (run["schema"] != kSchema) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "run folder was written by another version of posittune",
                 .where = file,
                 .expected = "schema " + std::to_string(kSchema),
                 .found = "schema " + run["schema"].dump(),
                 .hint = "use that version, or another `run_folder`"};
  }
  if (!has_its_fields(run)) return damaged(file, "hashes, seed or sessions missing");
  return run;
}

// Versions of the last session, by name; empty where it has none, or they are no strings.
std::map<std::string, std::string> versions_of_last(const ordered_json& sessions) {
  std::map<std::string, std::string> versions;
  if (sessions.empty() || !sessions.back().is_object()) return versions;
  const auto stored = sessions.back().find("versions");
  if (stored == sessions.back().end() || !stored->is_object()) return versions;
  for (const auto& [name, version] : stored->items()) {
    if (version.is_string()) versions[name] = version.get<std::string>();
  }
  return versions;
}

// Whether the folder is of this run; its sessions so far.
Result<ordered_json> earlier_sessions(const std::string& folder, const RunInfo& info) {
  const std::string file = folder + "/" + kRunFile, config_file = folder + "/" + kConfigFile;
  const auto run = read_run_json(folder);
  if (!run) return run.error();
  if (Status same = compare_hashes(file, *run, info); !same) {
    return same.error();
  }
  if (run->at("seed") != info.seed) {
    return another_run(file + ": seed", run->at("seed").dump(), std::to_string(info.seed));
  }
  const auto config = read_file(config_file);
  if (!config) return config.error();
  if (Status same = compare_config(config_file, *config, info.config); !same) return same.error();
  if (Status made = make_recipes(folder); !made) return made.error();
  return ordered_json(run->at("sessions"));
}

}  // namespace

RunFolder::Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<RunFolder::Lock> RunFolder::Lock::take(const std::string& folder) {
  const std::string path = folder + "/" + kLockFile;
  // Non-blocking, so that a pipe of this name does not hang us.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (fd < 0) return system_error("cannot create file", path, last_error());
  Lock lock(fd);
  std::array<char, 32> owner{};
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("cannot lock file", path, last_error());
    const ssize_t size = ::pread(fd, owner.data(), owner.size() - 1, 0);
    return Error{.kind = ErrorKind::kUsage,
                 .what = "another process works on this run folder",
                 .where = folder,
                 .found = size > 0 ? "process " + std::string(owner.data()) : "",
                 .hint = "wait for it, or choose another `run_folder`"};
  }
  // For the message above only; the lock is what counts.
  const std::string self = std::to_string(::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, self.data(), self.size(), 0) < 0) {
    return system_error("cannot write file", path, last_error());
  }
  return lock;
}

RunFolder::RunFolder(std::string path, Lock lock, Journal journal, bool resumed)
    : path_(std::move(path)),
      lock_(std::move(lock)),
      journal_(std::move(journal)),
      resumed_(resumed) {}

void RunFolder::forget_if_empty() {
  const auto empty = journal_.empty();
  if (resumed_ || !empty || !*empty) return;
  std::error_code ignored;
  // run.json first: without it the folder is nobody's.
  for (const char* name : {kRunFile, kConfigFile, kInputsFile, kJournal, "trials.db-wal",
                           "trials.db-shm", kRecipes, kLockFile}) {
    fs::remove(fs::path(path_) / name, ignored);
  }
  fs::remove(path_, ignored);
  if (made_parent_) fs::remove(fs::path(path_).parent_path(), ignored);
}

Result<RunFolder> RunFolder::open(const std::string& path, const RunInfo& info) {
  if (Status usable = require_usable(path); !usable) return usable.error();
  std::error_code failed;
  const fs::path parent = fs::path(path).parent_path();
  const bool makes_parent = !parent.empty() && !fs::exists(parent, failed);
  fs::create_directories(path, failed);
  if (failed) return system_error("cannot create folder", path, failed);
  auto lock = Lock::take(path);
  if (!lock) return lock.error();
  // Only now: another process may have finished the folder meanwhile.
  const bool resumed = fs::exists(fs::path(path) / kRunFile, failed);
  ordered_json sessions = ordered_json::array();
  if (resumed) {
    auto earlier = earlier_sessions(path, info);
    if (!earlier) return earlier.error();
    sessions = std::move(*earlier);
  } else if (Status begun = begin(path, info); !begun) {
    return begun.error();
  }
  // Paths of this session: those of an earlier one may have moved.
  if (!info.inputs.empty()) {
    if (Status kept = write_file(path + "/" + kInputsFile, info.inputs); !kept) return kept.error();
  }
  auto journal = Journal::open(path + "/" + kJournal);
  if (!journal) return journal.error();
  std::map<std::string, std::string> earlier_versions = versions_of_last(sessions);
  sessions.push_back(session(info));
  if (Status written = write_run_json(path, info, std::move(sessions)); !written) {
    return written.error();
  }
  RunFolder folder(path, std::move(*lock), std::move(*journal), resumed);
  folder.made_parent_ = makes_parent;
  folder.earlier_versions_ = std::move(earlier_versions);
  return folder;
}

}  // namespace posittune::records
