#include "posittune/records/journal.h"

#include <sqlite3.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "posittune/base/hash.h"
#include "posittune/records/json_fields.h"

namespace posittune::records {
namespace {

constexpr int kApplication = 0x5054554e;  // "PTUN", in the header of the file
constexpr int kSchema = 1;
constexpr int kPatienceMs = 5'000;  // for another process's lock
constexpr const char* kCreate =
    "CREATE TABLE entries(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, "
    "payload TEXT NOT NULL);"
    "CREATE INDEX entries_by_kind ON entries(kind);";

Error damaged(const std::string& path, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "journal is damaged or not a journal",
          .where = path,
          .expected = "a SQLite file that posittune wrote",
          .found = found,
          .hint = "move the file away to start with an empty journal; its trials run again"};
}

Error database_error(sqlite3* database, const std::string& path) {
  const int code = sqlite3_errcode(database);
  const std::string found = sqlite3_errmsg(database);
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // the tables are not what they should be
      return damaged(path, found);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {.kind = ErrorKind::kResource,
              .what = "journal is locked by another process",
              .where = path,
              .found = found};
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return {.kind = ErrorKind::kResource,
              .what = "cannot read or write the journal",
              .where = path,
              .found = found};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return {.kind = ErrorKind::kInput,
              .what = "cannot open the journal for writing",
              .where = path,
              .found = found};
    default:
      return {.what = "journal failed", .where = path, .found = found};
  }
}

// A prepared statement: bind in order, then step.
class Statement {
 public:
  Statement(sqlite3* database, const std::string& path, std::string_view sql)
      : database_(database), path_(path) {
    sqlite3_stmt* statement = nullptr;
    ok_ = sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement,
                             nullptr) == SQLITE_OK;
    statement_.reset(statement);
  }

  Statement& bind(std::string_view text) {
    ok_ = ok_ && sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(),
                                     SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK;
    return *this;
  }

  // Whether there is a row.
  Result<bool> step() {
    const int code = ok_ ? sqlite3_step(statement_.get()) : SQLITE_ERROR;
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return database_error(database_, path_);
  }

  int integer(int column) const { return sqlite3_column_int(statement_.get(), column); }
  std::string text(int column) const {
    const auto* bytes =
        reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* database_;
  const std::string& path_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
  bool ok_ = false;
};

Status execute(sqlite3* database, const std::string& path, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return success();
  Error error = database_error(database, path);
  sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);  // fails outside a transaction
  return error;
}

Result<int> query_integer(sqlite3* database, const std::string& path, std::string_view sql) {
  Statement statement(database, path, sql);
  const auto row = statement.step();
  if (!row) return row.error();
  return *row ? statement.integer(0) : 0;
}

Result<std::string> query_text(sqlite3* database, const std::string& path, std::string_view sql) {
  Statement statement(database, path, sql);
  const auto row = statement.step();
  if (!row) return row.error();
  return *row ? statement.text(0) : std::string();
}

Status check_whole(sqlite3* database, const std::string& path) {
  const auto verdict = query_text(database, path, "PRAGMA integrity_check(1)");
  if (!verdict) return verdict.error();
  if (*verdict != "ok") return damaged(path, *verdict);
  return success();
}

Status use_write_ahead_log(sqlite3* database, const std::string& path) {
  const auto mode = query_text(database, path, "PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "no write-ahead log for the journal on this file system",
                 .where = path,
                 .hint = "put the run folder on a local disk"};
  }
  return execute(database, path, "PRAGMA synchronous=NORMAL");
}

// Inside a transaction that excludes other writers: a new file gets the tables, an old one is
// checked to be ours.
Status settle_schema(sqlite3* database, const std::string& path) {
  const auto application = query_integer(database, path, "PRAGMA application_id");
  if (!application) return application.error();
  const auto schema = query_integer(database, path, "PRAGMA user_version");
  if (!schema) return schema.error();
  const auto tables = query_integer(database, path, "SELECT count(*) FROM sqlite_master");
  if (!tables) return tables.error();
  if (*application == 0 && *schema == 0 && *tables == 0) {
    return execute(database, path,
                   kCreate + ("PRAGMA application_id=" + std::to_string(kApplication)) +
                       ";PRAGMA user_version=" + std::to_string(kSchema));
  }
  if (*application != kApplication) return damaged(path, "a database of another program");
  if (*schema != kSchema) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "journal was written by another version of posittune",
                 .where = path,
                 .expected = "schema " + std::to_string(kSchema),
                 .found = "schema " + std::to_string(*schema),
                 .hint = "use that version, or another run folder"};
  }
  return success();
}

Status prepare(sqlite3* database, const std::string& path) {
  sqlite3_busy_timeout(database, kPatienceMs);
  if (Status whole = check_whole(database, path); !whole) return whole;
  if (Status begun = execute(database, path, "BEGIN IMMEDIATE"); !begun) return begun;
  if (Status settled = settle_schema(database, path); !settled) return settled;
  if (Status committed = execute(database, path, "COMMIT"); !committed) return committed;
  return use_write_ahead_log(database, path);
}

Result<std::string> checked(const std::string& path, const std::string& key, std::string payload) {
  if (!is_json(payload)) return damaged(path, "entry " + key + " is not JSON");
  return payload;
}

// SQLite would wait at a pipe and make a file of a device.
Status require_plain_file(const std::string& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return Error{.kind = ErrorKind::kInput, .what = "journal is not a regular file", .where = path};
  }
  return success();
}

}  // namespace

std::string trial_key(const std::map<std::string, std::string>& parts) {
  Sha256 hash;
  for (const auto& [name, value] : parts) hash.update_field(name).update_field(value);
  return hash.hex();
}

// With sqlite3_close_v2 nothing leaks even if a statement were still open.
void Journal::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Journal::Journal(std::string path, Database database)
    : path_(std::move(path)), database_(std::move(database)) {}

Result<Journal> Journal::open(const std::string& path) {
  if (Status plain = require_plain_file(path); !plain) return plain.error();
  // Absolute, so that no name means something else to SQLite (":memory:", "file:...").
  std::error_code failed;
  const std::string absolute = std::filesystem::absolute(path, failed).string();
  if (path.empty() || failed) {
    return Error{.kind = ErrorKind::kInput, .what = "journal has no valid path", .where = path};
  }
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(absolute.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  Database database(raw);
  if (raw == nullptr) {
    return Error{.kind = ErrorKind::kResource, .what = "no memory for the journal", .where = path};
  }
  if (code != SQLITE_OK) return database_error(raw, path);
  if (Status ready = prepare(raw, path); !ready) return ready.error();
  return Journal(path, std::move(database));
}

Result<std::optional<std::string>> Journal::find(const std::string& key) const {
  Statement statement(database_.get(), path_, "SELECT payload FROM entries WHERE key=?");
  const auto row = statement.bind(key).step();
  if (!row) return row.error();
  if (!*row) return std::optional<std::string>();
  auto payload = checked(path_, key, statement.text(0));
  if (!payload) return payload.error();
  return std::make_optional(std::move(*payload));
}

Status Journal::put(const std::string& key, const std::string& kind, const std::string& payload) {
  Statement statement(
      database_.get(), path_,
      "INSERT INTO entries(key,kind,payload) VALUES(?,?,?) "
      "ON CONFLICT(key) DO UPDATE SET kind=excluded.kind, payload=excluded.payload");
  const auto row = statement.bind(key).bind(kind).bind(payload).step();
  if (!row) return row.error();
  return success();
}

Result<bool> Journal::empty() const {
  Statement statement(database_.get(), path_, "SELECT key FROM entries LIMIT 1");
  const auto row = statement.step();
  if (!row) return row.error();
  return !*row;
}

Result<std::vector<JournalEntry>> Journal::entries(const std::string& kind) const {
  Statement statement(database_.get(), path_,
                      "SELECT key,payload FROM entries WHERE kind=? ORDER BY id");
  statement.bind(kind);
  std::vector<JournalEntry> found;
  for (;;) {
    const auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return found;
    std::string key = statement.text(0);
    auto payload = checked(path_, key, statement.text(1));
    if (!payload) return payload.error();
    found.push_back({std::move(key), std::move(*payload)});
  }
}

}  // namespace posittune::records
