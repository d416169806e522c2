#include "posittune/session/run_source.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <vector>

#include "posittune/base/files.h"
#include "posittune/metrics/score_kind.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

std::string absolute(const std::string& path) {
  if (path.empty()) return path;
  std::error_code error;
  const fs::path full = fs::absolute(path, error);
  return error ? path : full.lexically_normal().string();
}

// A constant may be a file, whose name is then made absolute.
std::string constant(const std::string& text) {
  std::error_code error;
  return text.ends_with(".npy") && fs::exists(text, error) ? absolute(text) : text;
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<metrics::ScoreRequest> scores_of(const records::RunInputs& inputs) {
  metrics::ScoreRequest scores;
  if (!inputs.task.empty()) {
    auto task = metrics::parse_task(inputs.task);
    if (!task) return task.error();
    scores.task = *task;
  }
  if (!inputs.scores.empty()) {
    auto kind = metrics::parse_score_kind(inputs.scores);
    if (!kind) return kind.error();
    scores.scores = *kind;
  }
  scores.output = inputs.output;
  scores.tokens = inputs.tokens;
  if (const auto axis = number(inputs.class_axis)) scores.class_axis = static_cast<int>(*axis);
  if (const auto blank = number(inputs.blank)) scores.blank = *blank;
  return scores;
}

}  // namespace

records::RunInputs to_record(const ModelSpec& model, const DataSpec& data) {
  records::RunInputs inputs;
  inputs.model = model.model.starts_with("zoo:") ? model.model : absolute(model.model);
  inputs.include = model.selection.include;
  inputs.exclude = model.selection.exclude;
  inputs.attention = model.selection.attention ? 1 : 0;
  for (const auto& [name, text] : model.constants) inputs.constants[name] = constant(text);
  for (const auto& [name, axis] : model.batch_axes) inputs.batch_axes[name] = axis;
  inputs.data = absolute(data.data);
  inputs.calibrate = absolute(data.calibrate);
  inputs.search = absolute(data.search);
  inputs.report = absolute(data.report);
  inputs.tokenizer = absolute(data.tokenizer);
  inputs.annotations = absolute(data.annotations);
  inputs.labels = absolute(data.labels);
  inputs.sequence = data.sequence;
  inputs.limit = data.limit;
  return inputs;
}

Result<RunSource> run_source(const std::string& folder) {
  const std::string path = (fs::path(folder) / "inputs.json").string();
  if (!is_file(path)) {
    return Error{
        .kind = ErrorKind::kInput,
        .what = is_file(fs::path(folder) / "run.json")
                    ? "the run does not say what it was opened with: an older version made it"
                    : "no run folder",
        .where = folder,
        .expected = "run.json and inputs.json",
        .hint = "name the model and its data"};
  }
  auto text = read_file(path);
  if (!text) return text.error();
  auto inputs = records::run_inputs_from(*text);
  if (!inputs) {
    Error error = inputs.error();
    error.where = path + (error.where.empty() ? "" : " at " + error.where);
    return error;
  }
  RunSource source;
  source.model.model = inputs->model;
  source.model.selection = {inputs->include, inputs->exclude, inputs->attention != 0};
  source.model.constants = inputs->constants;
  for (const auto& [name, axis] : inputs->batch_axes) source.model.batch_axes[name] = axis;
  source.data = {.data = inputs->data,
                 .calibrate = inputs->calibrate,
                 .search = inputs->search,
                 .report = inputs->report,
                 .tokenizer = inputs->tokenizer,
                 .annotations = inputs->annotations,
                 .labels = inputs->labels,
                 .sequence = inputs->sequence,
                 .limit = inputs->limit};
  auto scores = scores_of(*inputs);
  if (!scores) return scores.error();
  source.scores = std::move(*scores);
  source.batch = inputs->batch;
  return source;
}

std::optional<std::string> run_of(const std::string& path) {
  fs::path full(absolute(path));
  if (!full.has_filename()) full = full.parent_path();
  if (is_file(full / "run.json")) return full.string();
  const fs::path folder = full.parent_path();
  if (folder.filename() == "recipes" && is_file(folder.parent_path() / "run.json"))
    return folder.parent_path().string();
  return std::nullopt;
}

Result<std::string> recipe_of_run(const std::string& folder, const std::string& name) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(fs::path(folder) / "recipes", error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".yaml") names.push_back(at->path().stem().string());
  }
  std::ranges::sort(names);
  const bool known = std::ranges::find(names, name) != names.end();
  if (known || (name.empty() && names.size() == 1)) {
    const std::string& which = known ? name : names.front();
    return (fs::path(folder) / "recipes" / (which + ".yaml")).string();
  }
  Error problem{.kind = ErrorKind::kUsage,
                .what = names.empty()  ? "the run has no recipes"
                        : name.empty() ? "the run has several recipes"
                                       : "the run has no recipe of this name",
                .where = folder,
                .found = name};
  for (const std::string& each : names)
    problem.expected += (problem.expected.empty() ? "one of " : ", ") + each;
  return problem;
}

}  // namespace posittune::session
