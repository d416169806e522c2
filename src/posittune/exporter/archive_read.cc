#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
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

std::string text_of(const Shape& shape) {
  std::string text;
  for (const std::uint64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

std::vector<std::uint8_t> codes_of(const std::string& bytes) {
  return {bytes.begin(), bytes.end()};
}

class Archive {
 public:
  explicit Archive(SafetensorsFile file) : file_(std::move(file)) {}

  Result<PortableModel> model() {
    PortableModel made;
    if (const Status ok = read_head(made); !ok) return ok.error();
    for (const auto& [key, text] : file_.header().metadata) {
      const Status read = read_entry(key, text, made);
      if (!read) return read.error();
    }
    for (const TensorEntry& tensor : file_.header().tensors) {
      if (const auto layer = after("corrections/", tensor.name)) {
        if (const Status ok = read_floats(tensor, made.corrections[*layer]); !ok) return ok.error();
      }
      if (!used_.contains(tensor.name))
        return bad(tensor.name, "tensors of weights, inputs and corrections", "another one");
    }
    return made;
  }

 private:
  Error bad(const std::string& where, const std::string& expected, const std::string& found) const {
    return {.kind = ErrorKind::kInput,
            .what = "not an archive of a quantized model",
            .where = file_.path() + ", " + where,
            .expected = expected,
            .found = found};
  }

  static std::optional<std::string> after(std::string_view prefix, const std::string& name) {
    if (!name.starts_with(prefix)) return std::nullopt;
    return name.substr(prefix.size());
  }

  Status read_head(PortableModel& made) {
    const auto& metadata = file_.header().metadata;
    const auto version = metadata.find("posittune"), hash = metadata.find("model_sha256"),
               recipe = metadata.find("recipe");
    if (version == metadata.end() || version->second != "1") {
      return bad("metadata", "posittune: \"1\"",
                 version == metadata.end() ? "no such key" : "'" + version->second + "'");
    }
    if (hash == metadata.end() || recipe == metadata.end())
      return bad("metadata", "model_sha256 and recipe", "no such key");
    made.model_sha256 = hash->second;
    auto read = recipe_from_json(recipe->second, file_.path() + ", recipe");
    if (!read) return read.error();
    made.recipe = std::move(*read);
    return success();
  }

  Status read_entry(const std::string& key, const std::string& text, PortableModel& made) {
    if (const auto name = after("weights/", key)) {
      auto weight = weight_from_json(text, file_.path() + ", " + key);
      if (!weight) return weight.error();
      if (const Status ok = read_weight(key + "/", weight->codes); !ok) return ok;
      made.weights[*name] = std::move(*weight);
    } else if (const auto layer = after("inputs/", key)) {
      auto input = input_from_json(text, file_.path() + ", " + key);
      if (!input) return input.error();
      if (const TensorEntry* scales = file_.find(key)) {
        if (scales->shape != Shape{input->operands})
          return bad(key, text_of({input->operands}), text_of(scales->shape));
        if (const Status ok = read_floats(*scales, input->scales); !ok) return ok;
      }
      if (std::ranges::any_of(input->scales, [](float s) { return s <= 0; }))
        return bad(key, "positive scales", "another number");
      made.inputs[*layer] = std::move(*input);
    }
    return success();
  }

  Status read_weight(const std::string& at, CodedWeight& weight) {
    for (std::size_t g = 0; g < weight.groups.size(); ++g) {
      const Status read = read_group(at + std::to_string(g) + "/", weight, weight.groups[g]);
      if (!read) return read;
    }
    std::uint64_t rows = 0;
    for (const CodeGroup& group : weight.groups) rows += group.rows.size();
    if (rows != weight.rows)
      return bad(at, std::to_string(weight.rows) + " rows", std::to_string(rows));
    Status ok = check(weight);
    return ok ? ok : bad(at, "parts that fit together", ok.error().found);
  }

  // Bytes of the codes are compared before memory for rows is asked for.
  Status read_group(const std::string& at, const CodedWeight& weight, CodeGroup& group) {
    auto codes = read(at + "codes", "U8", 1);
    if (!codes) return codes.error();
    if (const Status ok = read_rows(at, weight, codes->size(), group); !ok) return ok;
    const std::size_t rows = group.rows.size();
    if (codes->size() != kernels::packed_bytes(rows * weight.cols, group.bits)) {
      return bad(at + "codes",
                 std::to_string(rows) + " x " + std::to_string(weight.cols) + " codes of " +
                     std::to_string(group.bits) + " bits",
                 std::to_string(codes->size()) + " bytes");
    }
    group.packed = codes_of(*codes);
    if (const Status ok = read_scales(at, weight, group); !ok) return ok;
    if (file_.find(at + "exponents") != nullptr) {
      auto exponents = read(at + "exponents", "U8", 2);
      if (!exponents) return exponents.error();
      group.exponents = codes_of(*exponents);
    }
    return file_.find(at + "formats") == nullptr ? success() : read_formats(at, group);
  }

  Status read_rows(const std::string& at, const CodedWeight& weight, std::uint64_t bytes,
                   CodeGroup& group) {
    const std::uint64_t bits = weight.cols * static_cast<std::uint64_t>(group.bits);
    const std::uint64_t most = bits == 0 ? 0 : bytes * 8 / bits;
    if (file_.find(at + "rows") == nullptr) {
      if (weight.rows > most)
        return bad(at + "codes", std::to_string(weight.rows) + " rows", std::to_string(most));
      group.rows.resize(weight.rows);
      std::iota(group.rows.begin(), group.rows.end(), 0U);
      return success();
    }
    auto listed = read(at + "rows", "U32", 2);
    if (!listed) return listed.error();
    const auto pairs = counts_of(*listed);
    std::uint64_t total = 0;
    for (std::size_t i = 1; i < pairs.size(); i += 2) total += pairs[i];
    if (total > most || pairs.size() % 2 != 0 || total == weight.rows) {
      return bad(at + "rows", "at most " + std::to_string(most) + " rows, and not all",
                 std::to_string(total));
    }
    auto rows = rows_of(pairs, weight.rows, file_.path() + ", " + at + "rows");
    if (!rows) return rows.error();
    group.rows = std::move(*rows);
    return success();
  }

  Status read_scales(const std::string& at, const CodedWeight& weight, CodeGroup& group) {
    const TensorEntry* stored = file_.find(at + "scales");
    const bool powers = stored != nullptr && stored->dtype == "U8";
    auto bytes = read(at + "scales", powers ? "U8" : "F32", stored ? stored->shape.size() : 0);
    if (!bytes) return bytes.error();
    group.scales = powers ? from_e8m0(*bytes) : floats_of(*bytes);
    if (powers && !powers_of_two(group.scales))
      return bad(at + "scales", "E8M0 codes 1 to 254", "0 or 255");
    if (file_.find(at + "repeats") == nullptr) return success();
    auto repeats = read(at + "repeats", "U32", 1);
    if (!repeats) return repeats.error();
    const std::size_t width =
        weight.group == 0 ? 1 : weight.cols / weight.group + (weight.cols % weight.group != 0);
    auto scales = with_repeats({std::move(group.scales), counts_of(*repeats)}, width,
                               group.rows.size(), file_.path() + ", " + at + "repeats");
    if (!scales) return scales.error();
    group.scales = std::move(*scales);
    return success();
  }

  Status read_formats(const std::string& at, CodeGroup& group) {
    auto packed = read(at + "formats", "U8", 1);
    if (!packed) return packed.error();
    const int bits = std::max(format_bits(group.formats.size()), 1);
    if (bits > 8 || packed->size() != kernels::packed_bytes(group.rows.size(), bits))
      return bad(at + "formats", "one for each row", std::to_string(packed->size()) + " bytes");
    group.format_of.resize(group.rows.size());
    return kernels::unpack<std::uint8_t>(codes_of(*packed), bits, group.format_of);
  }

  Status read_floats(const TensorEntry& tensor, std::vector<float>& values) {
    auto bytes = read(tensor.name, "F32", 1);
    if (!bytes) return bytes.error();
    values = floats_of(*bytes);
    if (std::ranges::all_of(values, [](float x) { return std::isfinite(x); })) return success();
    return bad(tensor.name, "finite numbers", "another one");
  }

  // The bytes of a tensor of this type and number of axes.
  Result<std::string> read(const std::string& name, const std::string& dtype, std::size_t axes) {
    const TensorEntry* tensor = file_.find(name);
    if (tensor == nullptr) return bad(name, "a tensor", "none");
    if (tensor->dtype != dtype || tensor->shape.size() != axes) {
      return bad(name, dtype + " with " + std::to_string(axes) + " axes",
                 tensor->dtype + " " + text_of(tensor->shape));
    }
    used_.insert(name);
    return file_.read(*tensor);
  }

  SafetensorsFile file_;
  std::set<std::string> used_;
};

}  // namespace

Result<PortableModel> read_archive(const std::string& path) {
  auto file = SafetensorsFile::open(path);
  if (!file) return file.error();
  return Archive(std::move(*file)).model();
}

}  // namespace posittune::exporter
