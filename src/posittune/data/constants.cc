#include "posittune/data/constants.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "posittune/base/hash.h"
#include "posittune/data/npy.h"
#include "posittune/data/source.h"
#include "posittune/data/tensor_cast.h"

namespace posittune::data {
namespace {

constexpr const char* kForms = "a number, numbers with commas between them, or a file.npy";

std::string quoted(const std::string& text) { return "'" + printable(text) + "'"; }

Error bad(ErrorKind kind, const std::string& name, const std::string& what,
          const std::string& expected, const std::string& found, const std::string& hint) {
  return {
      .kind = kind,
      .what = what,
      .where = "constant " + quoted(name) + " (`constants`, or `constants:` in the `data` file)",
      .expected = expected,
      .found = found,
      .hint = hint};
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    std::string_view part = text.substr(at, comma - at);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.push_back(part);
    at = comma + 1;
  }
  return parts;
}

// A tensor of int64 where all parts are integers, else of float64; none where one is no number.
template <class T>
std::optional<Tensor> parse(const std::vector<std::string_view>& parts, ElementType type) {
  Tensor tensor = Tensor::zeros(type, {parts.size()});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    T value{};
    const char* end = parts[i].data() + parts[i].size();
    if (const auto [at, error] = std::from_chars(parts[i].data(), end, value);
        error != std::errc{} || at != end)
      return std::nullopt;
    tensor.as<T>()[i] = value;
  }
  return tensor;
}

bool fits(const TensorShape& shape, const std::vector<std::int64_t>& dims) {
  if (shape.size() != dims.size()) return false;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] >= 0 && shape[i] != static_cast<std::size_t>(dims[i])) return false;
  }
  return true;
}

// The shape of the input that has so many numbers: every axis is fixed, or there is one.
std::optional<TensorShape> shape_for(const std::vector<std::int64_t>& dims, std::size_t count) {
  if (dims.size() == 1 && dims[0] < 0) return TensorShape{count};
  TensorShape shape;
  for (const std::int64_t dim : dims) {
    if (dim < 0) return std::nullopt;
    shape.push_back(static_cast<std::size_t>(dim));
  }
  return element_count(shape) == count ? std::optional(shape) : std::nullopt;
}

Result<Tensor> from_text(const std::string& name, const std::string& text,
                         const TensorInfo& input) {
  const auto parts = split(text);
  auto tensor = parse<std::int64_t>(parts, ElementType::kI64);
  if (!tensor) tensor = parse<double>(parts, ElementType::kF64);
  if (!tensor)
    return bad(ErrorKind::kUsage, name, "the value of a constant is no number", kForms,
               quoted(text), "a number is written 16000, 0.5 or 1e-3; a file's name ends in .npy");
  const auto shape = shape_for(input.dims, parts.size());
  if (!shape) {
    return bad(ErrorKind::kUsage, name, "the numbers of a constant do not fit the model's input",
               "shape " + dims_text(input.dims),
               std::to_string(parts.size()) + (parts.size() == 1 ? " number" : " numbers"),
               "give as many numbers as the shape has, or an array of this shape in a file.npy");
  }
  tensor->shape = *shape;
  return std::move(*tensor);
}

Result<Tensor> from_file(const std::string& name, const std::string& path,
                         const TensorInfo& input) {
  const auto file = NpyReader::open(path);
  if (!file) return file.error();
  if (!fits(file->shape(), input.dims)) {
    return bad(ErrorKind::kInput, name,
               "the array of a constant has another shape than the model's input",
               dims_text(input.dims), to_string(file->shape()) + " in " + path,
               "reshape the array before numpy.save");
  }
  return file->read_all();
}

}  // namespace

Result<Tensors> read_constants(const ConstantTexts& texts, const std::vector<TensorInfo>& inputs) {
  Tensors constants;
  for (const auto& [name, text] : texts) {
    const auto input = std::ranges::find(inputs, name, &TensorInfo::name);
    if (input == inputs.end())
      return bad(ErrorKind::kUsage, name, "a constant for what is no input of the model",
                 names_of(inputs), quoted(name), "give the name of one of these inputs");
    auto tensor =
        text.ends_with(".npy") ? from_file(name, text, *input) : from_text(name, text, *input);
    if (!tensor) return tensor.error();
    if (const auto at = find_not_finite(*tensor)) {
      return bad(ErrorKind::kInput, name, "a constant is not a finite number", "finite numbers",
                 "element " + std::to_string(*at) + " of " + quoted(text),
                 "NaN and infinities cannot be compared: give a number");
    }
    auto cast = cast_rounded(std::move(*tensor), input->type, "constant '" + name + "'");
    if (!cast) return cast.error();
    if (find_not_finite(*cast))
      return bad(ErrorKind::kInput, name, "a constant is larger than the input's type holds",
                 std::string(posittune::name(input->type)), quoted(text),
                 "give a number within the range of this type");
    constants.emplace(name, std::move(*cast));
  }
  return constants;
}

std::string constants_text(const Tensors& constants) {
  std::string text;
  for (const auto& [name, tensor] : constants) {
    text += text.empty() ? "" : "\n";
    Sha256 hash;
    hash.update_field(std::span(tensor.bytes));
    text += name + " " + std::string(posittune::name(tensor.type)) + " " + to_string(tensor.shape) +
            " " + hash.hex();
  }
  return text;
}

}  // namespace posittune::data
