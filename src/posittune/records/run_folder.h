#pragma once

// The folder of a run, which holds everything to repeat it, to continue it and to look at it:
//   run.json     schema, hashes, seed; for each process that worked on it ("sessions"): start time
//                (UTC), command line, versions, CPU model, threads
//   config.yaml  the resolved configuration
//   inputs.json  what the last session was opened with (run_inputs.h)
//   trials.db    the journal
//   recipes/     YAML, one file for each recipe
//   .lock        held (flock) by the process that works on it now
// run.json is written last: a folder with it is complete, and one whose making was interrupted is
// made anew.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/journal.h"

namespace posittune::records {

struct RunInfo {
  // The identity of the run. Opening compares these with the folder's.
  std::map<std::string, std::string> hashes;  // SHA-256 by name: "model", "calibrate", "report"
  std::uint64_t seed = 0;
  std::string config;  // text of config.yaml

  // Facts that may differ between the sessions of a run.
  std::vector<std::string> command_line;
  std::map<std::string, std::string> versions;  // key: "posittune", "openvino"
  int threads = 0;
  std::string inputs{};  // text of inputs.json (run_inputs.h); empty: none
};

class RunFolder {
 public:
  // Makes the folder (and its parents), or opens it when it holds the same run. kUsage: another
  // process works on it; it belongs to another run (names the entry that differs); it holds
  // something else, which is not changed. kInput: run.json or the journal is damaged. kUnsupported:
  // a newer version wrote it. kResource: the disk.
  static Result<RunFolder> open(const std::string& path, const RunInfo& info);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  bool resumed() const { return resumed_; }
  // RunInfo::versions of the session before this one; empty in a new folder.
  const std::map<std::string, std::string>& earlier_versions() const { return earlier_versions_; }
  // Removes what open() made when this is the first session and the journal is still empty, so that
  // a run that failed before it measured anything leaves nothing. Only the destructor may follow.
  void forget_if_empty();
  Journal& journal() { return journal_; }
  const Journal& journal() const { return journal_; }

 private:
  class Lock {
   public:
    static Result<Lock> take(const std::string& folder);
    Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    explicit Lock(int fd) : fd_(fd) {}
    int fd_;
  };
  RunFolder(std::string path, Lock lock, Journal journal, bool resumed);

  std::string path_;
  Lock lock_;  // before the journal: given back after it is closed
  Journal journal_;
  bool resumed_;
  bool made_parent_ = false;
  std::map<std::string, std::string> earlier_versions_;
};

}  // namespace posittune::records
