#include "posittune/model/einsum.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace posittune::model {
namespace {

// The labels of an operand with their sizes; "..." stands for axes that are counted from the right.
using Labels = std::map<std::string, std::uint64_t>;

Labels labels_of(const std::string& subscript, const ov::Shape& shape) {
  const auto labels = ov::op::v7::Einsum::extract_labels(subscript);
  Labels sizes;
  std::size_t axis = 0;
  for (const std::string& label : labels) {
    if (label != "...") {
      sizes[label] = shape[axis++];
      continue;
    }
    const std::size_t count = shape.size() + 1 - labels.size();
    for (std::size_t i = 0; i < count; ++i)
      sizes["..." + std::to_string(count - i)] = shape[axis++];
  }
  return sizes;
}

void merge(Labels& into, const Labels& more) {
  for (const auto& [label, size] : more) into[label] = std::max(into[label], size);
}

}  // namespace

std::uint64_t macs_of_einsum(const ov::op::v7::Einsum& node) {
  std::vector<std::string> subscripts;
  std::string output;
  ov::op::v7::Einsum::parse_equation(node.get_equation(), subscripts, output);
  std::vector<Labels> operands;
  for (std::size_t i = 0; i < subscripts.size(); ++i)
    operands.push_back(labels_of(subscripts[i], node.get_input_shape(i)));
  const Labels kept = labels_of(output, node.get_output_shape(0));
  std::uint64_t macs = 0;
  Labels left = operands.front();
  for (std::size_t i = 1; i < operands.size(); ++i) {
    merge(left, operands[i]);
    std::uint64_t each = 1;
    for (const auto& [label, size] : left) each *= size;
    macs += each;
    std::erase_if(left, [&](const auto& label) {
      const bool later =
          std::any_of(operands.begin() + static_cast<std::ptrdiff_t>(i) + 1, operands.end(),
                      [&](const Labels& labels) { return labels.contains(label.first); });
      return !later && !kept.contains(label.first);
    });
  }
  return macs;
}

}  // namespace posittune::model
