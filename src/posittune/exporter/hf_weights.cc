#include "posittune/exporter/hf_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace posittune::exporter {
namespace {

Error unlike(const std::string& where, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "a tensor of the folder is not the model's weight",
          .where = where,
          .expected = expected,
          .found = found,
          .hint = "give the folder that the model was made from"};
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Cosine of the angle between the two; 1 where either is zero.
double likeness(const std::vector<float>& a, const std::vector<float>& b) {
  double product = 0, a_square = 0, b_square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += double{a[i]} * double{b[i]};
    a_square += double{a[i]} * double{a[i]};
    b_square += double{b[i]} * double{b[i]};
  }
  const double size = std::sqrt(a_square * b_square);
  return size > 0 ? product / size : 1;
}

std::vector<float> transposed(const std::vector<float>& values, std::size_t rows,
                              std::size_t cols) {
  std::vector<float> made(values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) made[c * rows + r] = values[r * cols + c];
  }
  return made;
}

// The weight whose layer has this correction.
const std::string* weight_of(const PortableModel& model, const std::string& layer) {
  for (const auto& [name, weight] : model.weights) {
    if (std::ranges::find(weight.readers, layer) != weight.readers.end()) return &name;
  }
  return nullptr;
}

}  // namespace

Result<HfWeights> match_weights(const HfFolder& folder, const PortableModel& model,
                                const std::map<std::string, std::string>& names) {
  HfWeights made;
  std::map<std::string, std::string> tensor_of;
  std::vector<std::string> missing, without_bias;
  for (const auto& [name, weight] : model.weights) {
    const auto given = names.find(name);
    const auto tensor = folder.find(given == names.end() ? name : given->second);
    if (!tensor) {
      missing.push_back(name);
    } else if (!made.weights.try_emplace(*tensor, name).second) {
      return unlike(folder.path(), "a tensor for each weight", "'" + *tensor + "' for two");
    } else {
      tensor_of[name] = *tensor;
    }
  }
  if (!missing.empty())
    return unlike(folder.path(), "tensors of all weights", "none for " + listed(missing));
  for (const auto& [layer, shift] : model.corrections) {
    const std::string* weight = weight_of(model, layer);
    std::string bias = weight == nullptr ? "" : tensor_of[*weight];
    if (bias.ends_with(".weight")) bias.replace(bias.size() - 6, 6, "bias");
    const auto tensor = folder.find(bias);
    if (!tensor || !bias.ends_with(".bias")) {
      without_bias.push_back(layer);
    } else {
      made.corrections[*tensor] = layer;
    }
  }
  if (without_bias.empty()) return made;
  return Error{.kind = ErrorKind::kUnsupported,
               .what = "bias correction of layers that have no bias",
               .where = folder.path(),
               .expected = "a recipe without bias_correction for them",
               .found = listed(without_bias)};
}

Result<Orientation> orientation(const std::vector<float>& tensor,
                                const std::vector<std::uint64_t>& shape,
                                const std::vector<float>& weight, const CodedWeight& codes,
                                const std::string& where) {
  constexpr double kLeast = 0.1;  // of tensors that have nothing to do with each other: near 0
  if (tensor.size() != weight.size() || shape.empty())
    return unlike(where, std::to_string(weight.size()) + " numbers", std::to_string(tensor.size()));
  const bool plain = shape.front() == codes.rows;
  const bool turned = shape.size() == 2 && shape.back() == codes.rows;
  const double as_plain = plain ? likeness(tensor, weight) : -1;
  const double as_turned =
      turned ? likeness(tensor, transposed(weight, codes.rows, codes.cols)) : -1;
  if (std::max(as_plain, as_turned) < kLeast) {
    return unlike(where, "numbers near those of the weight",
                  plain || turned ? "others" : "another shape");
  }
  return as_plain >= as_turned ? Orientation::kPlain : Orientation::kTransposed;
}

namespace {

Result<std::vector<float>> snapped(const HfFolder& folder, const std::string& tensor,
                                   const CodedWeight& codes) {
  auto values = decoded(codes);
  if (!values) return values.error();
  const auto stored = folder.floats(tensor);
  if (!stored) return stored.error();
  const auto how = orientation(*stored, folder.entry(tensor).shape, *values, codes,
                               folder.path() + ", " + tensor);
  if (!how) return how.error();
  if (*how == Orientation::kPlain) return values;
  return transposed(*values, codes.rows, codes.cols);
}

Result<std::vector<float>> corrected(const HfFolder& folder, const std::string& tensor,
                                     const std::vector<float>& correction) {
  auto bias = folder.floats(tensor);
  if (!bias) return bias.error();
  if (bias->size() != correction.size()) {
    return unlike(folder.path() + ", " + tensor, std::to_string(correction.size()) + " numbers",
                  std::to_string(bias->size()));
  }
  for (std::size_t i = 0; i < bias->size(); ++i) (*bias)[i] += correction[i];
  return bias;
}

}  // namespace

Result<std::vector<float>> numbers_of(const std::string& tensor, const HfFolder& folder,
                                      const PortableModel& model, const HfWeights& match) {
  if (const auto weight = match.weights.find(tensor); weight != match.weights.end())
    return snapped(folder, tensor, model.weights.at(weight->second).codes);
  if (const auto layer = match.corrections.find(tensor); layer != match.corrections.end())
    return corrected(folder, tensor, model.corrections.at(layer->second));
  return folder.floats(tensor);
}

}  // namespace posittune::exporter
