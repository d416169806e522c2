// Data sets in .npz archives: an array for each input of the model; `labels` (sequences are rows of
// symbols, filled up with -1); `document`.

#include <algorithm>
#include <map>
#include <utility>

#include "posittune/data/npy_header.h"
#include "posittune/data/npz.h"
#include "posittune/data/source.h"
#include "posittune/data/tensor_cast.h"

namespace posittune::data {
namespace {

constexpr const char* kLabels = "labels";
constexpr const char* kDocument = "document";
constexpr const char* kConstantHint =
    "an input of the run, the same for all items, is given by `constants=NAME=VALUE`, "
    "or constants in a data.yaml";

Error bad_array(const std::string& path, const std::string& array, const std::string& what,
                const std::string& expected = {}, const std::string& found = {},
                const std::string& hint = {}) {
  return {.kind = ErrorKind::kInput,
          .what = what,
          .where = path + ", array '" + printable(array) + "'",
          .expected = expected,
          .found = found,
          .hint = hint};
}

bool is_integer(ElementType type) {
  return type != ElementType::kF32 && type != ElementType::kF64 && type != ElementType::kF16 &&
         type != ElementType::kBool;
}

const TensorInfo* find_input(const ModelInputs& inputs, const std::string& name) {
  const auto found = std::find_if(inputs.begin(), inputs.end(),
                                  [&](const TensorInfo& input) { return input.name == name; });
  return found == inputs.end() ? nullptr : &*found;
}

Status check_names(const NpzReader& file, const ModelInputs& inputs,
                   const std::set<std::string>& given) {
  for (const NpzArray& array : file.arrays()) {
    if (find_input(inputs, array.name) == nullptr && array.name != kLabels &&
        array.name != kDocument && !given.contains(array.name)) {
      return bad_array(file.path(), array.name, "array is no input of the model",
                       names_of(inputs) + "; or 'labels', 'document'", "",
                       "name the arrays after the model's inputs: numpy.savez(path, NAME=...)");
    }
  }
  for (const TensorInfo& input : inputs) {
    if (std::none_of(file.arrays().begin(), file.arrays().end(),
                     [&](const NpzArray& array) { return array.name == input.name; })) {
      std::string found;
      for (const NpzArray& array : file.arrays()) {
        found += (found.empty() ? "'" : ", '") + printable(array.name) + "'";
      }
      return bad_array(file.path(), input.name, "array for an input of the model is missing",
                       names_of(inputs), found, kConstantHint);
    }
  }
  return success();
}

// Axis 0 counts the items; the model's own first dimension is that of a batch.
Status check_shape(const NpzReader& file, const NpzArray& array, const TensorInfo& input) {
  bool equal = array.shape.size() == input.dims.size() && !array.shape.empty();
  for (std::size_t axis = 1; equal && axis < array.shape.size(); ++axis) {
    equal = input.dims[axis] < 0 || array.shape[axis] == static_cast<std::size_t>(input.dims[axis]);
  }
  if (equal) return success();
  std::vector<std::int64_t> dims = input.dims;
  if (!dims.empty()) dims.front() = -1;
  return bad_array(file.path(), array.name, "array has another shape than the model's input",
                   dims_text(dims), to_string(array.shape),
                   input.dims.empty() ? kConstantHint : "");
}

// The number of items, equal for all arrays.
Result<std::size_t> count_items(const NpzReader& file, const ModelInputs& inputs,
                                const std::set<std::string>& given) {
  const NpzArray* first = nullptr;
  const auto is_empty = [](const NpzArray& array) { return element_count(array.shape) == 0; };
  const bool nothing = std::all_of(file.arrays().begin(), file.arrays().end(), is_empty);
  for (const NpzArray& array : file.arrays()) {
    if (given.contains(array.name)) continue;
    const bool is_input = find_input(inputs, array.name) != nullptr;
    if (array.shape.empty()) {
      return bad_array(file.path(), array.name, "array is a scalar", "one row for each item", "",
                       is_input ? kConstantHint : "");
    }
    if (first != nullptr && array.shape.front() != first->shape.front()) {
      return bad_array(file.path(), array.name, "arrays hold different numbers of items",
                       std::to_string(first->shape.front()) + " rows, as '" + first->name + "'",
                       std::to_string(array.shape.front()) + " rows",
                       is_input ? kConstantHint : "");
    }
    if (first == nullptr) first = &array;
    // An empty axis within an item (a cache of length 0) is no lack of items, unless no array has
    // more.
    if (array.shape.front() == 0 || nothing) {
      return bad_array(file.path(), array.name, "array is empty", "at least one item",
                       "shape " + to_string(array.shape));
    }
  }
  if (first == nullptr) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "archive holds no array but constants of the run",
                 .where = file.path(),
                 .expected = names_of(inputs)};
  }
  return first->shape.front();
}

Result<Tensor> read_input(const NpzReader& file, std::size_t index, std::size_t rows,
                          const TensorInfo& input) {
  auto tensor = file.read(index, rows);
  if (!tensor) return tensor.error();
  const std::string& name = file.arrays()[index].name;
  if (const auto bad = find_not_finite(*tensor)) {
    const bool nan = is_nan(*tensor, *bad);
    return bad_array(
        file.path(), name, nan ? "array holds NaN" : "array holds an infinity", "finite numbers",
        (nan ? "NaN in row " : "infinity in row ") + std::to_string(*bad / (tensor->size() / rows)),
        nan ? "" : "in a mask, numpy.finfo(x.dtype).min does the same");
  }
  return cast_exact(std::move(*tensor), input.type, file.path() + ", array '" + name + "'");
}

Result<Tensor> read_integer_tensor(const NpzReader& file, std::size_t index, std::size_t rows) {
  auto tensor = file.read(index, rows);
  if (!tensor) return tensor.error();
  const NpzArray& array = file.arrays()[index];
  if (is_integer(tensor->type)) return tensor;
  return bad_array(file.path(), array.name, "array does not hold integers", "an integer type",
                   "'" + array.type + "'");
}

Result<std::vector<std::int64_t>> read_integers(const NpzReader& file, std::size_t index,
                                                std::size_t rows) {
  auto tensor = read_integer_tensor(file, index, rows);
  if (!tensor) return tensor.error();
  const NpzArray& array = file.arrays()[index];
  if (tensor->size() != rows) {
    return bad_array(file.path(), array.name, "array does not hold one number for each item",
                     "shape (" + std::to_string(array.shape.front()) + ",)",
                     to_string(array.shape));
  }
  const auto wide = cast_exact(std::move(*tensor), ElementType::kI64, file.path());
  if (!wide) return wide.error();
  const auto numbers = wide->as<std::int64_t>();
  const auto negative =
      std::find_if(numbers.begin(), numbers.end(), [](std::int64_t n) { return n < 0; });
  if (negative != numbers.end()) {
    return bad_array(
        file.path(), array.name, "array holds a negative number", "0 or more",
        std::to_string(*negative) + " in row " + std::to_string(negative - numbers.begin()));
  }
  return std::vector<std::int64_t>(numbers.begin(), numbers.end());
}

// Rows of symbols, each ending where -1 begins.
Result<std::vector<std::vector<std::int64_t>>> read_sequences(const NpzReader& file,
                                                              std::size_t index, std::size_t rows) {
  auto tensor = read_integer_tensor(file, index, rows);
  if (!tensor) return tensor.error();
  const NpzArray& array = file.arrays()[index];
  const auto wide = cast_exact(std::move(*tensor), ElementType::kI64, file.path());
  if (!wide) return wide.error();
  const std::size_t length = array.shape[1];
  std::vector<std::vector<std::int64_t>> sequences;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto symbols = wide->as<std::int64_t>().subspan(row * length, length);
    const auto end = std::ranges::find(symbols, std::int64_t{-1});
    const auto bad = [](auto from, auto to, auto wrong) {
      return std::find_if(from, to, wrong) != to;
    };
    if (bad(symbols.begin(), end, [](std::int64_t n) { return n < 0; }) ||
        bad(end, symbols.end(), [](std::int64_t n) { return n != -1; })) {
      return bad_array(file.path(), array.name, "array does not hold sequences of symbols",
                       "numbers of 0 or more, then -1 up to the end of the row",
                       "another order in row " + std::to_string(row));
    }
    sequences.emplace_back(symbols.begin(), end);
  }
  return sequences;
}

}  // namespace

Result<OpenedSource> open_npz(const DataSpec& spec, const ModelInputs& inputs) {
  const auto file = NpzReader::open(spec.path);
  if (!file) return file.error();
  if (Status s = check_names(*file, inputs, spec.constants); !s) return s.error();
  const auto all = count_items(*file, inputs, spec.constants);
  if (!all) return all.error();
  const std::size_t items = spec.limit > 0 ? std::min(*all, spec.limit) : *all;

  OpenedSource opened;
  opened.items = items;
  opened.units = numbered(items);
  opened.unit_name = "item";
  opened.files = {spec.path};
  Tensors tensors;
  for (std::size_t i = 0; i < file->arrays().size(); ++i) {
    const NpzArray& array = file->arrays()[i];
    if (spec.constants.contains(array.name)) continue;
    if (const TensorInfo* input = find_input(inputs, array.name)) {
      if (Status s = check_shape(*file, array, *input); !s) return s.error();
      auto tensor = read_input(*file, i, items, *input);
      if (!tensor) return tensor.error();
      tensors.emplace(array.name, std::move(*tensor));
      continue;
    }
    if (array.name == kLabels && array.shape.size() == 2 && array.shape[1] > 1) {
      auto sequences = read_sequences(*file, i, items);
      if (!sequences) return sequences.error();
      opened.annotations.sequences = std::move(*sequences);
      continue;
    }
    auto numbers = read_integers(*file, i, items);
    if (!numbers) return numbers.error();
    if (array.name == kLabels) {
      opened.annotations.labels = std::move(*numbers);
    } else {
      opened.units = renumbered(*numbers);
      opened.unit_name = kDocument;
    }
  }
  opened.source = make_tensor_source(std::move(tensors));
  return opened;
}

}  // namespace posittune::data
