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
#include "posittune/model/stored_layout.h"

namespace ov {
class Model;
class Node;
}  // namespace ov

namespace posittune::model {

// A layer: a node whose operands can be quantized.
struct Layer {
  std::string name;                 // name of the node, unique in the graph
  const LayerKind* kind = nullptr;  // an entry of layer_kinds()
  // Weight: index in Graph::weights; none: the layer multiplies two activations.
  std::optional<std::size_t> weight;
  std::size_t groups = 1;
  std::string input_shape, output_shape;  // "?" where the model leaves a dimension open
  std::shared_ptr<ov::Node> node;
};

// A weight: one stored tensor, which several layers may use (ALBERT's repeated layers, tied
// embeddings).
//
// Its values are used as a matrix rows x cols: a row is an output channel and a column one input of
// its dot product; for an embedding, a row is a token. Convolutions: cols = in/groups * kernel
// size.
struct Weight {
  std::string name;   // name of the initializer or constant
  TensorShape shape;  // stored shape
  std::size_t rows = 0, cols = 0;
  std::vector<std::size_t> layers;     // users of the weight, as indices in Graph::layers
  std::optional<StoredLayout> layout;  // where the matrix lies in the stored tensor, if known
  std::size_t size() const { return rows * cols; }
};

// A product that is no layer: a node of the graph, or of the body of an If, Loop or Scan, that
// multiplies by constants or sums products, and stays as it is.
struct Product {
  std::string name;    // its node's, behind the names of the nodes around it: "loop/MatMul"
  std::string type;    // "LSTMSequence", "Einsum", "MatMul" ...
  std::string reason;  // why it is no layer
  // The tensors it multiplies by; none: a product of activations. Floats count 4 bytes each,
  // integers as they are stored.
  std::vector<std::string> constants{};
  std::uint64_t elements = 0, bytes = 0;
  bool integers = false;   // its result is of integers, not FP32
  bool of_8_bits = false;  // all factors are of 8 bits or fewer: it is already quantized
};
// The product in a sentence: "node 'gru' (GRUSequence) stays in FP32: a recurrent layer; multiplies
// by 1152 constants in 'W', 'R'".
std::string to_text(const Product& product);

struct Graph {
  std::string path;
  std::shared_ptr<ov::Model> ov_model;
  std::vector<Layer> layers;  // execution order
  std::vector<Weight> weights;
  std::vector<TensorInfo> inputs, outputs;
  // Dimensions that the file declares for outputs, by name: see declared_shapes.h.
  std::map<std::string, std::vector<std::int64_t>> declared;
  std::vector<Product> products;
  // Nodes that multiply by constants element by element (norms, slopes: elementwise.h), without
  // multiply-accumulates; `reason` names the body that holds the node.
  std::vector<Product> elementwise;
  std::vector<std::string> notes;
  // Floats that belong to no layer: biases, norms, constants of products and bodies; a tensor
  // stored once counts once. Bytes: 4 for each, and the integers that products multiply by as they
  // are stored.
  std::uint64_t other_parameters = 0, other_bytes = 0;
};

// Options of loading, which say what the file does not. The graph then has no input for a constant,
// and all inputs and outputs have the items first.
struct LoadOptions {
  // Axis of the items by name of input or output; 0 where there is no entry.
  std::map<std::string, std::size_t> batch_axes;
  // Constants: values of inputs that are the same in each run. It is called with the file's inputs,
  // whose types and shapes it must keep.
  std::function<Result<Tensors>(const std::vector<TensorInfo>& inputs)> constants;
};

// Loads a model file. Errors: those of options.constants; kUsage (an axis of items that does not
// exist), kInput (missing, truncated, not a model), kUnsupported (an operator that OpenVINO cannot
// read; unknown rank), each naming the node where OpenVINO does.
Result<Graph> load(const std::string& path, const LoadOptions& options = {});

// Values of a weight, rows x cols. kInput when one is NaN or infinite.
Result<std::vector<float>> weight_values(const Graph& graph, std::size_t weight);

// Sum of squares of each weight that a chosen layer uses; 0 for the others. Errors of
// weight_values().
Result<std::vector<double>> weight_squares(const Graph& graph, const std::vector<bool>& chosen);

// Multiply-accumulates of each layer for inputs of these shapes (by input name; inputs left out
// get 1 for each open dimension). kUsage when a name is unknown or a shape does not fit; kInternal
// for the graph of an engine, which has no nodes any more.
Result<std::vector<std::uint64_t>> count_macs(const Graph& graph,
                                              const std::map<std::string, TensorShape>& shapes);

// Sizes of a layer or a product: elements of its operands and result, and its multiply-accumulates.
struct LayerSizes {
  std::uint64_t macs = 0;
  std::uint64_t inputs = 0;  // elements of all operands; where there is none, indices
  std::uint64_t outputs = 0;
  std::uint64_t weights = 0;  // constants of a product, once for all iterations; 0 for layers
  bool known = false;         // false: a shape depends on data, and all are 0
  std::string note{};         // says that a product in a body may run more often than it is counted
};
struct ModelSizes {
  std::vector<LayerSizes> layers, products;  // order of Graph::layers and Graph::products
};
// Shapes of the inputs of a run of one item of shapes `item`: a model with a fixed batch runs all
// of it.
std::map<std::string, TensorShape> run_shapes(const Graph& graph,
                                              std::map<std::string, TensorShape> item);

// Sizes of layers and products for inputs of these shapes; arguments and errors as count_macs(),
// which gives the layers' `macs`. A length of 0 within an item (an empty cache) counts as 1.
Result<ModelSizes> count_sizes(const Graph& graph,
                               const std::map<std::string, TensorShape>& shapes);

// Whether an input that `shapes` does not name has an open dimension, which then counts as 1.
bool has_open_dimension(const Graph& graph, const std::map<std::string, TensorShape>& shapes);

// A note for a user who asks for products of two activations where there are none; empty where
// there are some.
std::string attention_note(const Graph& graph);

// The build number of the OpenVINO that reads and runs models.
std::string openvino_version();

}  // namespace posittune::model
