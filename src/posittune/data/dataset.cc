#include "posittune/data/dataset.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <new>
#include <utility>

#include "posittune/base/hash.h"
#include "posittune/base/memory.h"
#include "posittune/data/kinds.h"

namespace posittune::data {
namespace {

namespace fs = std::filesystem;

Result<std::vector<DataFile>> hash_files(const OpenedSource& opened) {
  std::vector<DataFile> files;
  for (const std::string& path : opened.files) {
    auto hash = sha256_file(path);
    if (!hash) return hash.error();
    files.push_back({path, std::move(*hash)});
  }
  return files;
}

// See Dataset::sha256().
std::string combined_hash(const OpenedSource& opened, const std::vector<DataFile>& files) {
  if (opened.file_names.empty()) return files.front().sha256;
  Sha256 hash;
  for (std::size_t i = 0; i < files.size(); ++i) {
    hash.update(files[i].sha256).update("  ").update(opened.file_names[i]).update("\n");
  }
  return hash.hex();
}

Status check_hash(const DataSpec& spec, const std::string& found) {
  std::string expected = spec.sha256;
  for (char& c : expected) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  if (expected.empty() || expected == found) return success();
  return Error{.kind = ErrorKind::kInput,
               .what = "data are not those that sha256 names",
               .where = spec.path,
               .expected = expected,
               .found = found};
}

// See Dataset::identity().
std::string identity_of(const OpenedSource& opened, const std::string& sha256,
                        const ModelInputs& inputs) {
  Sha256 hash;
  hash.update_field(name(opened.kind)).update_field(sha256);
  hash.update_field(std::to_string(opened.items)).update_field(opened.settings);
  for (const TensorInfo& input : inputs) {
    hash.update_field(input.name).update_field(name(input.type));
  }
  return hash.hex();
}

// The IR's weights, where the vocabulary is, stand beside it.
Status add_tokenizer(const std::string& path, std::vector<DataFile>& files) {
  const std::string weights = fs::path(path).replace_extension(".bin").string();
  std::error_code ignored;
  for (const std::string& file : {path, weights}) {
    if (file != path && !fs::is_regular_file(file, ignored)) continue;
    auto hash = sha256_file(file);
    if (!hash) return hash.error();
    files.push_back({file, std::move(*hash)});
  }
  return success();
}

Result<DatasetDescription> describe(const DataSpec& spec, const KindEntry& kind,
                                    const OpenedSource& opened, const ModelInputs& inputs) {
  auto files = hash_files(opened);
  if (!files) return files.error();
  DatasetDescription description;
  description.kind = kind.name;
  description.path = spec.path;
  description.items = opened.items;
  description.units =
      opened.units.empty() ? 0 : *std::max_element(opened.units.begin(), opened.units.end()) + 1;
  description.unit = opened.unit_name;
  description.classes = opened.classes;
  description.sha256 = combined_hash(opened, *files);
  if (Status s = check_hash(spec, description.sha256); !s) return s.error();
  description.identity = identity_of(opened, description.sha256, inputs);
  if (kind.tokenizer) {
    if (Status s = add_tokenizer(spec.tokenizer, *files); !s) return s.error();
  }
  description.files = std::move(*files);
  return description;
}

}  // namespace

Dataset::Dataset(std::unique_ptr<OpenedSource> opened, DatasetDescription description)
    : opened_(std::move(opened)), description_(std::move(description)) {}
Dataset::Dataset(Dataset&&) noexcept = default;
Dataset& Dataset::operator=(Dataset&&) noexcept = default;
Dataset::~Dataset() = default;

Result<Dataset> Dataset::open(const DataSpec& spec, const std::vector<TensorInfo>& model_inputs) {
  if (model_inputs.empty()) {
    return Error{
        .kind = spec.constants.empty() ? ErrorKind::kUnsupported : ErrorKind::kUsage,
        .what = "the model has no input that is of an item",
        .where = spec.path,
        .hint = spec.constants.empty()
                    ? ""
                    : "one input must differ from item to item: leave it out of the constants"};
  }
  try {
    const auto kind = kind_of(spec);
    if (!kind) return kind.error();
    auto opened = (*kind)->open(spec, model_inputs);
    if (!opened) return opened.error();
    opened->kind = (*kind)->kind;
    auto description = describe(spec, **kind, *opened, model_inputs);
    if (!description) return description.error();
    return Dataset(std::make_unique<OpenedSource>(std::move(*opened)), std::move(*description));
  } catch (const std::bad_alloc&) {
    return Error{.kind = ErrorKind::kResource,
                 .what = "not enough memory for the data",
                 .where = spec.path,
                 .hint = "set a limit of items"};
  } catch (const std::exception& problem) {
    if (memory_ended(problem.what())) return out_of_memory(spec.path);
    return Error{.kind = ErrorKind::kInput,
                 .what = "data cannot be read",
                 .where = spec.path,
                 .found = problem.what()};
  }
}

std::size_t Dataset::items() const { return opened_->items; }
const records::Annotations& Dataset::annotations() const { return opened_->annotations; }
const std::vector<std::size_t>& Dataset::units() const { return opened_->units; }
std::size_t Dataset::unit_count() const { return description_.units; }
const std::string& Dataset::unit_name() const { return opened_->unit_name; }
const std::string& Dataset::sha256() const { return description_.sha256; }
const std::string& Dataset::identity() const { return description_.identity; }
const std::vector<Document>& Dataset::documents() const { return opened_->documents; }
const DatasetDescription& Dataset::description() const { return description_; }

Result<Tensors> Dataset::batch(std::size_t first, std::size_t count) const {
  if (count == 0 || first >= items() || count > items() - first) {
    return Error{.what = "batch asks for items that do not exist",
                 .where = description_.path,
                 .expected = "items 0 to " + std::to_string(items() - 1),
                 .found = std::to_string(count) + " from " + std::to_string(first)};
  }
  try {
    return opened_->source->batch(first, count);
  } catch (const std::bad_alloc&) {
    return Error{.kind = ErrorKind::kResource,
                 .what = "not enough memory for a batch",
                 .where = description_.path,
                 .found = std::to_string(count) + " items"};
  }
}

Result<std::vector<std::string>> Dataset::item_hashes() const { return opened_->source->hashes(); }

}  // namespace posittune::data
