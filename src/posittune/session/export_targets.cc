// The targets of an export.

#include <array>
#include <filesystem>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/exporter/archive.h"
#include "posittune/exporter/compressed_export.h"
#include "posittune/exporter/gguf_types.h"
#include "posittune/exporter/onnx_export.h"
#include "posittune/exporter/recipe_json.h"
#include "posittune/exporter/transformers_export.h"
#include "posittune/quant/recipe_file.h"
#include "posittune/session/export.h"

namespace posittune::session {
namespace {

using exporter::WeightForm;

// A file that was written.
void add_file(const std::string& path, ExportResult& result) {
  std::error_code ignored;
  result.files.push_back(path);
  result.bytes += std::filesystem::file_size(path, ignored);
}

Status write_onnx(const ExportSource& source, WeightForm form, ExportResult& result) {
  const exporter::OnnxOptions options{.style = source.options.resident
                                                   ? exporter::LutStyle::kResident
                                                   : exporter::LutStyle::kFoldable,
                                      .weights = form};
  auto made = exporter::export_onnx(source.file, source.model, options, source.options.output);
  if (!made) return made.error();
  result.files.push_back(made->files.model);
  if (!made->files.data.empty()) result.files.push_back(made->files.data);
  result.bytes = made->files.bytes;
  if (form == WeightForm::kCodes) result.weight_bytes = made->weight_bytes;
  result.notes = std::move(made->notes);
  return success();
}

Status write_codes(const ExportSource& source, ExportResult& result) {
  return write_onnx(source, WeightForm::kCodes, result);
}
Status write_fp32(const ExportSource& source, ExportResult& result) {
  return write_onnx(source, WeightForm::kFp32, result);
}
Status write_fp16(const ExportSource& source, ExportResult& result) {
  return write_onnx(source, WeightForm::kFp16, result);
}

Status write_posit(const ExportSource& source, ExportResult& result) {
  const std::string& path = source.options.output;
  if (const Status done = exporter::write_archive(source.model, path); !done) return done;
  add_file(path, result);
  result.weight_bytes = result.bytes;
  return success();
}

Status write_recipe(const ExportSource& source, ExportResult& result) {
  const std::string& path = source.options.output;
  std::string text = quant::recipe_file_to_yaml({source.model.recipe, source.model.model_sha256});
  if (path.ends_with(".json")) {
    auto json = exporter::to_json(source.model.recipe, source.model.model_sha256);
    if (!json) return json.error();
    text = std::move(*json);
  }
  if (const Status done = write_file(path, text); !done) return done;
  add_file(path, result);
  return success();
}

Status write_gguf(const ExportSource& source, ExportResult& result) {
  auto types = exporter::gguf_types(source.model.recipe, {.snap = source.options.snap});
  if (!types) return types.error();
  if (const Status done = write_file(source.options.output, types->text); !done) return done;
  add_file(source.options.output, result);
  result.notes = std::move(types->notes);
  return success();
}

Result<std::string> hub_of(const ExportSource& source) {
  if (!source.options.hub.empty()) return source.options.hub;
  return Error{.kind = ErrorKind::kUsage,
               .what = "this target takes names and settings from a folder that transformers loads",
               .where = "`hub`",
               .expected = "the folder that the model was made from"};
}

Status add_folder(Result<exporter::ExportedFolder> made, ExportResult& result) {
  if (!made) return made.error();
  result.files.push_back(made->folder);
  result.bytes = made->bytes;
  result.notes = std::move(made->notes);
  return success();
}

Status write_transformers(const ExportSource& source, ExportResult& result) {
  auto hub = hub_of(source);
  if (!hub) return hub.error();
  return add_folder(exporter::export_transformers(*hub, source.model, {}, source.options.output),
                    result);
}
Status write_safetensors(const ExportSource& source, ExportResult& result) {
  auto hub = hub_of(source);
  if (!hub) return hub.error();
  return add_folder(exporter::export_safetensors(*hub, source.model, {}, source.options.output),
                    result);
}
Status write_compressed(const ExportSource& source, ExportResult& result) {
  auto hub = hub_of(source);
  if (!hub) return hub.error();
  return add_folder(exporter::export_compressed_tensors(
                        *hub, source.model, {.snap = source.options.snap}, source.options.output),
                    result);
}

constexpr std::array<ExportTarget, 9> kTargets = {{
    {"onnx", ".onnx",
     "ONNX of standard operators: codes, tables and scales, inputs rounded as the recipe has it",
     true, write_codes},
    {"posit", ".safetensors", "archive of packed codes, for PositTune, NumPy and the RTL", true,
     write_posit},
    {"fp32", ".fp32.onnx", "ONNX with weights snapped to their formats", true, write_fp32},
    {"fp16", ".fp16.onnx", "the same, weights stored as FP16", true, write_fp16},
    {"safetensors", ".safetensors", "snapped weights under transformers' names (hub)", true,
     write_safetensors},
    {"transformers", ".transformers", "a folder that transformers loads, weights snapped (hub)",
     true, write_transformers},
    {"gguf", ".tensor-types.txt", "types for llama-quantize's option tensor-type-file", false,
     write_gguf},
    {"compressed-tensors", ".compressed",
     "a folder for vLLM: int, fp and MX weights as codes (hub)", true, write_compressed},
    {"recipe", ".yaml", "the recipe alone, YAML, or JSON for a file that ends in .json", false,
     write_recipe},
}};

}  // namespace

std::span<const ExportTarget> export_targets() { return kTargets; }

}  // namespace posittune::session
