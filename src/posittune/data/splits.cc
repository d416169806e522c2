#include "posittune/data/splits.h"

#include <map>
#include <unordered_map>
#include <utility>

namespace posittune::data {
namespace {

struct Owner {
  const char* split = nullptr;
  const Dataset* data = nullptr;
  std::size_t item = 0;
};

std::string item_of(const char* split, const Dataset& data, std::size_t item) {
  return std::string(split) + " " + data.description().path + " item " + std::to_string(item);
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

Status check_disjoint(const Splits& splits) {
  std::unordered_map<std::string, Owner> owners;
  for (const auto& [split, data] :
       {std::pair("calibrate", &splits.calibrate), std::pair("search", &splits.search),
        std::pair("report", &splits.report)}) {
    if (!*data) continue;
    const auto hashes = (*data)->item_hashes();
    if (!hashes) return hashes.error();
    std::size_t shared = 0;
    Error error{.kind = ErrorKind::kInput, .what = "splits share items"};
    for (std::size_t i = 0; i < hashes->size(); ++i) {
      const Owner own{split, &**data, i};
      const Owner& owner = owners.emplace((*hashes)[i], own).first->second;
      if (owner.data == own.data) continue;
      if (shared++ == 0) {
        error.where = item_of(owner.split, *owner.data, owner.item) + " equals " +
                      item_of(split, **data, i) + " (counted from 0)";
      }
    }
    if (shared == 0) continue;
    error.expected = "splits that are disjoint by content";
    error.found = std::to_string(shared) + " of " + std::to_string(hashes->size()) + " items of " +
                  split + " are in an earlier split";
    error.hint = "a result on data that chose it would flatter it: use other items";
    return error;
  }
  return success();
}

Result<Splits> open_splits(const SplitSpecs& specs, const std::vector<TensorInfo>& model_inputs) {
  if (!specs.calibrate && !specs.search && !specs.report) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no data are named",
                 .expected = "calibrate, search or report"};
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
