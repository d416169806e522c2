#include "posittune/data/source.h"

#include <map>
#include <numeric>
#include <utility>

#include "posittune/base/hash.h"
#include "posittune/base/interrupt.h"
#include "posittune/data/tensor_cast.h"

namespace posittune::data {
namespace {

class TensorSource : public ItemSource {
 public:
  explicit TensorSource(Tensors tensors) : tensors_(std::move(tensors)) {}

  Result<Tensors> batch(std::size_t first, std::size_t count) const override {
    Tensors rows;
    for (const auto& [name, tensor] : tensors_) rows.emplace(name, rows_of(tensor, first, count));
    return rows;
  }

  Result<std::vector<std::string>> hashes() const override {
    const std::size_t items = tensors_.empty() ? 0 : tensors_.begin()->second.shape.front();
    std::vector<std::string> hashes;
    hashes.reserve(items);
    for (std::size_t i = 0; i < items; ++i) {
      if (Status going = check_interrupt(); !going) return going.error();
      Sha256 hash;
      for (const auto& [name, tensor] : tensors_) {
        const std::size_t row = tensor.bytes.size() / items;
        TensorShape shape = tensor.shape;
        shape.erase(shape.begin());
        hash.update_field(name).update_field(posittune::name(tensor.type));
        hash.update_field(to_string(shape));
        hash.update_field(std::span(tensor.bytes).subspan(i * row, row));
      }
      hashes.push_back(hash.hex());
    }
    return hashes;
  }

 private:
  Tensors tensors_;
};

}  // namespace

std::unique_ptr<ItemSource> make_tensor_source(Tensors tensors) {
  return std::make_unique<TensorSource>(std::move(tensors));
}

std::vector<std::size_t> renumbered(const std::vector<std::int64_t>& keys) {
  std::map<std::int64_t, std::size_t> numbers;
  std::vector<std::size_t> out;
  out.reserve(keys.size());
  for (const std::int64_t key : keys)
    out.push_back(numbers.emplace(key, numbers.size()).first->second);
  return out;
}

std::vector<std::size_t> numbered(std::size_t items) {
  std::vector<std::size_t> out(items);
  std::iota(out.begin(), out.end(), std::size_t{0});
  return out;
}

std::string dims_text(const std::vector<std::int64_t>& dims) {
  std::string text = "(";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ", ";
    text += dims[i] < 0 ? "?" : std::to_string(dims[i]);
  }
  return text + (dims.size() == 1 ? ",)" : ")");
}

std::string names_of(const ModelInputs& inputs) {
  std::string text;
  for (const TensorInfo& input : inputs) {
    if (!text.empty()) text += ", ";
    text += "'" + input.name + "' " + std::string(name(input.type)) + " " + dims_text(input.dims);
  }
  return text;
}

}  // namespace posittune::data
