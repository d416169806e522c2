#pragma once

// Sources of a Dataset: one function opens each kind of data. Internal to the room.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/data/data_spec.h"
#include "posittune/data/dataset.h"
#include "posittune/records/annotations.h"

namespace posittune::data {

// A source of items: their inputs, converted to the types of the model's. Calls from several
// threads are allowed.
class ItemSource {
 public:
  virtual ~ItemSource() = default;
  // A batch of items; the caller has checked the range.
  virtual Result<Tensors> batch(std::size_t first, std::size_t count) const = 0;
  // Hashes of all items; see Dataset::item_hashes().
  virtual Result<std::vector<std::string>> hashes() const = 0;
};

struct OpenedSource {
  std::unique_ptr<ItemSource> source;
  DataKind kind = DataKind::kAuto;  // filled in by whoever opens it
  std::size_t items = 0;
  records::Annotations annotations;
  std::vector<std::size_t> units;  // unit of each item, from 0, in the order of first appearance
  std::string unit_name;
  std::vector<std::string> files;       // files of the data set, in the order of hashing
  std::vector<std::string> file_names;  // names of these files as they appear in the hash
  std::string settings;                 // all else that tensors, annotations and units follow from
  std::vector<std::string> classes;     // names by label, where folders give them
  std::vector<Document> documents;      // text
};

using ModelInputs = std::vector<TensorInfo>;

// Opens one kind of data; each has its line in kinds.cc. Errors are kInput unless they say
// otherwise; kInterrupted after a signal.
using OpenSource = Result<OpenedSource>(const DataSpec& spec, const ModelInputs& inputs);

// A source of items in memory: item i is row i of every tensor.
std::unique_ptr<ItemSource> make_tensor_source(Tensors tensors);

// The numbers in `keys`, renumbered from 0 in the order of first appearance.
std::vector<std::size_t> renumbered(const std::vector<std::int64_t>& keys);
// 0, 1, ..., items - 1
std::vector<std::size_t> numbered(std::size_t items);

std::string names_of(const ModelInputs& inputs);  // "'input_ids' int64 (?, 256), ..."
std::string dims_text(const std::vector<std::int64_t>& dims);

}  // namespace posittune::data
