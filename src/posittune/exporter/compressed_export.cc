#include "posittune/exporter/compressed_export.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/exporter/archive_tensors.h"
#include "posittune/exporter/compressed_weight.h"
#include "posittune/exporter/hf_folder.h"
#include "posittune/exporter/hf_json.h"
#include "posittune/exporter/hf_weights.h"
#include "posittune/exporter/output_folder.h"
#include "posittune/exporter/safetensors.h"

namespace posittune::exporter {
namespace {

// The scheme of each tensor that is compressed, and those that have none.
struct Plan {
  HfWeights match;
  std::map<std::string, CompressedScheme> schemes;  // key: the tensor's name
  std::vector<std::string> without;                 // weights, with why
};

// Engines read these rows one by one, whole.
bool is_table(const std::string& tensor) {
  constexpr const char* kTables[] = {"embed_tokens.weight", "wte.weight", "wpe.weight",
                                     "embeddings.weight"};
  return std::ranges::any_of(kTables, [&](const char* end) { return tensor.ends_with(end); });
}

bool takes_int8_tokens(const PortableModel& model, const PortableWeight& weight) {
  return !weight.readers.empty() && std::ranges::all_of(weight.readers, [&](const auto& layer) {
    const auto input = model.recipe.activations.find(layer);
    return input != model.recipe.activations.end() && input->second.format == formats::integer(8) &&
           input->second.scale == quant::ActivationScale::kToken;
  });
}

std::string formats_of(const CodedWeight& weight) {
  std::string text;
  for (const CodeGroup& group : weight.groups) {
    for (const formats::Format& format : group.formats)
      text += (text.empty() ? "" : "|") + formats::name(format);
  }
  return text;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Plan plan_of(const PortableModel& model, HfWeights match) {
  Plan plan{.match = std::move(match), .schemes = {}, .without = {}};
  for (const auto& [tensor, name] : plan.match.weights) {
    const PortableWeight& weight = model.weights.at(name);
    const auto scheme = compressed_scheme(weight.codes, takes_int8_tokens(model, weight));
    const bool module = tensor.ends_with(".weight") && !is_table(tensor);
    if (scheme && module) {
      plan.schemes[tensor] = *scheme;
    } else {
      plan.without.push_back(name +
                             (module ? " (" + formats_of(weight.codes) + ")" : " (a table)"));
    }
  }
  return plan;
}

std::string module_of(const std::string& tensor) { return tensor.substr(0, tensor.rfind('.')); }

CompressedConfig config_of(const Plan& plan) {
  CompressedConfig config;
  for (const auto& [tensor, scheme] : plan.schemes)
    config.modules[scheme].push_back(module_of(tensor));
  for (const auto& [tensor, weight] : plan.match.weights) {
    if (!plan.schemes.contains(tensor)) config.ignored.push_back(module_of(tensor));
  }
  return config;
}

class Writer {
 public:
  Writer(const HfFolder& source, const PortableModel& model, const Plan& plan)
      : source_(source), model_(model), plan_(plan) {}

  Status write(const std::string& path) const {
    std::vector<StoredTensor> tensors;
    for (const std::string& name : source_.names()) {
      if (const auto scheme = plan_.schemes.find(name); scheme != plan_.schemes.end()) {
        const CodedWeight& codes = model_.weights.at(plan_.match.weights.at(name)).codes;
        if (const Status fits = check_rows(name, codes); !fits) return fits;
        auto parts = compressed_tensors(module_of(name), codes, scheme->second);
        if (!parts) return parts.error();
        std::ranges::move(*parts, std::back_inserter(tensors));
        continue;
      }
      const TensorEntry& entry = source_.entry(name);
      const bool floats = is_float(entry.dtype);
      tensors.push_back({name, floats ? "F32" : entry.dtype, entry.shape, [this, name, floats] {
                           return floats ? numbers(name) : source_.bytes(name);
                         }});
    }
    return write_safetensors(path, {{"format", "pt"}}, std::move(tensors));
  }

 private:
  // Linear has a row for each output.
  Status check_rows(const std::string& name, const CodedWeight& codes) const {
    const auto values = decoded(codes);
    if (!values) return values.error();
    const auto stored = source_.floats(name);
    if (!stored) return stored.error();
    const std::string where = source_.path() + ", " + name;
    const auto how = orientation(*stored, source_.entry(name).shape, *values, codes, where);
    if (!how) return how.error();
    if (*how == Orientation::kPlain && source_.entry(name).shape.size() == 2) return success();
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "compressed-tensors does not know this kind of layer",
                 .where = where,
                 .expected = "matrices of Linear layers, a row for each output",
                 .found = "a column for each output, or more axes",
                 .hint = "export_transformers() writes its numbers"};
  }

  Result<std::string> numbers(const std::string& tensor) const {
    const auto values = numbers_of(tensor, source_, model_, plan_.match);
    if (!values) return values.error();
    return to_bytes(*values);
  }

  const HfFolder& source_;
  const PortableModel& model_;
  const Plan& plan_;
};

std::vector<std::string> notes_of(const PortableModel& model, const Plan& plan) {
  std::vector<std::string> notes;
  const auto tokens = static_cast<std::size_t>(std::ranges::count_if(
      plan.schemes, [](const auto& each) { return each.second.int8_tokens; }));
  if (tokens > 0) {
    notes.push_back("inputs of " + std::to_string(tokens) +
                    " weights are int8 with a scale for each token, by the engine's own rule: the "
                    "largest value");
  }
  if (model.inputs.size() > tokens) {
    notes.emplace_back(
        "inputs are rounded only in front of int8 weights, and only with a scale for each token");
  }
  if (model.recipe.accumulate == quant::Accumulate::kQuire)
    notes.emplace_back("sums are not exact there (accumulate: quire)");
  std::set<CompressedScheme> schemes;
  for (const auto& [tensor, scheme] : plan.schemes) schemes.insert(scheme);
  if (std::ranges::any_of(schemes, [](const auto& scheme) { return scheme.blocks; })) {
    notes.emplace_back(
        "weights of mxfp4 and mxfp8 are bfloat16 after decompression, the same numbers: cast "
        "them to the type of the others");
  }
  if (schemes.size() > 1) {
    notes.emplace_back(
        "weights are stored in several ways: transformers (seen: 5.24) decompresses them while it "
        "runs or with compressed-tensors, and not while it loads (run_compressed=False)");
  }
  if (!plan.without.empty())
    notes.push_back("snapped to their grids, in FP32: " + listed(plan.without));
  return notes;
}

Status write_all(const HfFolder& source, const PortableModel& model, const Plan& plan,
                 OutputFolder& output) {
  auto config =
      changed_config(source.config(), "float32", config_of(plan), source.path() + ", config.json");
  if (!config) return config.error();
  const Status written = Writer(source, model, plan).write(output.file("model.safetensors"));
  if (!written) return written;
  if (const Status ok = write_file(output.file("config.json"), *config); !ok) return ok;
  for (const std::string& name : source.other_files()) {
    const auto from = std::filesystem::path(source.path()) / name;
    if (const Status copied = output.copy(from.string(), name); !copied) return copied;
  }
  return success();
}

}  // namespace

Result<ExportedFolder> export_compressed_tensors(const std::string& source,
                                                 const PortableModel& model,
                                                 const CompressedOptions& options,
                                                 const std::string& folder) {
  auto opened = HfFolder::open(source);
  if (!opened) return opened.error();
  auto match = match_weights(*opened, model, options.names);
  if (!match) return match.error();
  const Plan plan = plan_of(model, std::move(*match));
  if (!plan.without.empty() && !options.snap) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "compressed-tensors has no form for weights of the recipe",
                 .expected =
                     "int2 to int8, fp8_e4m3, mxfp4, mxfp8, one for all rows of a Linear "
                     "layer",
                 .found = listed(plan.without),
                 .hint = "`snap` stores their numbers in FP32"};
  }
  auto output = OutputFolder::create(folder);
  if (!output) return output.error();
  if (const Status ok = write_all(*opened, model, plan, *output); !ok) return ok.error();
  std::error_code ignored;
  const std::uint64_t bytes =
      std::filesystem::file_size(output->file("model.safetensors"), ignored);
  if (const Status done = output->commit(); !done) return done.error();
  return ExportedFolder{folder, bytes, notes_of(model, plan)};
}

}  // namespace posittune::exporter
