#include "posittune/exporter/hf_folder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <set>

#include "posittune/base/files.h"
#include "posittune/base/half.h"
#include "posittune/exporter/archive_tensors.h"
#include "posittune/exporter/hf_json.h"

namespace posittune::exporter {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

Error bad_folder(const std::string& where, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "not a folder of a transformers model",
          .where = where,
          .expected = expected,
          .found = found};
}

// The files with tensors; each in the folder itself.
Result<std::set<std::string>> files_of(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_regular_file(folder / kSingle, ignored)) return std::set<std::string>{kSingle};
  if (!fs::is_regular_file(folder / kIndex, ignored))
    return bad_folder(folder.string(), std::string(kSingle) + " or " + kIndex, "neither");
  auto text = read_file((folder / kIndex).string());
  if (!text) return text.error();
  auto files = files_of_index(*text, (folder / kIndex).string());
  if (!files) return files.error();
  for (const std::string& file : *files) {
    if (fs::path(file).filename() != file || file.empty() || file == "." || file == "..")
      return bad_folder((folder / kIndex).string(), "files in the folder", "'" + file + "'");
  }
  return files;
}

std::vector<float> from_halves(const std::string& bytes, bool bf16) {
  std::vector<float> values(bytes.size() / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + 2 * i, sizeof bits);
    Half half;
    half.bits = bits;
    values[i] = bf16 ? std::bit_cast<float>(std::uint32_t{bits} << 16) : static_cast<float>(half);
  }
  return values;
}

}  // namespace

bool is_float(const std::string& dtype) {
  return dtype == "F32" || dtype == "F16" || dtype == "BF16";
}

Result<HfFolder> HfFolder::open(const std::string& folder) {
  HfFolder made;
  made.path_ = folder;
  auto config = read_file((fs::path(folder) / "config.json").string());
  if (!config) return bad_folder(folder, "config.json", config.error().what);
  made.config_ = std::move(*config);
  auto files = files_of(folder);
  if (!files) return files.error();
  for (const std::string& name : *files) {
    auto file = SafetensorsFile::open((fs::path(folder) / name).string());
    if (!file) return file.error();
    const auto kept = std::make_shared<const SafetensorsFile>(std::move(*file));
    for (const TensorEntry& entry : kept->header().tensors) {
      if (!made.tensors_.try_emplace(entry.name, Place{kept, &entry}).second)
        return bad_folder(folder, "each tensor once", "'" + entry.name + "' in two files");
    }
  }
  return made;
}

std::vector<std::string> HfFolder::names() const {
  std::vector<std::string> names;
  for (const auto& [name, place] : tensors_) names.push_back(name);
  return names;
}

std::optional<std::string> HfFolder::find(const std::string& parameter) const {
  std::vector<std::string> tried = {parameter};
  const std::size_t dot = parameter.find('.');
  if (dot != std::string::npos) tried.push_back(parameter.substr(dot + 1));
  for (const char* word : {"transformer.", "model."}) tried.push_back(word + parameter);
  if (parameter == "lm_head.weight") {
    for (const char* table : {"model.embed_tokens.weight", "embed_tokens.weight",
                              "transformer.wte.weight", "wte.weight"})
      tried.emplace_back(table);
  }
  for (const std::string& name : tried) {
    if (tensors_.contains(name)) return name;
  }
  return {};
}

const TensorEntry& HfFolder::entry(const std::string& name) const {
  return *tensors_.at(name).entry;
}

Result<std::string> HfFolder::bytes(const std::string& name) const {
  const Place& place = tensors_.at(name);
  return place.file->read(*place.entry);
}

Result<std::vector<float>> HfFolder::floats(const std::string& name) const {
  const std::string& dtype = entry(name).dtype;
  if (!is_float(dtype)) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "a tensor of another type",
                 .where = path_ + ", " + name,
                 .expected = "F32, F16, BF16",
                 .found = dtype};
  }
  auto stored = bytes(name);
  if (!stored) return stored.error();
  if (dtype == "F32") return floats_of(*stored);
  return from_halves(*stored, dtype == "BF16");
}

std::vector<std::string> HfFolder::other_files() const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator(path_, ignored)) {
    const std::string name = each.path().filename().string();
    const std::string ending = each.path().extension().string();
    const bool kept = ending == ".json" || ending == ".txt" || ending == ".model" ||
                      ending == ".jinja" || ending == ".py";
    const bool own = name == "config.json" || name == kIndex;
    if (kept && !own && each.is_regular_file(ignored)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace posittune::exporter
