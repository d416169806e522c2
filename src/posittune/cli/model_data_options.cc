#include "posittune/cli/model_data_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/hash.h"
#include "posittune/cli/zoo_models.h"
#include "posittune/data/constants.h"

namespace posittune::cli {
namespace {

namespace fs = std::filesystem;

std::optional<data::DataSpec> spec_of(const ModelDataOptions& options, const std::string& path) {
  if (path.empty()) return std::nullopt;
  data::DataSpec spec;
  spec.path = path;
  spec.tokenizer = options.tokenizer;
  spec.annotations = options.annotations;
  spec.labels = options.labels;
  spec.shared_labels = true;
  spec.sequence = options.sequence;
  spec.limit = options.limit;
  return spec;
}

std::set<std::string> image_names(const data::Dataset& data) {
  std::set<std::string> names;
  for (const data::DataFile& file : data.description().files) {
    names.insert(fs::path(file.path).lexically_relative(data.description().path).string());
  }
  return names;
}

// One file of labels for all splits: it must be of one of them, and tell their images apart.
Status check_labels(const ModelDataOptions& options, const data::Splits& splits) {
  if (options.labels.empty() || !options.data.empty()) return success();
  bool used = false;
  for (const auto* split : {&splits.calibrate, &splits.search, &splits.report}) {
    used = used || (*split && !(*split)->annotations().labels.empty());
  }
  if (!used) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "the labels name no image of any split",
                 .where = options.labels,
                 .expected = "a line \"FILE LABEL\" for each image, FILE as it is called in its folder"};
  }
  if (!splits.search || !splits.report) return success();
  const std::set<std::string> searched = image_names(*splits.search);
  for (const std::string& name : image_names(*splits.report)) {
    if (!searched.contains(name) || splits.report->annotations().labels.empty()) continue;
    if (fs::path(name).filename() == fs::path(options.labels).filename()) continue;
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the labels do not tell the images of two splits apart",
                 .where = options.labels,
                 .expected = "names that are in one split",
                 .found = name + " in search and in report",
                 .hint = "give each split its own `labels` in a data.yaml"};
  }
  return success();
}

std::string run_inputs_config(const Tensors& constants, const data::SplitSpecs& specs) {
  const auto quoted = [](const std::string& text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); };
  std::string text;
  for (const auto& [name, tensor] : constants) text += "constant: " + quoted(data::constants_text({{name, tensor}})) + "\n";
  for (const auto& [name, axis] : specs.batch_axes) {
    if (axis > 0) text += "batch_axis: " + quoted(name + "=" + std::to_string(axis)) + "\n";
  }
  return text;
}

void override_with(const ModelDataOptions& options, std::optional<data::DataSpec>& spec) {
  if (!spec) return;
  if (options.limit > 0) spec->limit = spec->limit == 0 ? options.limit : std::min(spec->limit, options.limit);
  if (options.sequence > 0) spec->sequence = options.sequence;
  if (!options.tokenizer.empty()) spec->tokenizer = options.tokenizer;
}

// NAME and what stands behind the first '='.
Result<std::pair<std::string, std::string>> named(const std::string& text, const char* option, const char* form) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < text.size()) return std::pair(text.substr(0, equals), text.substr(equals + 1));
  return Error{.kind = ErrorKind::kUsage, .what = "not a name and a value", .where = option, .expected = form, .found = text};
}

// The command line comes before the data.yaml.
Status add_run_inputs(const ModelDataOptions& options, data::SplitSpecs& specs) {
  std::set<std::string> constants, axes;
  const auto twice = [](const char* option, const std::string& name) {
    return Error{.kind = ErrorKind::kUsage, .what = "a name is given twice", .where = option, .found = name};
  };
  for (const std::string& text : options.constants) {
    auto entry = named(text, "--constant", "NAME=VALUE, as sr=16000, scales=0.667,1,0.8 or x=array.npy");
    if (!entry) return entry.error();
    if (!constants.insert(entry->first).second) return twice("--constant", entry->first);
    specs.constants[entry->first] = entry->second;
  }
  for (const std::string& text : options.batch_axes) {
    auto entry = named(text, "--batch-axis", "NAME=AXIS, as x=1");
    if (!entry) return entry.error();
    std::size_t axis = 0;
    const char* end = entry->second.data() + entry->second.size();
    const auto [stop, error] = std::from_chars(entry->second.data(), end, axis);
    if (error != std::errc{} || stop != end) {
      return Error{.kind = ErrorKind::kUsage, .what = "not an axis", .where = "--batch-axis", .expected = "0, 1, ...", .found = text};
    }
    if (!axes.insert(entry->first).second) return twice("--batch-axis", entry->first);
    specs.batch_axes[entry->first] = axis;
  }
  for (auto* split : {&specs.calibrate, &specs.search, &specs.report}) {
    if (!*split) continue;
    for (const auto& [name, text] : specs.constants) (*split)->constants.insert(name);
  }
  return success();
}

Result<data::SplitSpecs> split_specs(const ModelDataOptions& options, const std::string& zoo_data) {
  const bool paths = !options.calibrate.empty() || !options.search.empty() || !options.report.empty();
  if (paths && !options.data.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "--data names all splits; --calibrate, --search and --report name one each",
                 .hint = "give one or the other"};
  }
  if (paths) {
    data::SplitSpecs specs;
    specs.calibrate = spec_of(options, options.calibrate);
    specs.search = spec_of(options, options.search);
    specs.report = spec_of(options, options.report);
    return specs;
  }
  const std::string yaml = options.data.empty() ? zoo_data : options.data;
  if (yaml.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no data",
                 .expected = "--data data.yaml, which names the splits, or one each by --calibrate, --search and --report PATH",
                 .hint = "zoo:gpt2, zoo:albert and zoo:yolo bring their own"};
  }
  auto specs = data::read_data_yaml(yaml);
  if (!specs) return specs.error();
  override_with(options, specs->calibrate);
  override_with(options, specs->search);
  override_with(options, specs->report);
  return specs;
}

// Adds the files that an ONNX model says hold its tensors: StringStringEntryProto{key: "location"} of
// onnx.proto, whose bytes are looked for wherever they are. What only looks like one names no file.
Status find_external(const std::string& path, std::set<std::string>& names) {
  constexpr std::string_view kEntry = "\x0a\x08location\x12";
  constexpr std::size_t kChunk = 1U << 20, kOverlap = 512;  // an entry and its name fit into the overlap
  auto file = InputFile::open(path);
  if (!file) return file.error();
  std::vector<char> bytes(kChunk + kOverlap);
  for (std::uint64_t at = 0; at < file->size(); at += kChunk) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), file->size() - at));
    if (const Status read = file->read_at(at, std::as_writable_bytes(std::span(bytes.data(), size))); !read) return read.error();
    const std::string_view text(bytes.data(), size);
    for (std::size_t found = text.find(kEntry); found != text.npos; found = text.find(kEntry, found + 1)) {
      const std::size_t length = found + kEntry.size();
      if (length >= size) break;
      const auto count = static_cast<unsigned char>(text[length]);
      if (count < 128 && length + 1 + count <= size) names.emplace(text.substr(length + 1, count));
    }
  }
  return success();
}

}  // namespace

void declare_model_data(CLI::App& app, ModelDataOptions& options) {
  app.add_option("MODEL", options.model, "ONNX file, OpenVINO IR (.xml), or zoo:NAME, which brings its data")->required();
  const std::string data = "Data";
  app.add_option("--data", options.data, "YAML file that describes the data: keys calibrate, search and report")->group(data);
  app.add_option("--calibrate", options.calibrate, "calibration data: statistics of activations and scales come from it")->group(data);
  app.add_option("--search", options.search, "data that scores, and choices between formats, are measured on")->group(data);
  app.add_option("--report", options.report, "data for the results shown, used for nothing else: .npz, .txt, folder of images, COCO .json")->group(data);
  app.add_option("--tokenizer", options.tokenizer, "for text data: the tokenizer as OpenVINO IR (openvino_tokenizer.xml)")->group(data);
  app.add_option("--annotations", options.annotations, "for folders of images: COCO .json with their boxes")->group(data);
  app.add_option("--labels", options.labels, "for folders of images: text file with a line \"FILE LABEL\" for each image; a split of which it names no image has no labels. A folder for each class needs none")->group(data);
  app.add_option("--sequence", options.sequence, "for text data: tokens in each item (default: what the model fixes, else 256)")->check(CLI::Range(0, 1 << 30))->group(data);
  app.add_option("--limit", options.limit, "use at most this many items of each split (0: all)")->check(CLI::Range(0, 1 << 30))->group(data);
  app.add_option("--constant", options.constants,
                 "an input of the model that is the same for all items, such as a sampling rate: a number, numbers with commas between "
                 "them, or an array in a file.npy. The data then need not hold it; may be given several times")
      ->option_text("NAME=VALUE")
      ->allow_extra_args(false)
      ->group(data);
  app.add_option("--batch-axis", options.batch_axes,
                 "which axis of an input or output of the model counts the items, where it is not the first (0): x=1 for a model that "
                 "takes (time, items, features). Data files hold the items first all the same; may be given several times")
      ->option_text("NAME=AXIS")
      ->allow_extra_args(false)
      ->group(data);
  const std::string layers = "Layers";
  app.add_option("--include", options.selection.include,
                 "quantize only layers whose name, or whose weight's name, matches one of these")
      ->option_text("REGEX")
      ->allow_extra_args(false)
      ->group(layers);
  app.add_option("--exclude", options.selection.exclude, "keep layers that match one of these in FP32")
      ->option_text("REGEX")
      ->allow_extra_args(false)
      ->group(layers);
  app.add_flag("--attention", options.selection.attention, "also the products of attention (MatMuls of two activations)")->group(layers);
  app.add_option("--threads", options.threads, "processor threads to use (0: all)")->check(CLI::Range(0, 1024));
}

Result<std::string> model_sha256(const std::string& path) {
  auto hash = sha256_file(path);
  if (!hash) return hash.error();
  std::error_code ignored;
  const fs::path file(path);
  std::set<std::string> names = {file.stem().string() + ".bin", file.filename().string() + ".data"};
  if (const Status found = find_external(path, names); !found) return found.error();
  Sha256 all;
  all.update(std::string_view(*hash));
  bool any = false;
  for (const std::string& name : names) {
    const fs::path weights = file.parent_path() / name;
    if (name == file.filename().string() || !fs::is_regular_file(weights, ignored)) continue;
    auto more = sha256_file(weights.string());
    if (!more) return more.error();
    all.update(std::string_view(*more));
    any = true;
  }
  return any ? all.hex() : *hash;
}

Result<ModelData> open_model_data(const ModelDataOptions& options) {
  auto argument = resolve_model(options.model);
  if (!argument) return argument.error();
  auto specs = split_specs(options, argument->data);
  if (!specs) return specs.error();
  if (const Status added = add_run_inputs(options, *specs); !added) return added.error();
  std::string inputs_config;
  model::LoadOptions load{.batch_axes = specs->batch_axes, .constants = [&](const std::vector<TensorInfo>& inputs) -> Result<Tensors> {
                            auto constants = data::read_constants(specs->constants, inputs);
                            if (!constants) return constants.error();
                            inputs_config = run_inputs_config(*constants, *specs);
                            return constants;
                          }};
  auto graph = model::load(argument->model, load);
  if (!graph) return graph.error();
  auto chosen = model::select(*graph, options.selection);
  if (!chosen) return chosen.error();
  auto splits = data::open_splits(*specs, graph->inputs);
  if (!splits) return splits.error();
  if (const Status labels = check_labels(options, *splits); !labels) return labels.error();
  auto hash = model_sha256(argument->model);
  if (!hash) return hash.error();
  const std::string identity = inputs_config.empty() ? *hash : sha256_hex(*hash + "\n" + inputs_config);
  return ModelData{argument->model, *hash, identity, inputs_config, std::move(*graph), std::move(*chosen), std::move(*splits)};
}

}  // namespace posittune::cli
