#include "posittune/cli/job.h"

#include <fmt/ostream.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <openvino/core/version.hpp>
#include <ostream>
#include <utility>

#include "posittune/base/hash.h"
#include "posittune/base/interrupt.h"
#include "posittune/base/printable.h"
#include "posittune/base/threads.h"
#include "posittune/base/version.h"
#include "posittune/engine/path_speed.h"

namespace posittune::cli {

std::vector<std::string> split_formats(const std::vector<std::string>& lists) {
  std::vector<std::string> names;
  for (const std::string& list : lists) {
    int depth = 0;
    std::string name;
    for (const char c : list + ",") {
      depth += c == '<' ? 1 : c == '>' ? -1 : 0;
      if (c == ',' && depth <= 0) {
        names.push_back(std::exchange(name, ""));
      } else {
        name += c;
      }
    }
    if (!name.empty()) names.push_back(name);  // an open bracket: the parser will say so
  }
  return names;
}

Status check_chosen(const ModelData& of) {
  if (std::any_of(of.chosen.begin(), of.chosen.end(), [](bool chosen) { return chosen; })) return success();
  if (!of.graph.weights.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no layer is left to quantize",
                 .where = of.model_path,
                 .hint = "--include and --exclude leave none"};
  }
  return Error{.kind = ErrorKind::kUnsupported,
               .what = "the model has no layer to quantize",
               .where = of.model_path,
               .hint = "`posittune inspect` shows what was found, and notes on what was not"};
}

namespace {

// "5760 of 5824 MACs", or nothing where shapes are not known.
std::string macs_beside(const model::Graph& graph, const data::Dataset& data) {
  auto item = data.batch(0, 1);
  if (!item) return "";
  std::map<std::string, TensorShape> shapes;
  for (const auto& [name, tensor] : *item) shapes[name] = tensor.shape;
  const auto sizes = model::count_sizes(graph, shapes);
  if (!sizes) return "";
  std::uint64_t beside = 0, all = 0;
  for (const model::LayerSizes& each : sizes->products) {
    if (!each.known) return "";
    beside += each.macs;
  }
  for (const model::LayerSizes& each : sizes->layers) all += each.macs;
  return fmt::format(", {} of {} MACs", beside, all + beside);
}

}  // namespace

void say_what_stays(const ModelData& of, const ModelDataOptions& options, const data::Dataset& data, Streams streams) {
  if (options.selection.attention) {
    if (const std::string note = model::attention_note(of.graph); !note.empty()) streams.err << "note: " << note << "\n";
  }
  if (of.graph.products.empty()) return;
  const model::Product& first = of.graph.products.front();
  streams.err << fmt::format("note: {} product{} no layer and stay{} as in the file{}: '{}' ({}){}; `posittune inspect` names why\n", of.graph.products.size(),
                             of.graph.products.size() == 1 ? " is" : "s are", of.graph.products.size() == 1 ? "s" : "", macs_beside(of.graph, data),
                             printable(first.name), first.type, of.graph.products.size() == 1 ? "" : ", ...");
}

Result<evaluation::ScoredOutput> resolve_scored(const ModelData& of, const data::Dataset& data, const evaluation::ScoreRequest& request, Streams streams) {
  auto scored = evaluation::choose_scored(of.graph, data, request);
  if (!scored) return scored.error();
  for (std::size_t at = 0; at < scored->note.size();) {
    const std::size_t end = std::min(scored->note.find('\n', at), scored->note.size());
    streams.err << "note: " << scored->note.substr(at, end - at) << "\n";
    at = end + 1;
  }
  return scored;
}

std::string scored_config(const evaluation::ScoredOutput& scored) {
  const records::ScoredRecord record = evaluation::to_record(scored);
  const auto quoted = [](const std::string& text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); };
  std::string text = fmt::format("task: {}\noutput: {}\n", record.task, quoted(record.output));
  if (!record.scores.empty()) text += fmt::format("scores: {}\n", record.scores);
  if (scored.scorer.class_axis) text += fmt::format("class_axis: {}\n", *scored.scorer.class_axis);
  if (scored.task == metrics::Task::kCtc) text += fmt::format("blank: {}\n", scored.scorer.blank);
  return text;
}

records::SplitRecord split_record(const data::Dataset& data) {
  const data::DatasetDescription& description = data.description();
  return {description.path, description.kind, description.items, description.unit, description.sha256, description.classes};
}

records::RunInfo run_info(const ModelData& of, const ModelDataOptions& options, Streams streams) {
  records::RunInfo info;
  info.hashes["model"] = of.model_sha256;
  if (of.splits.calibrate) info.hashes["calibrate"] = of.splits.calibrate->identity();
  if (of.splits.search) info.hashes["search"] = of.splits.search->identity();
  if (of.splits.report) info.hashes["report"] = of.splits.report->identity();
  info.command_line = {"posittune"};
  info.command_line.insert(info.command_line.end(), streams.arguments.begin(), streams.arguments.end());
  info.versions = {{"posittune", kVersion}, {"openvino", ov::get_openvino_version().buildNumber}};
  info.versions["products"] = engine::product_paths();  // may differ between sessions: part of the keys
  info.threads = options.threads > 0 ? options.threads : hardware_threads();
  return info;
}

std::string quantized_text(const engine::Engine& engine) {
  std::string text = "quantized:\n";
  const model::Graph& graph = engine.graph();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (!engine.chosen(i)) continue;
    text += fmt::format("  - {}\n", nlohmann::json(graph.layers[i].name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return text;
}

std::string default_run_folder(std::string_view command, const ModelData& of, const records::RunInfo& info) {
  std::string identity = info.config;
  for (const auto& [name, hash] : info.hashes) identity += name + hash;
  const std::filesystem::path model(of.model_path);
  std::string stem = model.stem().string();
  if (stem == "model" && model.has_parent_path()) stem = model.parent_path().filename().string();
  return fmt::format("runs/{}-{}-{}", command, stem, sha256_hex(identity).substr(0, 8));
}

Result<records::RunFolder> open_run(const std::string& folder, const records::RunInfo& info, Streams streams) {
  const std::string now = info.versions.at("products");
  std::string before;
  if (const auto run = records::read_run_json(folder); run.ok()) {
    const auto sessions = run->find("sessions");
    if (sessions != run->end() && sessions->is_array() && !sessions->empty() && sessions->back().is_object()) {
      before = sessions->back().value(nlohmann::json::json_pointer("/versions/products"), std::string());
    }
  }
  auto opened = records::RunFolder::open(folder, info);
  if (opened.ok() && !before.empty() && before != now) {
    fmt::print(streams.err,
               "note: products take other paths than in the last session of {} (then {}; now {}): what "
               "was measured there is measured anew\n",
               folder, before, now);
  }
  return opened;
}

evaluation::Advance advance_on(Progress& progress) {
  return [&progress](std::size_t items) -> Status {
    progress.advance(items);
    return check_interrupt();
  };
}

}  // namespace posittune::cli
