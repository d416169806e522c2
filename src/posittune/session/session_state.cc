#include "posittune/session/session_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "posittune/base/hash.h"
#include "posittune/base/threads.h"
#include "posittune/base/version.h"
#include "posittune/engine/path_speed.h"
#include "posittune/engine/versions.h"
#include "posittune/quant/recipe_file.h"
#include "posittune/records/config_text.h"
#include "posittune/records/run_folder.h"
#include "posittune/session/checked.h"
#include "posittune/session/run_source.h"

namespace posittune::session {
namespace {

// The lines of a configuration that say what is scored.
std::string scored_config(const evaluation::ScoredOutput& scored) {
  const records::ScoredRecord record = evaluation::to_record(scored);
  std::string text =
      fmt::format("task: {}\noutput: {}\n", record.task, records::quoted(record.output));
  if (!record.scores.empty()) text += fmt::format("scores: {}\n", record.scores);
  if (scored.scorer.class_axis) text += fmt::format("class_axis: {}\n", *scored.scorer.class_axis);
  if (scored.task == metrics::Task::kLanguageModel && scored.scorer.tokens != "input_ids")
    text += fmt::format("tokens: {}\n", records::quoted(scored.scorer.tokens));
  if (scored.task == metrics::Task::kCtc) text += fmt::format("blank: {}\n", scored.scorer.blank);
  return text;
}

// The layers that are quantized, as a YAML list.
std::string quantized_config(const engine::Engine& engine) {
  std::string text = "quantized:\n";
  const model::Graph& graph = engine.graph();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (engine.chosen(i)) text += fmt::format("  - {}\n", records::quoted(graph.layers[i].name));
  }
  return text;
}

// "5760 of 5824 MACs", or nothing where shapes are not known.
std::string macs_beside(const model::Graph& graph, const data::Dataset& data) {
  auto item = data.batch(0, 1);
  if (!item) return "";
  const auto sizes = model::count_sizes(graph, model::run_shapes(graph, shapes_of(*item)));
  if (!sizes) return "";
  std::uint64_t beside = 0, all = 0;
  for (const model::LayerSizes& each : sizes->products) {
    if (!each.known) return "";
    beside += each.macs;
  }
  for (const model::LayerSizes& each : sizes->layers) all += each.macs;
  return fmt::format(", {} of {} MACs", beside, all + beside);
}

// RUNS/JOB-MODEL-HASH
std::string default_run_folder(const std::string& runs, const std::string& job,
                               const std::string& model, const records::RunInfo& info) {
  std::string identity = info.config;
  for (const auto& [name, hash] : info.hashes) identity += name + hash;
  const std::filesystem::path path(model);
  std::string stem = path.stem().string();
  if (stem == "model" && path.has_parent_path()) stem = path.parent_path().filename().string();
  const std::string name = fmt::format("{}-{}-{}", job, stem, sha256_hex(identity).substr(0, 8));
  return (std::filesystem::path(runs) / name).string();
}

// "openvino 2025.4 (now 2026.4), ..." of what differs; empty where nothing does, or there was none.
std::string changes(const std::map<std::string, std::string>& then,
                    const std::map<std::string, std::string>& now) {
  std::string text;
  if (then.empty()) return text;
  for (const auto& [name, version] : now) {
    const auto before = then.find(name);
    const std::string old = before == then.end() ? "not kept" : before->second;
    if (old != version)
      text += fmt::format("{}{} {} (now {})", text.empty() ? "" : ", ", name, old, version);
  }
  return text;
}

Status check_threads(const Options& options) {
  return check_range("threads", static_cast<double>(options.threads), 0, 1024);
}

}  // namespace

SessionState::State SessionState::open(const ModelSpec& model, const DataSpec& data,
                                       const Options& options, Observer& observer) {
  for (const Status& ok : {check_threads(options), check_range("limit", data.limit, 0, 1 << 30),
                           check_range("sequence", data.sequence, 0, 1 << 30)}) {
    if (!ok) return ok.error();
  }
  auto source = resolve(model, data);
  if (!source) return source.error();
  if (const Status some = require_data(*source); !some) return some.error();
  std::unique_ptr<SessionState> made(new SessionState(options, observer));
  if (const Status opened = made->open_model_of(std::move(*source), model); !opened)
    return opened.error();
  made->inputs_ = to_record(model, data);
  auto splits = open_splits(made->source_, data, made->graph_->inputs);
  if (!splits) return splits.error();
  made->splits_ = std::move(*splits);
  if (const Status known = made->know_hash(); !known) return known.error();
  made->identity_ = made->inputs_config_.empty()
                        ? made->sha256_
                        : sha256_hex(made->sha256_ + "\n" + made->inputs_config_);
  return made;
}

SessionState::State SessionState::open(const ModelSpec& model, const Options& options,
                                       Observer& observer) {
  if (const Status ok = check_threads(options); !ok) return ok.error();
  auto source = resolve(model);
  if (!source) return source.error();
  std::unique_ptr<SessionState> made(new SessionState(options, observer));
  if (const Status opened = made->open_model_of(std::move(*source), model); !opened)
    return opened.error();
  return made;
}

Status SessionState::open_model_of(Source source, const ModelSpec& model) {
  auto opened = open_model(source, model.selection);
  if (!opened) return opened.error();
  source_ = std::move(source);
  selection_ = model.selection;
  has_weights_ = !opened->graph.weights.empty();
  graph_ = std::move(opened->graph);
  chosen_ = std::move(opened->chosen);
  inputs_config_ = std::move(opened->inputs_config);
  constants_ = std::move(opened->constants);
  return success();
}

Status SessionState::know_hash() {
  if (!sha256_.empty()) return success();
  auto hash = model_sha256(source_.model);
  if (!hash) return hash.error();
  sha256_ = std::move(*hash);
  return success();
}

Status SessionState::check_made_for(const std::string& recipes_sha256, const std::string& where) {
  if (recipes_sha256.empty()) return success();
  if (const Status known = know_hash(); !known) return known;
  return quant::check_model(recipes_sha256, sha256_, where);
}

Result<model::Graph> SessionState::take_graph() {
  if (graph_) {
    model::Graph graph = std::move(*graph_);
    graph_.reset();
    return graph;
  }
  auto opened = open_model(source_, selection_);
  if (!opened) return opened.error();
  return std::move(opened->graph);
}

Result<model::Graph> SessionState::look_at_graph() {
  if (!graph_) {
    auto graph = take_graph();
    if (!graph) return graph.error();
    graph_ = std::move(*graph);
  }
  return *graph_;
}

Status SessionState::check_chosen() const {
  if (std::any_of(chosen_.begin(), chosen_.end(), [](bool chosen) { return chosen; }))
    return success();
  if (has_weights_) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no layer is left to quantize",
                 .where = source_.model,
                 .hint = "`include` and `exclude` leave none"};
  }
  return Error{.kind = ErrorKind::kUnsupported,
               .what = "the model has no layer to quantize",
               .where = source_.model,
               .hint = "`posittune inspect` shows what was found, and notes on what was not"};
}

void SessionState::note_what_stays(const model::Graph& graph, const data::Dataset& data) {
  if (selection_.attention) {
    if (const std::string note = model::attention_note(graph); !note.empty()) observer_->note(note);
  }
  for (const std::string& note : graph.notes) observer_->note(note);
  if (graph.products.empty()) return;
  const model::Product& first = graph.products.front();
  const bool one = graph.products.size() == 1;
  observer_->note(
      fmt::format("{} product{} no layer and stay{} as in the file{}: '{}' ({}){}; `posittune "
                  "inspect` names why",
                  graph.products.size(), one ? " is" : "s are", one ? "s" : "",
                  macs_beside(graph, data), first.name, first.type, one ? "" : ", ..."));
}

void SessionState::note_undecided(const engine::Engine& engine) {
  const std::size_t layers = engine.undecided_inputs();
  if (layers == 0) return;
  observer_->note(
      fmt::format("calibration data are too few to choose between static and output scales: {} "
                  "layer{} the static "
                  "one; two images, or two blocks of 64 tokens, are the least",
                  layers, layers == 1 ? " has" : "s have"));
}

Result<SessionState::Ready> SessionState::prepare(
    const data::Dataset& seen, const metrics::ScoreRequest& request, engine::Options options,
    const std::function<Status(const model::Graph&)>& look) {
  auto graph = take_graph();
  if (!graph) return graph.error();
  note_what_stays(*graph, seen);
  auto scored = evaluation::choose_scored(*graph, seen, request);
  if (!scored) return scored.error();
  for (std::size_t at = 0; at < scored->note.size();) {
    const std::size_t end = std::min(scored->note.find('\n', at), scored->note.size());
    observer_->note(scored->note.substr(at, end - at));
    at = end + 1;
  }
  if (look) {
    if (const Status seen_it = look(*graph); !seen_it) return seen_it.error();
  }
  options.chosen = chosen_;
  options.threads = options_.threads;
  auto engine = engine::Engine::create(std::move(*graph), options);
  if (!engine) return engine.error();
  if (const Status settled = evaluation::settle(*scored, *engine, seen); !settled)
    return settled.error();
  scored->scorer.threads = options_.threads;
  return Ready{std::move(*engine), std::move(*scored)};
}

Result<records::RunFolder> SessionState::open_folder(const std::string& job, const Ready& ready,
                                                     const std::string& config,
                                                     const Measuring& measuring,
                                                     const std::string& unused) {
  records::RunInfo info;
  info.hashes["model"] = sha256_;
  for (const auto& [name, split] :
       {std::pair("calibrate", &splits_.calibrate), std::pair("search", &splits_.search),
        std::pair("report", &splits_.report)}) {
    if (*split && name != unused) info.hashes[name] = (*split)->identity();
  }
  info.seed = measuring.seed;
  info.config = fmt::format("command: {}\n{}", job, scored_config(ready.scored)) + config +
                inputs_config_ + quantized_config(ready.engine);
  info.command_line = options_.command_line;
  info.inputs = records::json_text(inputs_of(ready.scored, measuring.batch));
  const std::map<std::string, std::string> versions = engine::versions();
  info.versions = versions;
  info.versions["posittune"] = kVersion;
  info.threads = options_.threads > 0 ? options_.threads : hardware_threads();
  const std::string folder = options_.run_folder.empty()
                                 ? default_run_folder(options_.runs, job, source_.model, info)
                                 : options_.run_folder;
  auto opened = records::RunFolder::open(folder, info);
  if (!opened) return opened;
  if (const std::string other = changes(opened->earlier_versions(), versions); !other.empty()) {
    observer_->note(
        fmt::format("{} was last measured with {}: it is measured anew", folder, other));
  }
  return opened;
}

records::SplitRecord SessionState::record_of(const data::Dataset& data) {
  const data::DatasetDescription& description = data.description();
  return {description.path, description.kind,   description.items,
          description.unit, description.sha256, description.classes};
}

// What a later command opens to have this job's numbers again.
records::RunInputs SessionState::inputs_of(const evaluation::ScoredOutput& scored,
                                           std::size_t batch) const {
  records::RunInputs inputs = inputs_;
  const records::ScoredRecord record = evaluation::to_record(scored);
  inputs.task = record.task;
  inputs.output = record.output;
  inputs.scores = record.scores;
  if (scored.task == metrics::Task::kLanguageModel) inputs.tokens = scored.scorer.tokens;
  if (scored.scorer.class_axis) inputs.class_axis = std::to_string(*scored.scorer.class_axis);
  if (scored.task == metrics::Task::kCtc) inputs.blank = std::to_string(scored.scorer.blank);
  inputs.batch = batch;
  return inputs;
}

sensitivity::Reporter SessionState::reporter() {
  return [observer = observer_](const std::string& title, std::size_t total) -> Advance {
    if (total == 0) return [](std::size_t) { return success(); };
    const bool items = title == "FP32" || title == "calibrate" || title == "exact" ||
                       title == "mixes" || title == "upgrades";
    return observer->step(title, total, items ? "items" : "steps");
  };
}

Result<double> SessionState::time_item(engine::Engine& engine, const data::Dataset& data) {
  auto inputs = data.batch(0, 1);
  if (!inputs) return inputs.error();
  if (const auto warm = engine.run(*inputs); !warm) return warm.error();
  const auto start = std::chrono::steady_clock::now();
  if (const auto again = engine.run(*inputs); !again) return again.error();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace posittune::session
