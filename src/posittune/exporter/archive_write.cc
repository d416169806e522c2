#include <algorithm>
#include <cmath>
#include <utility>

#include "posittune/exporter/archive.h"
#include "posittune/exporter/archive_json.h"
#include "posittune/exporter/archive_tensors.h"
#include "posittune/exporter/recipe_json.h"
#include "posittune/exporter/safetensors.h"
#include "posittune/kernels/arrays.h"

namespace posittune::exporter {
namespace {

using Shape = std::vector<std::uint64_t>;

// The tensors of an archive. What they are made of outlives them: the model.
class Tensors {
 public:
  void add(const std::string& weight, const PortableWeight& of) {
    for (std::size_t g = 0; g < of.codes.groups.size(); ++g)
      add("weights/" + weight + "/" + std::to_string(g) + "/", of.codes.groups[g], of.codes);
  }
  void add(std::string name, const std::vector<float>& values) {
    add(std::move(name), "F32", {values.size()}, [&values] { return to_bytes(values); });
  }
  std::vector<StoredTensor> take() { return std::move(tensors_); }

 private:
  template <class Make>
  void add(std::string name, std::string dtype, Shape shape, Make make) {
    tensors_.push_back({std::move(name), std::move(dtype), std::move(shape), std::move(make)});
  }

  void add(const std::string& at, const CodeGroup& group, const CodedWeight& weight) {
    add(at + "codes", "U8", {group.packed.size()},
        [&group] { return std::string(group.packed.begin(), group.packed.end()); });
    add_scales(at, group);
    if (!group.exponents.empty()) {
      add(at + "exponents", "U8", {group.rows.size(), group.exponents.size() / group.rows.size()},
          [&group] { return std::string(group.exponents.begin(), group.exponents.end()); });
    }
    if (group.rows.size() != weight.rows) {
      std::vector<std::uint32_t> rows = stretches(group.rows);
      const Shape shape{rows.size() / 2, 2};
      add(at + "rows", "U32", shape, [rows = std::move(rows)] { return to_bytes(rows); });
    }
    if (!group.format_of.empty()) add_formats(at, group);
  }

  void add_scales(const std::string& at, const CodeGroup& group) {
    const std::size_t rows = group.rows.size();
    const bool one = group.scales.size() == 1;
    const std::size_t width = one || rows == 0 ? 1 : group.scales.size() / rows;
    const bool powers = powers_of_two(group.scales);
    Repeated kept = without_repeats(group.scales, width);
    const std::size_t scale_bytes = width * (powers ? 1 : sizeof(float));
    const std::size_t runs = kept.repeats.size();
    const std::size_t bytes = runs * (scale_bytes + sizeof(std::uint32_t));
    if (!one && bytes * 2 < rows * scale_bytes) {
      add(at + "repeats", "U32", {runs},
          [repeats = std::move(kept.repeats)] { return to_bytes(repeats); });
    } else {
      kept.values = group.scales;
    }
    const Shape shape = one ? Shape{1} : Shape{kept.values.size() / width, width};
    add(at + "scales", powers ? "U8" : "F32", shape, [values = std::move(kept.values), powers] {
      return powers ? to_e8m0(values) : to_bytes(values);
    });
  }

  void add_formats(const std::string& at, const CodeGroup& group) {
    const int bits = format_bits(group.formats.size());
    const std::size_t bytes = kernels::packed_bytes(group.rows.size(), std::max(bits, 1));
    add(at + "formats", "U8", {bytes}, [&group, bits, bytes]() -> Result<std::string> {
      std::vector<std::uint8_t> packed(bytes);
      const Status done = kernels::pack<std::uint8_t>(group.format_of, std::max(bits, 1), packed);
      if (!done) return done.error();
      return std::string(packed.begin(), packed.end());
    });
  }

  std::vector<StoredTensor> tensors_;
};

Error unfit(const std::string& where, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "a model's numbers cannot be written",
          .where = where,
          .found = found};
}

// Also what check() leaves open, and reading asks for.
Status check_weight(const std::string& name, const CodedWeight& weight) {
  if (const Status ok = check(weight); !ok) return unfit("weight '" + name + "'", ok.error().found);
  for (const CodeGroup& group : weight.groups) {
    if (!std::ranges::is_sorted(group.rows) || weight.cols == 0)
      return unfit("weight '" + name + "'", "rows that do not ascend, or without columns");
  }
  return success();
}

Status check_numbers(const PortableModel& model) {
  const auto finite = [](float x) { return std::isfinite(x); };
  for (const auto& [name, weight] : model.weights) {
    if (const Status ok = check_weight(name, weight.codes); !ok) return ok;
  }
  for (const auto& [layer, input] : model.inputs) {
    const bool fits = input.scales.empty() || input.scales.size() == input.operands;
    const bool positive =
        std::ranges::all_of(input.scales, [&](float s) { return finite(s) && s > 0; });
    if (!fits || !positive)
      return unfit("input of '" + layer + "'", "scales that are not one positive for each operand");
  }
  for (const auto& [layer, shift] : model.corrections) {
    if (!std::ranges::all_of(shift, finite))
      return unfit("correction of '" + layer + "'", "a number that is not finite");
  }
  return success();
}

}  // namespace

Status write_archive(const PortableModel& model, const std::string& path) {
  if (const Status ok = check_numbers(model); !ok) return ok;
  auto recipe = to_json(model.recipe);
  if (!recipe) return recipe.error();
  std::map<std::string, std::string> metadata = {
      {"posittune", "1"}, {"model_sha256", model.model_sha256}, {"recipe", std::move(*recipe)}};
  Tensors tensors;
  for (const auto& [name, weight] : model.weights) {
    auto text = weight_json(weight);
    if (!text) return text.error();
    if (const auto back = weight_from_json(*text, "weight '" + name + "'"); !back)
      return back.error();
    metadata["weights/" + name] = std::move(*text);
    tensors.add(name, weight);
  }
  for (const auto& [layer, input] : model.inputs) {
    metadata["inputs/" + layer] = input_json(input);
    if (!input.scales.empty()) tensors.add("inputs/" + layer, input.scales);
  }
  for (const auto& [layer, shift] : model.corrections) tensors.add("corrections/" + layer, shift);
  return write_safetensors(path, metadata, tensors.take());
}

}  // namespace posittune::exporter
