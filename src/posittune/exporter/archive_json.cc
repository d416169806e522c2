#include "posittune/exporter/archive_json.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "posittune/exporter/strict_json.h"
#include "posittune/formats/format.h"

namespace posittune::exporter {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json axes_json(const std::vector<model::StoredAxis>& axes) {
  ordered_json list = ordered_json::array();
  for (const model::StoredAxis& axis : axes) list.push_back({axis.size, axis.stride});
  return list;
}

ordered_json group_json(const CodeGroup& group) {
  ordered_json formats = ordered_json::array();
  for (const formats::Format& format : group.formats) formats.push_back(formats::name(format));
  return {{"bits", group.bits}, {"formats", formats}};
}

Error misfit(const std::string& where, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "a weight's description does not fit together",
          .where = where,
          .expected = expected,
          .found = found};
}

// More elements than any memory holds; their bits can still be counted.
constexpr std::uint64_t kMostElements = std::uint64_t{1} << 56;

// a *= b, or false where that is more than kMostElements.
bool multiply(std::uint64_t& a, std::uint64_t b) {
  if (b != 0 && a > kMostElements / b) return false;
  a *= b;
  return true;
}

Result<std::vector<model::StoredAxis>> axes_of(const json& list, const std::string& where) {
  std::vector<model::StoredAxis> axes;
  for (const json& pair : list) {
    const bool fits = pair.is_array() && pair.size() == 2 && pair[0].is_number_unsigned() &&
                      pair[1].is_number_unsigned();
    if (!fits) return misfit(where, "pairs of size and stride", pair.type_name());
    axes.push_back({pair[0].get<std::size_t>(), pair[1].get<std::size_t>()});
  }
  return axes;
}

Result<CodeGroup> group_of(const json& object, const std::string& where) {
  FieldReader fields(object, where, {"bits", "formats"});
  const std::uint64_t bits = fields.count("bits");
  const std::vector<std::string> names = fields.texts("formats");
  if (!fields.status()) return fields.status().error();
  if (bits < 1 || bits > 32) return misfit(where, "1 to 32 bits", std::to_string(bits));
  CodeGroup group{.bits = static_cast<int>(bits), .rows = {}, .formats = {}};
  for (const std::string& name : names) {
    auto format = formats::parse_format(name);
    if (!format || formats::name(*format) != name)
      return misfit(where + ", formats", "the name of a format", "'" + name + "'");
    group.formats.push_back(*format);
  }
  return group;
}

// The product of the axes' sizes is `size`, and they end inside a tensor of `elements`.
Status check_layout(const model::StoredLayout& layout, std::uint64_t rows, std::uint64_t cols,
                    const std::string& where) {
  std::uint64_t last = 0, elements = rows;
  if (!multiply(elements, cols)) return misfit(where, "a weight that fits in memory", "more");
  for (const auto& [axes, size] : {std::pair{&layout.rows, rows}, std::pair{&layout.cols, cols}}) {
    std::uint64_t product = 1;
    for (const model::StoredAxis& axis : *axes) {
      std::uint64_t reach = axis.size == 0 ? 0 : axis.size - 1;
      if (!multiply(product, axis.size) || !multiply(reach, axis.stride))
        return misfit(where, "axes inside the weight", "larger ones");
      last = std::min(last + reach, kMostElements);
    }
    if (product != size)
      return misfit(where, std::to_string(size) + " elements", std::to_string(product));
  }
  if (elements == 0 || last < elements) return success();
  return misfit(where, "axes inside " + std::to_string(elements) + " elements",
                "element " + std::to_string(last));
}

Status check_shape(const PortableWeight& weight, const std::string& where) {
  std::uint64_t elements = 1;
  for (const std::uint64_t size : weight.shape) {
    if (!multiply(elements, size)) return misfit(where, "a shape that fits in memory", "more");
  }
  if (weight.codes.rows > std::numeric_limits<std::uint32_t>::max())
    return misfit(where, "less than 2^32 rows", std::to_string(weight.codes.rows));
  const Status layout = check_layout(weight.layout, weight.codes.rows, weight.codes.cols, where);
  if (!layout) return layout;
  if (elements == weight.codes.rows * weight.codes.cols) return success();
  return misfit(where, std::to_string(elements) + " elements, as shape has",
                std::to_string(weight.codes.rows) + " x " + std::to_string(weight.codes.cols));
}

}  // namespace

Result<std::string> weight_json(const PortableWeight& weight) {
  ordered_json groups = ordered_json::array();
  for (const CodeGroup& group : weight.codes.groups) groups.push_back(group_json(group));
  const ordered_json document = {
      {"rows", weight.codes.rows},
      {"cols", weight.codes.cols},
      {"group", weight.codes.group},
      {"compensated", weight.codes.compensated},
      {"shape", weight.shape},
      {"layout",
       {{"rows", axes_json(weight.layout.rows)}, {"cols", axes_json(weight.layout.cols)}}},
      {"readers", weight.readers},
      {"groups", groups}};
  try {
    return document.dump();
  } catch (const json::type_error&) {
    return misfit("readers", "names in UTF-8", "other bytes");
  }
}

Result<PortableWeight> weight_from_json(const std::string& text, const std::string& where) {
  const auto document = parse_strict(text, where);
  if (!document) return document.error();
  FieldReader fields(
      *document, where,
      {"rows", "cols", "group", "compensated", "shape", "layout", "readers", "groups"});
  PortableWeight weight;
  weight.codes.rows = fields.count("rows");
  weight.codes.cols = fields.count("cols");
  weight.codes.group = fields.count("group");
  weight.codes.compensated = fields.flag("compensated");
  for (const std::uint64_t size : fields.counts("shape")) weight.shape.push_back(size);
  weight.readers = fields.texts("readers");
  const json& layout = fields.object("layout");
  const json& groups = fields.list("groups");
  if (!fields.status()) return fields.status().error();
  FieldReader axes(layout, where + ", layout", {"rows", "cols"});
  for (const auto& [field, to] :
       {std::pair{"rows", &weight.layout.rows}, std::pair{"cols", &weight.layout.cols}}) {
    auto read = axes_of(axes.list(field), where + ", layout");
    if (!read) return read.error();
    *to = std::move(*read);
  }
  if (!axes.status()) return axes.status().error();
  for (const json& each : groups) {
    auto group = group_of(each, where + ", group " + std::to_string(weight.codes.groups.size()));
    if (!group) return group.error();
    weight.codes.groups.push_back(std::move(*group));
  }
  if (const Status ok = check_shape(weight, where); !ok) return ok.error();
  return weight;
}

std::string input_json(const PortableInput& input) {
  return ordered_json{{"operands", input.operands}}.dump();
}

Result<PortableInput> input_from_json(const std::string& text, const std::string& where) {
  const auto document = parse_strict(text, where);
  if (!document) return document.error();
  FieldReader fields(*document, where, {"operands"});
  const std::uint64_t operands = fields.count("operands");
  if (!fields.status()) return fields.status().error();
  return PortableInput{.operands = operands, .scales = {}};
}

}  // namespace posittune::exporter
