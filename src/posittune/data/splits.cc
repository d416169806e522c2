#include "posittune/data/splits.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

#include "posittune/base/interrupt.h"
#include "posittune/data/kinds.h"

namespace posittune::data {
namespace {

constexpr const char* kHint = "a result on data that chose it would flatter it: use other data";

struct NamedSplit {
  const char* name;
  const Dataset* data;

  std::string text() const { return std::string(name) + " " + data->description().path; }
};

std::vector<NamedSplit> named(const Splits& splits) {
  std::vector<NamedSplit> list;
  for (const auto& [name, data] :
       {std::pair("calibrate", &splits.calibrate), std::pair("search", &splits.search),
        std::pair("report", &splits.report)}) {
    if (*data) list.push_back({name, &**data});
  }
  return list;
}

// The file that the items are from. Folders of images have none: a labels file may serve them all.
const DataFile* main_file(const Dataset& data) {
  const DatasetDescription& about = data.description();
  const bool own = std::ranges::any_of(
      kinds(), [&](const KindEntry& of) { return of.name == about.kind && of.own_file; });
  return own ? &about.files.front() : nullptr;
}

Status check_files(const std::vector<NamedSplit>& splits) {
  std::unordered_map<std::string, const NamedSplit*> owners;
  for (const NamedSplit& split : splits) {
    const DataFile* file = main_file(*split.data);
    if (file == nullptr) continue;
    const auto [owner, is_new] = owners.emplace(file->sha256, &split);
    if (is_new) continue;
    const std::string& first = main_file(*owner->second->data)->path;
    return Error{.kind = ErrorKind::kInput,
                 .what = "splits read the same file",
                 .where = std::string(owner->second->name) + " " + first + " equals " + split.name +
                          " " + file->path,
                 .expected = "splits that are disjoint by content",
                 .found = "SHA-256 " + file->sha256 + " of both",
                 .hint = kHint};
  }
  return success();
}

// Pieces of the splits by the hash of their content.
using Pieces = std::vector<Document>;
using PiecesOf = std::function<Result<Pieces>(const Dataset&)>;

Result<Pieces> items_of(const Dataset& data) {
  auto hashes = data.item_hashes();
  if (!hashes) return hashes.error();
  Pieces pieces;
  pieces.reserve(hashes->size());
  for (std::string& hash : *hashes) pieces.push_back({pieces.size(), std::move(hash)});
  return pieces;
}

Result<Pieces> documents_of(const Dataset& data) { return data.documents(); }

Status check_pieces(const std::vector<NamedSplit>& splits, const std::string& noun,
                    const PiecesOf& pieces_of) {
  struct Owner {
    const NamedSplit* split;
    std::size_t number;
  };
  std::unordered_map<std::string, Owner> owners;
  for (const NamedSplit& split : splits) {
    const auto pieces = pieces_of(*split.data);
    if (!pieces) return pieces.error();
    const bool last = &split == &splits.back();
    owners.reserve(last ? 0 : owners.size() + pieces->size());
    const auto text = [&](const NamedSplit& of, std::size_t number) {
      return of.text() + " " + noun + " " + std::to_string(number);
    };
    std::size_t shared = 0;
    std::string where;
    for (std::size_t i = 0; i < pieces->size(); ++i) {
      if (Status going = check_interrupt(); !going) return going;
      const Document& piece = (*pieces)[i];
      const auto found = owners.find(piece.sha256);
      if (found == owners.end()) {
        if (!last) owners.emplace(piece.sha256, Owner{&split, piece.number});
      } else if (found->second.split != &split && shared++ == 0) {
        where = text(*found->second.split, found->second.number) + " equals " +
                text(split, piece.number) + " (counted from 0)";
      }
    }
    if (shared == 0) continue;
    return Error{.kind = ErrorKind::kInput,
                 .what = "splits share " + noun + "s",
                 .where = where,
                 .expected = "splits that are disjoint by content",
                 .found = std::to_string(shared) + " of " + std::to_string(pieces->size()) + " " +
                          noun + "s of " + split.name + " are in an earlier split",
                 .hint = kHint};
  }
  return success();
}

Status open_one(const std::optional<DataSpec>& spec, const std::vector<TensorInfo>& inputs,
                std::optional<Dataset>& out) {
  if (!spec) return success();
  auto data = Dataset::open(*spec, inputs);
  if (!data) return data.error();
  out = std::move(*data);
  return success();
}

}  // namespace

Error missing_split(const std::string& name, const std::string& what, const std::string& hint) {
  return {.kind = ErrorKind::kUsage,
          .what = what,
          .where = "`" + name + "`",
          .expected = "`" + name + "=PATH`, or that key of a `data` file",
          .hint = hint};
}

Status check_disjoint(const Splits& splits) {
  const std::vector<NamedSplit> list = named(splits);
  if (list.size() < 2) return success();
  if (Status s = check_files(list); !s) return s;
  if (Status s = check_pieces(list, "document", documents_of); !s) return s;
  return check_pieces(list, "item", items_of);
}

Result<Splits> open_splits(const SplitSpecs& specs, const std::vector<TensorInfo>& model_inputs) {
  if (!specs.calibrate && !specs.search && !specs.report) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no data are named",
                 .expected = "`calibrate`, `search` or `report`"};
  }
  Splits splits;
  for (const auto& [spec, data] :
       {std::pair(&specs.calibrate, &splits.calibrate), std::pair(&specs.search, &splits.search),
        std::pair(&specs.report, &splits.report)}) {
    if (Status s = open_one(*spec, model_inputs, *data); !s) return s.error();
  }
  if (Status s = check_disjoint(splits); !s) return s.error();
  return splits;
}

}  // namespace posittune::data
