#include <filesystem>
#include <system_error>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/hash.h"
#include "posittune/records/comparison_json.h"
#include "posittune/records/json_fields.h"
#include "posittune/records/search_json.h"
#include "posittune/records/sensitivity_json.h"
#include "posittune/records/stored_run.h"

namespace posittune::records {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kSchema = 1;

Error not_readable(const std::string& file, const std::string& found, const std::string& hint) {
  return {.kind = ErrorKind::kInput,
          .what = "no run with results",
          .where = file,
          .expected = "a folder that compare, sensitivity or search wrote",
          .found = found,
          .hint = hint};
}

bool exists(const std::string& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

Status check_folder(const std::string& folder) {
  if (!exists(folder)) return not_readable(folder, "nothing of this name", "");
  if (!exists(folder + "/run.json")) return not_readable(folder, "no run.json in it", "");
  if (exists(folder + "/results.json")) return success();
  return not_readable(folder, "no results.json in it: the run did not end",
                      "give the command of the run again: it continues where it stopped");
}

Result<json> parsed(const std::string& file, const std::string& text) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_object()) return value;
  return Error{.kind = ErrorKind::kInput,
               .what = "not a JSON document",
               .where = file,
               .expected = "an object"};
}

// Fields that an older version did not write stay empty.
RunSession read_session(const Place& place) {
  RunSession session;
  if (place.has("started")) session.started = place["started"].text();
  if (place.has("command_line")) read_value(place["command_line"], session.command_line);
  if (place.has("versions")) read_value(place["versions"], session.versions);
  if (place.has("cpu")) session.cpu = place["cpu"].text();
  if (place.has("threads")) session.threads = place["threads"].count();
  return session;
}

Error in_file(Error error, const std::string& file) {
  error.where = file + (error.where.empty() ? "" : ": " + error.where);
  return error;
}

Status read_run_file(StoredRun& run) {
  const std::string file = run.folder + "/run.json";
  const auto text = read_file(file);
  if (!text) return text.error();
  const auto value = parsed(file, *text);
  if (!value) return value.error();
  if (const auto schema = value->find("schema"); schema != value->end() && *schema != kSchema)
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "run folder was written by another version of posittune",
                 .where = file,
                 .expected = "schema " + std::to_string(kSchema),
                 .found = "schema " + schema->dump()};
  const auto read = guarded([&]() -> bool {
    const Place place(*value, "");
    read_value(place["hashes"], run.hashes);
    run.seed = place["seed"].count();
    place["sessions"].each_element(
        [&run](const Place& session) { run.sessions.push_back(read_session(session)); });
    return true;
  });
  return read ? success() : Status(in_file(read.error(), file));
}

// "search" of "command: search\n...".
std::string command_of(const std::string& config) {
  const std::string key = "command: ";
  if (!config.starts_with(key)) return "";
  return config.substr(key.size(), config.find('\n') - key.size());
}

template <class Read>
Status take(StoredRun& run, Read read, const json& value, const std::string& file) {
  auto results = read(value);
  if (!results) return in_file(results.error(), file);
  run.results = std::move(*results);
  return success();
}

Status read_results(StoredRun& run) {
  const std::string file = run.folder + "/results.json";
  auto text = read_file(file);
  if (!text) return text.error();
  run.results_text = std::move(*text);
  const auto value = parsed(file, run.results_text);
  if (!value) return value.error();
  if (run.command == "compare") return take(run, comparison_from_json, *value, file);
  if (run.command == "sensitivity") return take(run, sensitivity_from_json, *value, file);
  if (run.command == "search") return take(run, search_result_from_json, *value, file);
  return Error{.kind = ErrorKind::kInput,
               .what = "unknown kind of run",
               .where = run.folder + "/config.yaml",
               .expected = "command: compare, sensitivity or search",
               .found = run.command.empty() ? "no command" : run.command};
}

Status read_details(StoredRun& run) {
  const std::string file = run.folder + "/details.json";
  if (!exists(file)) {
    run.details_missing = "the run has no details.json, which older versions did not write";
    return success();
  }
  const auto text = read_file(file);
  if (!text) return text.error();
  auto details = details_from(*text);
  if (!details) return in_file(details.error(), file);
  if (details->results_sha256 != sha256_hex(run.results_text))
    run.details_missing = "details.json belongs to other results than results.json";
  else
    run.details = std::move(*details);
  return success();
}

}  // namespace

const ModelRecord& StoredRun::model() const {
  return std::visit([](const auto& each) -> const ModelRecord& { return each.model; }, results);
}

const ScoredRecord& StoredRun::scored() const {
  return std::visit([](const auto& each) -> const ScoredRecord& { return each.scored; }, results);
}

const std::map<std::string, SplitRecord>& StoredRun::data() const {
  return std::visit([](const auto& each) -> const auto& { return each.data; }, results);
}

Result<StoredRun> read_stored_run(const std::string& folder) {
  StoredRun run;
  run.folder = folder;
  if (const Status usable = check_folder(folder); !usable) return usable.error();
  auto config = read_file(folder + "/config.yaml");
  if (!config) return config.error();
  run.config = std::move(*config);
  run.command = command_of(run.config);
  for (auto* read : {&read_run_file, &read_results, &read_details}) {
    if (const Status done = read(run); !done) return done.error();
  }
  return run;
}

}  // namespace posittune::records
