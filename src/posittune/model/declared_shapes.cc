#include "posittune/model/declared_shapes.h"

#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>

namespace posittune::model {
namespace {

bool contradict(const ov::PartialShape& a, const ov::PartialShape& b) {
  if (a.rank().is_dynamic() || b.rank().is_dynamic()) return false;
  if (a.size() != b.size()) return true;
  for (std::size_t i = 0; i < a.size(); ++i) {
    // 0 is written for "any" by some exporters.
    if (a[i].is_static() && b[i].is_static() && a[i] != b[i] && a[i].get_length() != 0) return true;
  }
  return false;
}

Error contradiction(const std::string& where, const std::string& declared,
                    const std::string& found) {
  return {
      .kind = ErrorKind::kInput,
      .what = "the shape that the model's file declares is not the one that its nodes give",
      .where = where,
      .expected = declared + " (declared)",
      .found = found,
      .hint =
          "the export, or the way OpenVINO reads the node, is wrong: compare with onnxruntime. "
          "Where only the declaration is "
          "stale, remove it (onnx: del model.graph.value_info[:], and the shapes of the outputs)"};
}

}  // namespace

Status check_declared(const ModelFile& file, const std::string& path) {
  for (const auto& node : file.model->get_ordered_ops()) {
    if (ov::is_type<ov::op::v0::Parameter>(node) || ov::is_type<ov::op::v0::Result>(node)) continue;
    for (const auto& output : node->outputs()) {
      for (const std::string& name : output.get_names()) {
        const auto found = file.declared.find(name);
        if (found == file.declared.end() || !contradict(found->second, output.get_partial_shape()))
          continue;
        return contradiction(path + ", tensor '" + name + "' of node '" +
                                 node->get_friendly_name() + "' (" + node->get_type_name() + ")",
                             found->second.to_string(), output.get_partial_shape().to_string());
      }
    }
  }
  return success();
}

std::vector<std::int64_t> declared_dims(const ModelFile& file, const std::string& output,
                                        const std::map<std::string, std::size_t>& batch_axes) {
  const auto found = file.declared.find(output);
  std::vector<std::int64_t> dims;
  if (found == file.declared.end() || found->second.rank().is_dynamic()) return dims;
  for (const auto& dim : found->second)
    dims.push_back(dim.is_static() && dim.get_length() > 0 ? dim.get_length() : -1);
  const auto items = batch_axes.find(output);
  const std::size_t axis = items == batch_axes.end() ? 0 : items->second;
  if (axis >= dims.size()) return {};
  dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.begin(), -1);
  return dims;
}

Status check_declared(const Graph& graph, const Tensors& outputs) {
  for (const auto& [name, dims] : graph.declared) {
    const auto found = outputs.find(name);
    if (found == outputs.end()) continue;
    ov::PartialShape declared;
    for (const std::int64_t dim : dims) declared.push_back(dim);
    const ov::PartialShape shape(ov::Shape(found->second.shape));
    if (contradict(declared, shape))
      return contradiction(graph.path + ", output '" + name + "'", declared.to_string(),
                           to_string(found->second.shape));
  }
  return success();
}

}  // namespace posittune::model
