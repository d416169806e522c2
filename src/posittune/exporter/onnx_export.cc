#include "posittune/exporter/onnx_export.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "posittune/base/half.h"
#include "posittune/base/version.h"
#include "posittune/exporter/onnx_activation.h"
#include "posittune/exporter/onnx_readers.h"
#include "posittune/exporter/onnx_rows.h"

namespace posittune::exporter {
namespace {

using onnx::TensorProto;

constexpr std::int64_t kLeastOpset = 11;

Error in_tensor(Error error, const std::string& name) {
  error.where = "tensor '" + name + "'" + (error.where.empty() ? "" : ", " + error.where);
  return error;
}

std::string bytes_of(std::span<const float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

class OnnxExporter {
 public:
  OnnxExporter(onnx::ModelProto& file, std::string source, const PortableModel& model,
               const OnnxOptions& options)
      : file_(file),
        source_(std::move(source)),
        model_(model),
        options_(options),
        nodes_(file.graph()),
        graph_(file) {}

  Status run() {
    if (graph_.opset() < kLeastOpset) {
      return Error{.kind = ErrorKind::kUnsupported,
                   .what = "the model's opset is too old",
                   .where = source_,
                   .expected = "opset 11 or newer",
                   .found = "opset " + std::to_string(graph_.opset()),
                   .hint = "convert it with onnx.version_converter"};
    }
    for (const auto& [name, weight] : model_.weights) {
      if (const Status done = add(name, weight); !done) return in_tensor(done.error(), name);
    }
    weight_bytes_ = graph_.stored_bytes();
    for (const auto& [layer, setting] : model_.recipe.activations) {
      if (options_.weights != WeightForm::kCodes) break;
      if (const Status done = round_inputs(layer, setting); !done) return done;
    }
    for (const auto& [layer, shift] : model_.corrections) {
      if (const Status done = correct(layer, shift); !done) return done;
    }
    describe_model();
    graph_.finish();
    return success();
  }

  std::vector<std::string> take_notes() { return std::move(notes_); }
  std::uint64_t weight_bytes() const { return weight_bytes_; }

 private:
  // The stored tensor: its type, and where it is: an initializer or a Constant's value.
  struct Stored {
    int data_type = TensorProto::FLOAT;
    int initializer = -1, node = -1;
  };

  Result<Stored> stored(const std::string& tensor, const PortableWeight& weight) {
    Stored found;
    const TensorProto* holds = nullptr;
    for (int i = 0; i < file_.graph().initializer_size(); ++i) {
      if (file_.graph().initializer(i).name() == tensor) found.initializer = i;
    }
    for (int i = 0; i < file_.graph().node_size(); ++i) {
      const onnx::NodeProto& node = file_.graph().node(i);
      if (node.output_size() > 0 && node.output(0) == tensor) found.node = i;
    }
    if (found.initializer >= 0) holds = &file_.graph().initializer(found.initializer);
    if (found.node >= 0 && file_.graph().node(found.node).op_type() == "Constant") {
      for (const auto& attribute : file_.graph().node(found.node).attribute()) {
        if (attribute.name() == "value") holds = &attribute.t();
      }
    }
    if (holds == nullptr) return found;  // computed: as float32, whose shape is the engine's
    found.data_type = holds->data_type();
    std::uint64_t elements = 1;
    for (const std::int64_t dim : holds->dims()) elements *= static_cast<std::uint64_t>(dim);
    if (elements == weight.codes.rows * weight.codes.cols) return found;
    return Error{.kind = ErrorKind::kInput,
                 .what = "the file's tensor is not the weight that was quantized",
                 .expected = std::to_string(weight.codes.rows * weight.codes.cols) + " elements",
                 .found = std::to_string(elements)};
  }

  // The uses by layers that read the weight quantized, and whether there are others.
  struct Readers {
    std::vector<WeightUse> quantized;
    bool others = false;
  };
  Result<Readers> readers_of(const std::string& tensor, const PortableWeight& weight) {
    std::set<int> layers;
    for (const std::string& name : weight.readers) {
      auto node = nodes_.layer(name);
      if (!node) return node.error();
      layers.insert(*node);
    }
    Readers readers;
    std::set<int> met;
    for (WeightUse& use : uses(nodes_, tensor)) {
      if (layers.contains(use.node) && use.input >= 0) {
        met.insert(use.node);
        readers.quantized.push_back(std::move(use));
      } else {
        readers.others = true;
      }
    }
    for (const auto& output : file_.graph().output())
      readers.others = readers.others || output.name() == tensor;
    if (met == layers) return readers;
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "a layer does not read the weight in this file",
                 .expected = std::to_string(layers.size()) + " nodes that read it",
                 .found = std::to_string(met.size())};
  }

  Status add(const std::string& name, const PortableWeight& weight) {
    auto tensor = nodes_.weight(name);
    if (!tensor) return tensor.error();
    auto at = stored(*tensor, weight);
    if (!at) return at.error();
    auto readers = readers_of(*tensor, weight);
    if (!readers) return readers.error();
    graph_.set_scope(name);
    const auto setting = model_.recipe.weights.find(name);
    for (const WeightUse& use : readers->quantized) {
      if (setting == model_.recipe.weights.end()) break;
      note(*file_.mutable_graph()->mutable_node(use.node), "weight " + describe(setting->second));
    }
    // Numbers need not go through FP16 where the model itself widens the tensor.
    const bool widened = at->data_type != TensorProto::FLOAT && are_widened(readers->quantized);
    if (widened) at->data_type = TensorProto::FLOAT;
    // Where others keep the tensor as it is, or its type changes, the layers get their own.
    const bool replaced = !readers->others && !widened;
    if (replaced) remove(*at, *tensor);
    auto made = add_numbers(weight, at->data_type, replaced ? *tensor : "");
    if (!made) return made.error();
    for (const WeightUse& use : readers->quantized) {
      const bool plain = use.input == 0 && use.through.empty();
      if (!(plain && gather_codes(graph_, use.node, *made)) && !replaced) lead(*made, use);
    }
    return success();
  }

  // Whether all uses read the tensor through a Cast to float32 first.
  bool are_widened(const std::vector<WeightUse>& found) const {
    return std::ranges::all_of(found, [&](const WeightUse& use) {
      if (use.through.empty()) return false;
      const onnx::NodeProto& node = file_.graph().node(use.through.back());
      return node.op_type() == "Cast" &&
             std::ranges::any_of(node.attribute(), [](const onnx::AttributeProto& attribute) {
               return attribute.name() == "to" && attribute.i() == TensorProto::FLOAT;
             });
    });
  }

  // Takes away what gave a tensor its values, which new nodes will.
  void remove(const Stored& at, const std::string& tensor) {
    if (at.initializer >= 0) {
      // Emptied and renamed: an index that others hold stays right, and finish() drops it.
      TensorProto& old = *file_.mutable_graph()->mutable_initializer(at.initializer);
      old.Clear();
      old.set_name(graph_.free_name());
      auto& inputs = *file_.mutable_graph()->mutable_input();
      for (int i = inputs.size(); i-- > 0;) {
        if (inputs[i].name() == tensor) inputs.erase(inputs.begin() + i);
      }
    } else if (at.node >= 0) {
      file_.mutable_graph()->mutable_node(at.node)->set_output(0, graph_.free_name());
    }
  }

  Result<std::string> add_numbers(const PortableWeight& weight, int data_type,
                                  const std::string& output) {
    if (options_.weights == WeightForm::kCodes)
      return add_weight(graph_, weight, options_.style, data_type, output);
    auto values = snapped(weight);
    if (!values) return values.error();
    const std::vector<std::int64_t> dims(weight.shape.begin(), weight.shape.end());
    int type = TensorProto::FLOAT;
    std::string bytes;
    if (options_.weights == WeightForm::kFp16) {
      auto half = halves(*values);
      if (!half) return half.error();
      type = TensorProto::FLOAT16;
      bytes = std::move(*half);
    } else {
      bytes = bytes_of(*values);
    }
    const bool cast = type != data_type;
    const std::string name = cast || output.empty() ? graph_.free_name() : output;
    graph_.store(name, type, std::move(bytes), dims);
    return cast ? graph_.add("Cast", {name}, {{"to", data_type}}, output) : name;
  }

  static Result<std::vector<float>> snapped(const PortableWeight& weight) {
    auto matrix = decoded(weight.codes);
    if (!matrix) return matrix.error();
    const auto positions = model::stored_positions(weight.layout);
    std::vector<float> values(matrix->size());
    for (std::size_t i = 0; i < values.size(); ++i) values[positions[i]] = (*matrix)[i];
    return values;
  }

  Result<std::string> halves(const std::vector<float>& values) {
    std::string bytes(values.size() * 2, '\0');
    std::size_t changed = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Half half(values[i]);
      const auto back = static_cast<float>(half);
      if (!std::isfinite(back)) {
        return Error{.kind = ErrorKind::kUnsupported,
                     .what = "a value is too large for FP16",
                     .found = std::to_string(values[i]),
                     .hint = "export as fp32"};
      }
      changed += back != values[i] ? 1 : 0;
      bytes[2 * i] = static_cast<char>(half.bits & 255);
      bytes[2 * i + 1] = static_cast<char>(half.bits >> 8);
    }
    if (changed > 0) inexact_ += changed;
    return bytes;
  }

  // Leads a use of a weight to another tensor; nodes in between are repeated for it.
  void lead(const std::string& tensor, const WeightUse& use) {
    std::string at = tensor;
    for (auto index = use.through.rbegin(); index != use.through.rend(); ++index) {
      const onnx::NodeProto& node = file_.graph().node(*index);
      std::vector<std::string> inputs(node.input().begin(), node.input().end());
      inputs[0] = at;
      at = graph_.repeat(node, inputs);
    }
    file_.mutable_graph()->mutable_node(use.node)->set_input(use.input, at);
  }

  Status round_inputs(const std::string& layer, const quant::ActivationSetting& setting) {
    auto index = nodes_.layer(layer);
    if (!index) return index.error();
    onnx::NodeProto& node = *file_.mutable_graph()->mutable_node(*index);
    const bool convolution = node.op_type() == "Conv" || node.op_type() == "ConvTranspose";
    if (!convolution && node.op_type() != "MatMul" && node.op_type() != "Gemm") {
      return Error{.kind = ErrorKind::kUnsupported,
                   .what = "the input of a node of this kind cannot be rounded",
                   .where = "node '" + layer + "'",
                   .expected = "MatMul, Gemm, Conv, ConvTranspose",
                   .found = node.op_type()};
    }
    const auto input = model_.inputs.find(layer);
    const bool per_token = setting.scale == quant::ActivationScale::kToken;
    if (input == model_.inputs.end() ||
        (!per_token && input->second.scales.size() != input->second.operands)) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "the scale of an input is missing",
                   .where = "node '" + layer + "'"};
    }
    for (int operand = 0; operand < static_cast<int>(input->second.operands); ++operand) {
      InputQuantizer quantizer{.setting = setting, .scale = {}, .images = convolution};
      if (!per_token) quantizer.scale = input->second.scales[static_cast<std::size_t>(operand)];
      graph_.set_scope(layer + (operand > 0 ? "/second" : ""));
      graph_.go_before(*index);
      const std::string& x = node.input(operand);
      auto y = add_input_rounding(graph_, x, nodes_.element_type(x), quantizer);
      if (!y) return y.error();
      node.set_input(operand, *y);
    }
    note(node, "input " + describe(setting));
    if (setting.format == formats::integer(8) && !per_token) part_from_bias(*index, layer);
    return success();
  }

  // onnxruntime multiplies int8 by int8 in a Gemm without a bias in float32 only.
  void part_from_bias(int index, const std::string& layer) {
    onnx::NodeProto& node = *file_.mutable_graph()->mutable_node(index);
    const bool scaled = std::ranges::any_of(node.attribute(), [](const auto& attribute) {
      return attribute.name() == "beta" && attribute.f() != 1;
    });
    if (node.op_type() != "Gemm" || node.input_size() != 3 || scaled ||
        model_.corrections.contains(layer))
      return;
    graph_.set_scope(layer);
    graph_.go_behind(index);
    const std::string bias = node.input(2), y = node.output(0), raw = graph_.free_name();
    node.mutable_input()->RemoveLast();
    node.set_output(0, raw);
    graph_.add("Add", {raw, bias}, {}, y);
  }

  Status correct(const std::string& layer, const std::vector<float>& shift) {
    auto index = nodes_.layer(layer);
    if (!index) return index.error();
    onnx::NodeProto& node = *file_.mutable_graph()->mutable_node(*index);
    for (const auto& attribute : node.attribute()) {
      if (node.op_type() == "Gemm" && attribute.name() == "alpha" && attribute.f() != 1) {
        return Error{.kind = ErrorKind::kUnsupported,
                     .what = "a Gemm with alpha cannot be corrected",
                     .where = "node '" + layer + "'"};
      }
    }
    graph_.set_scope(layer);
    graph_.go_behind(*index);
    std::vector<std::int64_t> dims = {static_cast<std::int64_t>(shift.size())};
    for (const auto& [name, weight] : model_.weights) {
      const bool convolution = node.op_type() == "Conv" || node.op_type() == "ConvTranspose";
      if (!convolution || std::ranges::find(weight.readers, layer) == weight.readers.end())
        continue;
      dims.resize(weight.shape.size() - 1, 1);  // axes of space come after the channels
    }
    const std::string y = node.output(0), raw = graph_.free_name();
    const int type = nodes_.element_type(y);
    node.set_output(0, raw);
    std::string by = graph_.constant("correction", std::span<const float>(shift), dims);
    if (type != TensorProto::FLOAT) by = graph_.cast(by, type);
    graph_.add("Add", {raw, by}, {}, y);
    return success();
  }

  static void note(onnx::NodeProto& node, const std::string& text) {
    node.set_doc_string(node.doc_string().empty() ? text : node.doc_string() + "\n" + text);
  }

  void describe_model() {
    const auto set = [&](const char* key, const std::string& value) {
      auto* entry = file_.add_metadata_props();
      entry->set_key(key);
      entry->set_value(value);
    };
    set("posittune.version", kVersion);
    set("posittune.model_sha256", model_.model_sha256);
    set("posittune.recipe", quant::to_yaml(model_.recipe));
    if (model_.recipe.accumulate == quant::Accumulate::kQuire)
      notes_.push_back("the recipe sums in a quire; runtimes sum in float32");
    if (options_.weights != WeightForm::kCodes && !model_.recipe.activations.empty())
      notes_.push_back("inputs are not rounded in this form: only the weights are snapped");
    if (inexact_ > 0)
      notes_.push_back(std::to_string(inexact_) +
                       " weights are not exact in FP16 and were rounded");
  }

  onnx::ModelProto& file_;
  std::string source_;
  const PortableModel& model_;
  OnnxOptions options_;
  OnnxNodes nodes_;
  OnnxGraph graph_;
  std::uint64_t weight_bytes_ = 0;
  std::size_t inexact_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace

std::string describe(const quant::WeightSetting& setting) {
  std::string text = formats::name(setting.format);
  for (const formats::Format& other : setting.alternatives) text += " or " + formats::name(other);
  text += ", scale " + std::string(quant::name(setting.rule)) + " by " +
          quant::granularity_text(setting);
  if (setting.rounding == quant::Rounding::kCompensated) text += ", compensated";
  if (!setting.windows.empty()) text += ", " + std::to_string(setting.windows.size()) + " windows";
  return text;
}

std::string describe(const quant::ActivationSetting& setting) {
  return formats::name(setting.format) + ", scale " + std::string(quant::name(setting.rule)) +
         ", chosen " + std::string(quant::name(setting.scale));
}

Result<ExportedOnnx> export_onnx(const std::string& source, const PortableModel& model,
                                 const OnnxOptions& options, const std::string& path) {
  auto file = read_onnx(source);
  if (!file) return file.error();
  OnnxExporter exporter(*file, source, model, options);
  if (const Status done = exporter.run(); !done) return done.error();
  ExportedOnnx made{
      .files = {}, .weight_bytes = exporter.weight_bytes(), .notes = exporter.take_notes()};
  auto written = write_onnx(*file, source, path);
  if (!written) return written.error();
  made.files = std::move(*written);
  return made;
}

}  // namespace posittune::exporter
