#pragma once

// A trained model as a graph (ONNX or OpenVINO IR, read by OpenVINO) and the list of what can be
// quantized in it. No arithmetic on data happens here.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/model/layer_kind.h"

namespace ov {
class Model;
class Node;
}  // namespace ov

namespace posittune::model {

// One node whose operands can be quantized.
struct Layer {
  std::string name;  // of the node, unique in the graph
  LayerKind kind = LayerKind::kMatMul;
  std::optional<std::size_t>
      weight;  // index in Graph::weights; none: it multiplies two activations
  std::size_t groups = 1;
  std::string input_shape, output_shape;  // "?" where the model leaves a dimension open
  std::shared_ptr<ov::Node> node;
  const LayerTraits& traits() const { return model::traits(kind); }
};

// One stored tensor of weights; several layers may use it (ALBERT's depths, tied embeddings).
//
// Its values are handed on as a matrix rows x cols: a row is an output channel and a column one
// input of its dot product; for an embedding, a row is a token. Convolutions: cols = in/groups *
// kernel size.
struct Weight {
  std::string name;   // of the initializer or constant
  TensorShape shape;  // as stored
  std::size_t rows = 0, cols = 0;
  std::vector<std::size_t> layers;  // that use it, indices in Graph::layers
  std::size_t size() const { return rows * cols; }
};

// A node that multiplies by constants, or sums products, and is no layer: it stays as it is. Of the
// graph, or of the body of an If, Loop or Scan.
struct Product {
  std::string name;    // of the node, behind the names of the nodes around it: "loop/MatMul"
  std::string type;    // "LSTMSequence", "Einsum", "MatMul" ...
  std::string reason;  // why it is no layer
  std::vector<std::string>
      constants{};  // the tensors it multiplies by; none: a product of activations
  std::uint64_t elements = 0,
                bytes = 0;  // of these: of floats 4 each, of integers as they are stored
  bool integers = false;    // its result: it is no FP32, and stays as it is
  bool of_8_bits = false;   // all it multiplies: already quantized
};
// "node 'gru' (GRUSequence) stays in FP32: a recurrent layer; multiplies by 1152 constants in 'W',
// 'R'"
std::string to_text(const Product& product);

struct Graph {
  std::string path;
  std::shared_ptr<ov::Model> ov_model;
  std::vector<Layer> layers;  // in the order of execution
  std::vector<Weight> weights;
  std::vector<TensorInfo> inputs, outputs;
  // What the file declares of outputs, by name: see declared_shapes.h.
  std::map<std::string, std::vector<std::int64_t>> declared;
  std::vector<Product> products;
  // What multiplies by constants element by element (norms, slopes: elementwise.h): no
  // multiply-accumulates; `reason` names the body it is in.
  std::vector<Product> elementwise;
  std::vector<std::string> notes;
  // Floats that no layer owns: biases, norms, what products and bodies hold; a tensor stored once
  // counts once.
  std::uint64_t other_parameters = 0;
  std::uint64_t other_bytes =
      0;  // 4 for each of them, and the integers that products multiply by as they are stored
};

// What is said of a model beside its file. The graph then has no input for a constant, and all
// inputs and outputs have the items first.
struct LoadOptions {
  // By name of input or output, the axis of the items; 0 where there is no entry.
  std::map<std::string, std::size_t> batch_axes;
  // Values that each run gets as they are, of the types and shapes of the file's inputs, which it
  // is called with.
  std::function<Result<Tensors>(const std::vector<TensorInfo>& inputs)> constants;
};

// Errors: those of options.constants; kUsage (an axis of items that is not there), kInput (missing,
// truncated, not a model), kUnsupported (an operator that OpenVINO cannot read; unknown rank), each
// naming the node where OpenVINO does.
Result<Graph> load(const std::string& path, const LoadOptions& options = {});

// The rows x cols values of a weight. kInput when one is NaN or infinite.
Result<std::vector<float>> weight_values(const Graph& graph, std::size_t weight);

// Sum of squares of each weight that a chosen layer uses; 0 for the others. Errors of
// weight_values().
Result<std::vector<double>> weight_squares(const Graph& graph, const std::vector<bool>& chosen);

// Multiply-accumulates of each layer for inputs of these shapes (by input name; inputs left out
// get 1 for each open dimension). kUsage when a name is unknown or a shape does not fit.
Result<std::vector<std::uint64_t>> count_macs(const Graph& graph,
                                              const std::map<std::string, TensorShape>& shapes);

// Elements of the operands and result of a layer or a product, and its multiply-accumulates.
struct LayerSizes {
  std::uint64_t macs = 0;
  std::uint64_t inputs = 0;  // elements of all operands; where there is none, indices
  std::uint64_t outputs = 0;
  std::uint64_t weights =
      0;  // of a product: constants, once however often a loop reads them; 0 for layers
  bool known = false;  // false: a shape depends on data, and all are 0
  std::string note{};  // of a product in a body that is not counted as often as it may run
};
struct ModelSizes {
  std::vector<LayerSizes> layers, products;  // of Graph::layers and of Graph::products
};
// The shapes of a run of one item, whose tensors have these: a model of a fixed number of items
// runs all of them.
std::map<std::string, TensorShape> run_shapes(const Graph& graph,
                                              std::map<std::string, TensorShape> item);

// Shapes and errors as count_macs, which is the layers' `macs`. A length of 0 within an item
// (an empty cache) is one.
Result<ModelSizes> count_sizes(const Graph& graph,
                               const std::map<std::string, TensorShape>& shapes);

// What to tell who asks for products of two activations where there are none; empty where there
// are.
std::string attention_note(const Graph& graph);

// Which layers to quantize: products of two activations only if asked for (`attention`); then
// `include` (empty: all) without `exclude`, ECMAScript regular expressions searched in the names of
// node and weight.
struct Selection {
  std::vector<std::string> include, exclude;
  bool attention = false;
};
// One flag for each layer. Errors (kUsage): a bad expression, or one that matches nothing.
Result<std::vector<bool>> select(const Graph& graph, const Selection& selection);

// Build number of the OpenVINO that reads and runs models.
std::string openvino_version();

}  // namespace posittune::model
