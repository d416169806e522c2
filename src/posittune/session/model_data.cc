#include "posittune/session/model_data.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/hash.h"
#include "posittune/data/constants.h"
#include "posittune/records/config_text.h"
#include "posittune/session/zoo_models.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

std::optional<data::DataSpec> spec_of(const DataSpec& options, const std::string& path) {
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
Status check_labels(const DataSpec& options, const data::Splits& splits) {
  if (options.labels.empty() || !options.data.empty()) return success();
  bool used = false;
  for (const auto* split : {&splits.calibrate, &splits.search, &splits.report}) {
    used = used || (*split && !(*split)->annotations().labels.empty());
  }
  if (!used) {
    return Error{
        .kind = ErrorKind::kInput,
        .what = "the labels name no image of any split",
        .where = "`labels`, " + options.labels,
        .expected = "a line \"FILE LABEL\" for each image, FILE as it is called in its folder"};
  }
  if (!splits.search || !splits.report) return success();
  const std::set<std::string> searched = image_names(*splits.search);
  for (const std::string& name : image_names(*splits.report)) {
    if (!searched.contains(name) || splits.report->annotations().labels.empty()) continue;
    if (fs::path(name).filename() == fs::path(options.labels).filename()) continue;
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the labels do not tell the images of two splits apart",
                 .where = "`labels`, " + options.labels,
                 .expected = "names that are in one split",
                 .found = name + " in search and in report",
                 .hint = "give each split its own labels in a data.yaml"};
  }
  return success();
}

std::string run_inputs_config(const Tensors& constants, const data::SplitSpecs& specs) {
  std::string text;
  for (const auto& [name, tensor] : constants)
    text += "constant: " + records::quoted(data::constants_text({{name, tensor}})) + "\n";
  for (const auto& [name, axis] : specs.batch_axes) {
    if (axis > 0)
      text += "batch_axis: " + records::quoted(name + "=" + std::to_string(axis)) + "\n";
  }
  return text;
}

void override_with(const DataSpec& options, std::optional<data::DataSpec>& spec) {
  if (!spec) return;
  if (options.limit > 0)
    spec->limit = spec->limit == 0 ? options.limit : std::min(spec->limit, options.limit);
  if (options.sequence > 0) spec->sequence = options.sequence;
  if (!options.tokenizer.empty()) spec->tokenizer = options.tokenizer;
}

Result<data::SplitSpecs> split_specs(const DataSpec& options, const std::string& zoo_data) {
  const bool paths =
      !options.calibrate.empty() || !options.search.empty() || !options.report.empty();
  if (paths && !options.data.empty()) {
    return Error{
        .kind = ErrorKind::kUsage,
        .what = "`data` names all splits; `calibrate`, `search` and `report` name one each",
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
  if (yaml.empty()) return data::SplitSpecs{};
  auto specs = data::read_data_yaml(yaml);
  if (!specs) return specs.error();
  override_with(options, specs->calibrate);
  override_with(options, specs->search);
  override_with(options, specs->report);
  return specs;
}

// A spec's own constants and axes come before those of the data.yaml.
void add_run_inputs(const ModelSpec& model, data::SplitSpecs& specs) {
  for (const auto& [name, text] : model.constants) specs.constants[name] = text;
  for (const auto& [name, axis] : model.batch_axes) specs.batch_axes[name] = axis;
  for (auto* split : {&specs.calibrate, &specs.search, &specs.report}) {
    if (!*split) continue;
    for (const auto& [name, text] : specs.constants) (*split)->constants.insert(name);
  }
}

// Adds the files that an ONNX model says hold its tensors: StringStringEntryProto{key: "location"}
// of onnx.proto, whose bytes are looked for wherever they are. What only looks like one names no
// file.
Status find_external(const std::string& path, std::set<std::string>& names) {
  constexpr std::string_view kEntry = "\x0a\x08location\x12";
  constexpr std::size_t kChunk = 1U << 20,
                        kOverlap = 512;  // an entry and its name fit into the overlap
  auto file = InputFile::open(path);
  if (!file) return file.error();
  std::vector<char> bytes(kChunk + kOverlap);
  for (std::uint64_t at = 0; at < file->size(); at += kChunk) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), file->size() - at));
    if (const Status read =
            file->read_at(at, std::as_writable_bytes(std::span(bytes.data(), size)));
        !read)
      return read.error();
    const std::string_view text(bytes.data(), size);
    for (std::size_t found = text.find(kEntry); found != text.npos;
         found = text.find(kEntry, found + 1)) {
      const std::size_t length = found + kEntry.size();
      if (length >= size) break;
      const auto count = static_cast<unsigned char>(text[length]);
      if (count < 128 && length + 1 + count <= size) names.emplace(text.substr(length + 1, count));
    }
  }
  return success();
}

}  // namespace

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

Result<Source> resolve(const ModelSpec& model, const DataSpec& data) {
  auto argument = resolve_model(model.model);
  if (!argument) return argument.error();
  auto specs = split_specs(data, argument->data);
  if (!specs) return specs.error();
  add_run_inputs(model, *specs);
  return Source{argument->model, std::move(*specs)};
}

Result<Source> resolve(const ModelSpec& model) {
  auto argument = resolve_model(model.model);
  if (!argument) return argument.error();
  Source source{argument->model, {}};
  add_run_inputs(model, source.splits);
  return source;
}

Status require_data(const Source& source) {
  const data::SplitSpecs& specs = source.splits;
  if (specs.calibrate || specs.search || specs.report) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "no data",
               .expected =
                   "`data=data.yaml`, which names the splits, or one each by `calibrate`, `search` "
                   "and `report=PATH`",
               .hint = "zoo:gpt2, zoo:albert and zoo:yolo bring their own"};
}

Result<OpenedModel> open_model(const Source& source, const model::Selection& selection) {
  OpenedModel opened;
  const data::SplitSpecs& specs = source.splits;
  model::LoadOptions load{
      .batch_axes = specs.batch_axes,
      .constants = [&](const std::vector<TensorInfo>& inputs) -> Result<Tensors> {
        auto constants = data::read_constants(specs.constants, inputs);
        if (!constants) return constants.error();
        opened.inputs_config = run_inputs_config(*constants, specs);
        opened.constants = *constants;
        return constants;
      }};
  auto graph = model::load(source.model, load);
  if (!graph) return graph.error();
  auto chosen = model::select(*graph, selection);
  if (!chosen) return chosen.error();
  opened.graph = std::move(*graph);
  opened.chosen = std::move(*chosen);
  return opened;
}

Result<data::Splits> open_splits(const Source& source, const DataSpec& data,
                                 const std::vector<TensorInfo>& inputs) {
  auto splits = data::open_splits(source.splits, inputs);
  if (!splits) return splits.error();
  if (const Status labels = check_labels(data, *splits); !labels) return labels.error();
  return splits;
}

}  // namespace posittune::session
