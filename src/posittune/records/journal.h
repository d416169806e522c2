#pragma once

// The journal of a run: finished work under a key that says what was done, so that nothing is done
// twice and a killed run continues. One SQLite file.
//
// Write-ahead log with synchronous=NORMAL: an entry is in the file when put() returns, whatever
// then happens to the process. Only a failing machine can lose entries, the last few, never the
// file; they are measured again under the same keys. FULL would wait for the disk at each entry,
// which costs more than some trials take.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"

struct sqlite3;

namespace posittune::records {

// SHA-256 (hex) of named parts, whatever order they are given in. A trial's parts are its model,
// data, recipe, metric and the engine's version: all that its result depends on.
std::string trial_key(const std::map<std::string, std::string>& parts);

struct JournalEntry {
  std::string key;
  std::string payload;
};

// A journal, for one thread at a time. Payloads are JSON (entries.h). Errors name the file: kInput
// when it is damaged or not a journal, kUnsupported when a newer version wrote it, kResource for a
// full disk or a file that stays locked.
class Journal {
 public:
  // Opens the file, or creates it when there is none; checks the structure of an existing one from
  // end to end.
  static Result<Journal> open(const std::string& path);

  Result<std::optional<std::string>> find(const std::string& key) const;
  // Writes an entry; it replaces an earlier one with the same key. `kind` groups entries: "trial".
  Status put(const std::string& key, const std::string& kind, const std::string& payload);
  Result<bool> empty() const;
  // Entries of a kind, in the order of their first put().
  Result<std::vector<JournalEntry>> entries(const std::string& kind) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  using Database = std::unique_ptr<sqlite3, Close>;
  Journal(std::string path, Database database);
  std::string path_;
  Database database_;
};

}  // namespace posittune::records
