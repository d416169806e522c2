#include "posittune/exporter/transformers_export.h"

#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/half.h"
#include "posittune/exporter/archive_tensors.h"
#include "posittune/exporter/hf_folder.h"
#include "posittune/exporter/hf_json.h"
#include "posittune/exporter/hf_weights.h"
#include "posittune/exporter/output_folder.h"
#include "posittune/exporter/safetensors.h"

namespace posittune::exporter {
namespace {

// Numbers of the model, and what became of them in half precision.
struct Counts {
  std::uint64_t quantized = 0, quantized_rounded = 0, others = 0, others_rounded = 0;
};

std::string to_halves(const std::vector<float>& values, std::uint64_t& rounded) {
  std::string bytes;
  bytes.reserve(values.size() * 2);
  for (const float value : values) {
    const Half half(value);
    rounded += static_cast<float>(half) != value && !std::isnan(value) ? 1 : 0;
    bytes += static_cast<char>(half.bits & 0xff);
    bytes += static_cast<char>(half.bits >> 8);
  }
  return bytes;
}

class Writer {
 public:
  Writer(const HfFolder& source, const PortableModel& model, HfWeights match, bool half)
      : source_(source), model_(model), match_(std::move(match)), half_(half) {}

  Result<std::uint64_t> write(const std::string& path) {
    std::vector<StoredTensor> tensors;
    for (const std::string& name : source_.names()) {
      const TensorEntry& entry = source_.entry(name);
      const bool floats = is_float(entry.dtype);
      tensors.push_back(
          {name, floats ? (half_ ? "F16" : "F32") : entry.dtype, entry.shape,
           [this, name, floats] { return floats ? numbers(name) : source_.bytes(name); }});
    }
    const Status written = write_safetensors(path, {{"format", "pt"}}, std::move(tensors));
    if (!written) return written.error();
    std::error_code ignored;
    return std::filesystem::file_size(path, ignored);
  }
  const Counts& counts() const { return counts_; }

 private:
  Result<std::string> numbers(const std::string& tensor) {
    const auto values = numbers_of(tensor, source_, model_, match_);
    if (!values) return values.error();
    const bool quantized = match_.weights.contains(tensor);
    (quantized ? counts_.quantized : counts_.others) += values->size();
    if (!half_) return to_bytes(*values);
    return to_halves(*values, quantized ? counts_.quantized_rounded : counts_.others_rounded);
  }

  const HfFolder& source_;
  const PortableModel& model_;
  HfWeights match_;
  bool half_;
  Counts counts_;
};

std::vector<std::string> notes_of(const PortableModel& model, const Counts& counts, bool half) {
  std::vector<std::string> notes = notes_on_inputs(model);
  if (half) {
    notes.push_back("FP16 rounds " + std::to_string(counts.quantized_rounded) + " of " +
                    std::to_string(counts.quantized) + " quantized numbers, and " +
                    std::to_string(counts.others_rounded) + " of " + std::to_string(counts.others) +
                    " others");
  }
  return notes;
}

// What both forms begin with.
struct Opened {
  HfFolder source;
  HfWeights match;
};
Result<Opened> open(const std::string& source, const PortableModel& model,
                    const TransformersOptions& options) {
  auto folder = HfFolder::open(source);
  if (!folder) return folder.error();
  auto match = match_weights(*folder, model, options.names);
  if (!match) return match.error();
  return Opened{std::move(*folder), std::move(*match)};
}

}  // namespace

std::vector<std::string> notes_on_inputs(const PortableModel& model) {
  std::vector<std::string> notes;
  if (!model.inputs.empty()) {
    notes.push_back(
        "inputs of " + std::to_string(model.inputs.size()) +
        " layers are not rounded there: what it computes is the recipe's weights alone");
  }
  if (model.recipe.accumulate == quant::Accumulate::kQuire)
    notes.emplace_back("sums are not exact there (accumulate: quire)");
  return notes;
}

Result<ExportedFolder> export_safetensors(const std::string& source, const PortableModel& model,
                                          const TransformersOptions& options,
                                          const std::string& path) {
  auto opened = open(source, model, options);
  if (!opened) return opened.error();
  Writer writer(opened->source, model, std::move(opened->match), options.half);
  const auto bytes = writer.write(path);
  if (!bytes) return bytes.error();
  return ExportedFolder{path, *bytes, notes_of(model, writer.counts(), options.half)};
}

Result<ExportedFolder> export_transformers(const std::string& source, const PortableModel& model,
                                           const TransformersOptions& options,
                                           const std::string& folder) {
  auto opened = open(source, model, options);
  if (!opened) return opened.error();
  auto config = changed_config(opened->source.config(), options.half ? "float16" : "float32", {},
                               source + ", config.json");
  if (!config) return config.error();
  auto output = OutputFolder::create(folder);
  if (!output) return output.error();
  Writer writer(opened->source, model, std::move(opened->match), options.half);
  const auto bytes = writer.write(output->file("model.safetensors"));
  if (!bytes) return bytes.error();
  if (const Status ok = write_file(output->file("config.json"), *config); !ok) return ok.error();
  for (const std::string& name : opened->source.other_files()) {
    const Status copied = output->copy((std::filesystem::path(source) / name).string(), name);
    if (!copied) return copied.error();
  }
  if (const Status done = output->commit(); !done) return done.error();
  return ExportedFolder{folder, *bytes, notes_of(model, writer.counts(), options.half)};
}

}  // namespace posittune::exporter
