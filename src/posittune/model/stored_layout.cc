#include "posittune/model/stored_layout.h"

#include <algorithm>
#include <openvino/op/constant.hpp>
#include <openvino/op/transpose.hpp>

#include "posittune/model/weights.h"

namespace posittune::model {
namespace {

using Axes = std::vector<StoredAxis>;
using Dims = std::vector<Axes>;  // of a tensor: the stored axes that each dimension is made of

Dims dims_of(const ov::Shape& shape) {
  Dims dims(shape.size());
  std::size_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0; stride *= shape[d]) dims[d] = {{shape[d], stride}};
  return dims;
}

// The same elements in another shape: axes are joined, or split where a dimension ends inside.
std::optional<Dims> reshaped(const Dims& dims, const std::vector<std::size_t>& shape) {
  Axes left;
  for (const Axes& dim : dims) {
    for (const StoredAxis& axis : dim) {
      if (axis.size != 1) left.push_back(axis);
    }
  }
  Dims made(shape.size());
  std::size_t at = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    for (std::size_t wanted = shape[d]; wanted > 1;) {
      if (at == left.size()) return std::nullopt;
      StoredAxis& axis = left[at];
      if (wanted % axis.size == 0) {
        made[d].push_back(axis);
        wanted /= axis.size;
        ++at;
        continue;
      }
      if (axis.size % wanted != 0) return std::nullopt;
      axis.size /= wanted;
      made[d].push_back({wanted, axis.stride * axis.size});
      wanted = 1;
    }
  }
  if (at != left.size()) return std::nullopt;
  return made;
}

std::optional<Dims> transposed(const Dims& dims, const ov::Node& node) {
  const auto* order = ov::as_type<const ov::op::v0::Constant>(node.get_input_node_ptr(1));
  if (order == nullptr) return std::nullopt;
  const auto axes = order->cast_vector<std::int64_t>();
  Dims made;
  if (axes.empty()) made.assign(dims.rbegin(), dims.rend());
  for (const std::int64_t axis : axes) made.push_back(dims[static_cast<std::size_t>(axis)]);
  return made;
}

// Neighbours that are one piece of the tensor become one axis.
Axes joined(const Axes& first, const Axes& second) {
  Axes axes;
  for (const Axes* part : {&first, &second}) {
    for (const StoredAxis& axis : *part) {
      if (!axes.empty() && axes.back().stride == axis.size * axis.stride) {
        axes.back() = {axes.back().size * axis.size, axis.stride};
      } else {
        axes.push_back(axis);
      }
    }
  }
  return axes;
}

}  // namespace

std::vector<std::size_t> stored_positions(const StoredLayout& layout) {
  std::vector<std::size_t> positions = {0};
  for (const Axes* part : {&layout.rows, &layout.cols}) {
    for (const StoredAxis& axis : *part) {
      std::vector<std::size_t> next;
      next.reserve(positions.size() * axis.size);
      for (const std::size_t base : positions) {
        for (std::size_t i = 0; i < axis.size; ++i) next.push_back(base + i * axis.stride);
      }
      positions = std::move(next);
    }
  }
  return positions;
}

std::optional<StoredLayout> stored_layout(const Layer& layer, const ov::Output<ov::Node>& source) {
  std::vector<const ov::Node*> chain;
  ov::Output<ov::Node> at = layer.node->input_value(weight_input(layer));
  for (; at != source; at = at.get_node()->input_value(0)) chain.push_back(at.get_node());
  std::optional<Dims> dims = dims_of(source.get_shape());
  for (auto node = chain.rbegin(); dims && node != chain.rend(); ++node) {
    dims = ov::is_type<ov::op::v1::Transpose>(*node)
               ? transposed(*dims, **node)
               : reshaped(*dims, (*node)->get_output_shape(0));
  }
  const Arrangement as = arrangement(layer);
  if (dims) dims = reshaped(*dims, {as.outer, as.a, as.b, as.inner});
  if (!dims) return std::nullopt;
  const Axes &outer = (*dims)[0], &a = (*dims)[1], &b = (*dims)[2], &inner = (*dims)[3];
  return as.swap ? StoredLayout{joined(outer, b), joined(a, inner)}
                 : StoredLayout{joined(outer, a), joined(b, inner)};
}

}  // namespace posittune::model
