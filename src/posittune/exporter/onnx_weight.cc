#include "posittune/exporter/onnx_weight.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "posittune/exporter/onnx_codes.h"
#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"

namespace posittune::exporter {
namespace {

using formats::Format;
using onnx::TensorProto;
using Dims = std::vector<std::int64_t>;

std::int64_t dim(std::size_t n) { return static_cast<std::int64_t>(n); }

// The codes of a group as they are stored: in the tensor's own order where one group holds all rows
// and these are one axis of it, else as a matrix.
struct Placed {
  PlacedCodes codes;
  std::optional<std::size_t> row_axis, col_axis;  // axes of codes.dims; none: not one axis
  bool stored = false;
};

// The axis of the stored tensor that is all of `axes`.
std::optional<std::size_t> whole_axis(const std::vector<model::StoredAxis>& axes,
                                      const TensorShape& shape) {
  if (axes.size() != 1) return std::nullopt;
  std::size_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0; stride *= shape[d]) {
    if (shape[d] == axes[0].size && stride == axes[0].stride) return d;
  }
  return std::nullopt;
}

Result<Placed> place(const PortableWeight& weight, const CodeGroup& group) {
  const CodedWeight& all = weight.codes;
  auto codes = unpacked(group, all.cols);
  if (!codes) return codes.error();
  Placed placed{
      .codes = {.bits = group.bits, .codes = {}, .dims = {}}, .row_axis = {}, .col_axis = {}};
  const auto rows = whole_axis(weight.layout.rows, weight.shape);
  const auto cols = whole_axis(weight.layout.cols, weight.shape);
  const bool grouped = all.group > 0 || !group.exponents.empty();
  const bool by_row = group.scales.size() > 1 || !group.format_of.empty();
  // A table of scales by row and group needs both axes, and no other.
  const bool flat = std::ranges::count_if(weight.shape, [](std::size_t d) { return d > 1; }) <= 2;
  // What has no table is decoded here, row by row.
  const bool mixed = group.bits > 16 && group.formats.size() > 1;
  const bool fits = !mixed && (grouped ? rows && cols && flat : rows || !by_row);
  if (all.groups.size() == 1 && fits) {
    placed.stored = true;
    placed.row_axis = rows;
    placed.col_axis = cols;
    placed.codes.codes.resize(codes->size());
    const auto positions = model::stored_positions(weight.layout);
    for (std::size_t i = 0; i < codes->size(); ++i) placed.codes.codes[positions[i]] = (*codes)[i];
    for (const std::size_t d : weight.shape) placed.codes.dims.push_back(dim(d));
  } else {
    placed.row_axis = 0;
    placed.col_axis = 1;
    placed.codes.codes = std::move(*codes);
    placed.codes.dims = {dim(group.rows.size()), dim(all.cols)};
  }
  return placed;
}

// The shape that spreads values of rows (and of `groups` of columns) over the codes, and those
// values in its order, from rows x groups.
template <class T>
struct Spread {
  Dims dims;
  std::vector<T> values;
};
template <class T>
Spread<T> spread(const Placed& placed, const std::vector<T>& values, std::size_t groups) {
  Spread<T> made{Dims(placed.codes.dims.size(), 1), values};
  const std::size_t rows = values.size() / groups;
  if (placed.row_axis) made.dims[*placed.row_axis] = dim(rows);
  if (groups == 1) return made;
  made.dims[*placed.col_axis] = dim(groups);
  if (*placed.row_axis < *placed.col_axis) return made;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t g = 0; g < groups; ++g) made.values[g * rows + r] = values[r * groups + g];
  }
  return made;
}

// Values of E8M0 codes, times 2^exponent.
std::string e8m0_values(OnnxGraph& graph, const std::string& codes, int exponent = 0) {
  std::vector<float> table(256, NAN);
  for (int e = 0; e < 255; ++e)
    table[static_cast<std::size_t>(e)] = std::ldexp(1.0F, e - 127 + exponent);
  return graph.add("Gather", {graph.constant("e8m0", std::span(table), {256}),
                              graph.cast(codes, TensorProto::INT32)});
}

// A convolution of one position, whose weight OpenVINO 2026.4 takes for a compressed matrix: it
// then fails where the scales of DequantizeLinear are computed.
bool is_pointwise(const Placed& placed) {
  const Dims& dims = placed.codes.dims;
  return dims.size() > 2 &&
         std::all_of(dims.begin() + 2, dims.end(), [](auto d) { return d == 1; });
}

// 1/s, which decoding multiplies by; a single one is a scalar. `packed`: powers of two are stored
// as one byte each, as recipes count them, and computed.
std::string add_steps(OnnxGraph& graph, const Placed& placed, const CodeGroup& group,
                      std::size_t groups, bool packed = true) {
  if (group.scales.size() == 1) return graph.scalar(1.0F / group.scales.front());
  std::vector<float> steps(group.scales.size());
  std::ranges::transform(group.scales, steps.begin(), [](float s) { return 1.0F / s; });
  if (!packed || !powers_of_two(group.scales)) {
    const auto all = spread(placed, steps, groups);
    return graph.constant("scale", std::span(all.values), all.dims);
  }
  std::vector<std::uint8_t> exponents(steps.size());
  std::ranges::transform(steps, exponents.begin(),
                         [](float s) { return formats::encode_e8m0(std::ilogb(s)); });
  const auto all = spread(placed, exponents, groups);
  const std::string codes = graph.constant("scale_e8m0", TensorProto::UINT8,
                                           {all.values.begin(), all.values.end()}, all.dims);
  return e8m0_values(graph, codes);
}

// Shared exponents of blocks, as factors, times 2^exponent.
std::string add_block_scales(OnnxGraph& graph, const Placed& placed, const CodeGroup& group,
                             std::size_t blocks, int exponent = 0) {
  const auto all = spread(placed, group.exponents, blocks);
  const std::string codes = graph.constant("exponents", TensorProto::UINT8,
                                           {all.values.begin(), all.values.end()}, all.dims);
  return e8m0_values(graph, codes, exponent);
}

// Scales of groups of columns, one for each column.
std::string by_column(OnnxGraph& graph, const Placed& placed, const std::string& scales,
                      std::size_t group, std::size_t cols) {
  std::vector<std::int64_t> index(cols);
  for (std::size_t c = 0; c < cols; ++c) index[c] = dim(c / group);
  return graph.add("Gather", {scales, graph.constant("group_of", index, {dim(cols)})},
                   {{"axis", dim(*placed.col_axis)}});
}

// The ONNX type whose DequantizeLinear has the format's values, and the opset that has it.
// FLOAT4E2M1 (opset 23) is left out: onnxruntime 1.32 has no kernel for it on CPUs.
struct Standard {
  int data_type;
  std::int64_t opset;
  int exponent = 0;  // values are those of the type times 2^exponent
};
std::optional<Standard> standard(const Format& format) {
  const Format element{format.family, format.bits, format.exp_bits, format.variant, 0};
  if (format.block == 0 && format == formats::integer(8)) return Standard{TensorProto::INT8, 13};
  if (format.block == 0 && format == formats::integer(4)) return Standard{kInt4, 21};
  if (format.block == 0 && format == formats::integer(16)) return Standard{TensorProto::INT16, 21};
  if (format.block > 0 && element.family == formats::integer(8).family && element.bits == 8)
    return Standard{TensorProto::INT8, 21, -6};
  if (element == formats::minifloat(4, 3)) return Standard{kFloat8E4M3, 19};
  if (element == formats::minifloat(5, 2)) return Standard{kFloat8E5M2, 19};
  return std::nullopt;
}

std::string packed_bytes(const PlacedCodes& placed) {
  std::string bytes;
  if (placed.bits == 4) bytes.resize((placed.codes.size() + 1) / 2, '\0');
  for (std::size_t i = 0; i < placed.codes.size(); ++i) {
    const std::uint32_t code = placed.codes[i];
    if (placed.bits == 4) {
      bytes[i / 2] = static_cast<char>(static_cast<unsigned char>(bytes[i / 2]) |
                                       ((code & 15) << (4 * (i % 2))));
    } else {
      for (int byte = 0; byte < placed.bits / 8; ++byte)
        bytes.push_back(static_cast<char>(code >> (8 * byte)));
    }
  }
  return bytes;
}

// DequantizeLinear, if the opset and the group allow it; empty otherwise.
std::string add_standard(OnnxGraph& graph, const Placed& placed, const CodeGroup& group,
                         const CodedWeight& weight) {
  if (group.formats.size() != 1) return "";
  const Format& format = group.formats.front();
  const auto type = standard(format);
  const bool blocked = weight.group > 0 || format.block > 0;
  // OpenVINO takes whole blocks only.
  const std::size_t block = format.block > 0 ? kBlock : weight.group;
  if (blocked && weight.cols % block != 0) return "";
  if (!type || graph.opset() < std::max<std::int64_t>(type->opset, blocked ? 21 : 13)) return "";
  const std::string codes =
      graph.constant("codes", type->data_type, packed_bytes(placed.codes), placed.codes.dims);
  const std::size_t groups = weight.group > 0 ? pieces(weight.cols, weight.group) : 1;
  std::string scale =
      add_steps(graph, placed, group, group.scales.size() > 1 ? groups : 1, !is_pointwise(placed));
  if (format.block > 0) {
    const std::size_t blocks = pieces(weight.cols, kBlock);
    const std::string shared = add_block_scales(graph, placed, group, blocks, type->exponent);
    if (weight.group > 0 && group.scales.size() > 1) {  // whole blocks to a group
      std::vector<std::int64_t> index(blocks);
      for (std::size_t b = 0; b < blocks; ++b) index[b] = dim(b * kBlock / weight.group);
      scale = graph.add("Gather", {scale, graph.constant("group_of", index, {dim(blocks)})},
                        {{"axis", dim(*placed.col_axis)}});
    }
    const bool one = group.scales.size() == 1 && group.scales.front() == 1;
    scale = one ? shared : graph.add("Mul", {shared, scale});
    return graph.add("DequantizeLinear", {codes, scale},
                     {{"axis", dim(*placed.col_axis)}, {"block_size", dim(kBlock)}});
  }
  // onnxruntime's int8 kernels are for nodes that have a zero point.
  std::vector<std::string> inputs = {codes, scale};
  const auto add_zeros = [&](const Dims& dims, std::size_t count) {
    if (type->data_type == TensorProto::INT8)
      inputs.push_back(graph.constant("zeros", TensorProto::INT8, std::string(count, '\0'), dims));
  };
  if (group.scales.size() == 1) {
    add_zeros({}, 1);
    return graph.add("DequantizeLinear", inputs);
  }
  if (weight.group > 0) {
    return graph.add("DequantizeLinear", inputs,
                     {{"axis", dim(*placed.col_axis)}, {"block_size", dim(weight.group)}});
  }
  inputs[1] = graph.reshape(scale, {-1});
  add_zeros({dim(group.scales.size())}, group.scales.size());
  return graph.add("DequantizeLinear", inputs, {{"axis", dim(*placed.row_axis)}});
}

// The values of all formats of a group, one table behind the other.
std::string add_table(OnnxGraph& graph, const CodeGroup& group) {
  std::vector<float> table;
  std::string what = "values";
  for (const Format& format : group.formats) {
    for (const double value : formats::value_table(format))
      table.push_back(static_cast<float>(value));
    what += "_" + formats::name(format);
  }
  std::ranges::replace_if(what, [](char c) { return c == '<' || c == '>' || c == ','; }, '.');
  return graph.constant(what, std::span(table), {dim(table.size())});
}

// Values of codes of up to 16 bits, before scales.
Result<std::string> add_values(OnnxGraph& graph, const Placed& placed, const CodeGroup& group,
                               LutStyle style) {
  auto codes = add_codes(graph, placed.codes, style);
  if (!codes) return codes.error();
  std::string index = *codes;
  if (!group.format_of.empty()) {
    // As many bits as recipes count: enough to tell the formats apart.
    const auto all = spread(placed, group.format_of, 1);
    const int bits = std::bit_width(group.formats.size() - 1);
    auto of = add_codes(graph, {bits, {all.values.begin(), all.values.end()}, all.dims}, style);
    if (!of) return of.error();
    const std::vector<std::int32_t> size = {1 << group.bits};
    const std::string first = graph.add("Mul", {*of, graph.constant("table_size", size, {1})});
    index = graph.add("Add", {index, first});
  }
  return graph.add("Gather", {add_table(graph, group), index});
}

// Types that a Cast makes float32 of: codes are what is stored.
std::optional<int> castable(const Format& format) {
  if (format == formats::fp16()) return TensorProto::FLOAT16;
  if (format == formats::bf16()) return TensorProto::BFLOAT16;
  if (format == formats::integer(16)) return TensorProto::INT16;
  return std::nullopt;
}

// Wider codes have no table: their values are stored.
std::string add_wide(OnnxGraph& graph, const Placed& placed, const CodeGroup& group,
                     std::size_t cols) {
  std::vector<float> values(placed.codes.codes.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t row = placed.stored ? 0 : i / cols;
    const Format& format = group.formats[group.format_of.empty() ? 0 : group.format_of[row]];
    values[i] = static_cast<float>(formats::decode(format, placed.codes.codes[i]));
  }
  return graph.constant("values", std::span(values), placed.codes.dims);
}

Result<std::string> add_group(OnnxGraph& graph, const Placed& placed, const CodeGroup& group,
                              const CodedWeight& weight, LutStyle style) {
  if (std::string made = add_standard(graph, placed, group, weight); !made.empty()) return made;
  std::string values;
  const auto type = group.formats.size() == 1 ? castable(group.formats.front()) : std::nullopt;
  if (type) {
    values =
        graph.cast(graph.constant("codes", *type, packed_bytes(placed.codes), placed.codes.dims),
                   TensorProto::FLOAT);
  } else if (group.bits > 16) {
    values = add_wide(graph, placed, group, weight.cols);
  } else {
    auto made = add_values(graph, placed, group, style);
    if (!made) return made.error();
    values = *made;
  }
  if (!group.exponents.empty()) {
    const std::string shared = add_block_scales(graph, placed, group, pieces(weight.cols, kBlock));
    values = graph.add("Mul", {values, by_column(graph, placed, shared, kBlock, weight.cols)});
  }
  if (group.scales.size() == 1 && group.scales.front() == 1) return values;
  const std::size_t groups =
      weight.group > 0 && group.scales.size() > 1 ? pieces(weight.cols, weight.group) : 1;
  std::string steps = add_steps(graph, placed, group, groups);
  if (groups > 1) steps = by_column(graph, placed, steps, weight.group, weight.cols);
  return graph.add("Mul", {values, steps});
}

// The rows of all groups in the order of the matrix: groups are windows of rows, whose stretches
// are cut out and joined. (Indices of all rows would take bytes that no recipe counts.)
std::string in_order(OnnxGraph& graph, const CodedWeight& weight,
                     const std::vector<std::string>& parts) {
  if (parts.size() == 1) return parts.front();
  struct Place {
    std::size_t group = 0;
    std::int64_t row = 0;  // in the group
  };
  std::vector<Place> places(weight.rows);
  for (std::size_t g = 0; g < weight.groups.size(); ++g) {
    const auto& rows = weight.groups[g].rows;
    for (std::size_t i = 0; i < rows.size(); ++i) places[rows[i]] = {g, dim(i)};
  }
  std::vector<std::string> stretches;
  for (std::size_t first = 0, end = 0; first < places.size(); first = end) {
    const auto [group, row] = places[first];
    for (end = first + 1; end < places.size() && places[end].group == group &&
                          places[end].row == row + dim(end - first);) {
      ++end;
    }
    const std::int64_t size = dim(end - first);
    const bool whole = row == 0 && size == dim(weight.groups[group].rows.size());
    const auto number = [&](std::int64_t value) {
      return graph.constant("row", std::vector<std::int64_t>{value}, {1});
    };
    stretches.push_back(
        whole ? parts[group]
              : graph.add("Slice", {parts[group], number(row), number(row + size), number(0)}));
  }
  return stretches.size() == 1 ? stretches.front() : graph.add("Concat", stretches, {{"axis", 0}});
}

// A matrix in the shape and order in which the tensor is stored.
std::string to_stored(OnnxGraph& graph, const PortableWeight& weight, const std::string& matrix) {
  std::vector<model::StoredAxis> axes = weight.layout.rows;
  axes.insert(axes.end(), weight.layout.cols.begin(), weight.layout.cols.end());
  std::vector<std::int64_t> order(axes.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>(), [&](std::int64_t i) {
    return axes[static_cast<std::size_t>(i)].stride;
  });
  std::string made = matrix;
  if (!std::ranges::is_sorted(order)) {
    Dims sizes;
    for (const model::StoredAxis& axis : axes) sizes.push_back(dim(axis.size));
    made = graph.add("Transpose", {graph.reshape(made, sizes)}, {{"perm", order}});
  }
  Dims shape;
  for (const std::size_t d : weight.shape) shape.push_back(dim(d));
  return graph.reshape(made, shape);
}

}  // namespace

Result<std::string> add_weight(OnnxGraph& graph, const PortableWeight& weight, LutStyle style,
                               int data_type, const std::string& output) {
  const CodedWeight& codes = weight.codes;
  std::vector<std::string> parts;
  bool stored = false;
  for (const CodeGroup& group : codes.groups) {
    auto placed = place(weight, group);
    if (!placed) return placed.error();
    stored = placed->stored;
    auto part = add_group(graph, *placed, group, codes, style);
    if (!part) return part.error();
    parts.push_back(*part);
  }
  std::string made =
      stored ? parts.front() : to_stored(graph, weight, in_order(graph, codes, parts));
  if (data_type != TensorProto::FLOAT) {
    return graph.add("Cast", {made}, {{"to", data_type}}, output);
  }
  return output.empty() ? made : graph.rename(made, output);
}

}  // namespace posittune::exporter
