"""A small interpreter of ONNX graphs over PyTorch, with a hook where a quantized operand enters a layer.

It knows the operators of the models that models_test.py compares, and finds their layers by itself: MatMul and Gemm
with constant weights, Conv, and Gather of rows of a constant matrix.
"""

from dataclasses import dataclass

import numpy as np
import onnx
import torch
from onnx import numpy_helper

DTYPES = {
    onnx.TensorProto.FLOAT: torch.float32,
    onnx.TensorProto.INT64: torch.int64,
    onnx.TensorProto.INT32: torch.int32,
    onnx.TensorProto.BOOL: torch.bool,
}
PASSING_ON = ("Cast", "Transpose", "Identity")  # between a stored weight and its layer


@dataclass
class Layer:
    kind: str  # operator
    input: str  # name of the tensor that is multiplied with the weight
    weight: str  # name of the initializer


class Network:
    def __init__(self, path):
        self.model = onnx.load(str(path))
        graph = self.model.graph
        self.stored = {tensor.name: on_torch(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
        self.makers = {name: node for node in graph.node for name in node.output}
        self.outputs = [output.name for output in graph.output]
        self.layers = {}  # by the name of the node's output
        for node in graph.node:
            self.find_layer(node)

    def find_layer(self, node):
        weight, other = (0, 1) if node.op_type == "Gather" else (1, 0)
        if node.op_type not in ("MatMul", "Gemm", "Conv", "Gather"):
            return
        name = node.input[weight]
        while name in self.makers and self.makers[name].op_type in PASSING_ON:
            name = self.makers[name].input[0]
        stored = self.stored.get(name)
        if stored is not None and stored.is_floating_point() and stored.ndim >= 2:
            self.layers[node.output[0]] = Layer(node.op_type, node.input[other], name)

    def weights(self):
        """Stored weights of the layers, each once, as float32."""
        return {layer.weight: self.stored[layer.weight].float() for layer in self.layers.values()}

    @torch.no_grad()
    def run(self, inputs, weights=None, on_input=None):
        """Outputs by name. weights: instead of stored ones; on_input(layer, x): what the layer gets for x."""
        values = {name: on_torch(array) for name, array in inputs.items()} | self.stored | (weights or {})
        values[""] = None
        for node in self.model.graph.node:
            arguments = [values[name] for name in node.input]
            layer = self.layers.get(node.output[0])
            if layer and on_input and layer.kind != "Gather":
                arguments[0] = on_input(layer, arguments[0])
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            results = OPERATORS[node.op_type](attributes, *arguments)
            if node.op_type != "Split":
                results = [results]
            values.update(zip(node.output, results, strict=True))
        return {name: values[name].numpy() for name in self.outputs}


def with_taps(network, names, path):
    """Writes the model with more outputs: tap_0, ... are the named tensors, each with a new first dimension of 1."""
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(1, dtype=np.int64), "tap_axis"))
    for i, name in enumerate(names):
        model.graph.node.append(onnx.helper.make_node("Unsqueeze", [name, "tap_axis"], [f"tap_{i}"], name=f"tap_{i}"))
        model.graph.output.append(onnx.helper.make_tensor_value_info(f"tap_{i}", onnx.TensorProto.FLOAT, None))
    onnx.save(model, str(path))


def on_torch(array):
    return torch.from_numpy(np.array(array))


# --- operators: attributes, then inputs ------------------------------------------------------------------------------


def ints(tensor):
    return [int(value) for value in tensor.reshape(-1)]


def gather(attributes, data, index):
    axis = attributes.get("axis", 0) % data.ndim
    rows = data.index_select(axis, torch.where(index < 0, index + data.shape[axis], index).reshape(-1))
    return rows.reshape(data.shape[:axis] + index.shape + data.shape[axis + 1 :])


def gemm(attributes, a, b, c=None):
    a = a.T if attributes.get("transA", 0) else a
    b = b.T if attributes.get("transB", 0) else b
    product = attributes.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + attributes.get("beta", 1.0) * c


def convolution(attributes, x, weight, bias=None):
    pads, rank = attributes.get("pads", [0] * 2 * (x.ndim - 2)), x.ndim - 2
    assert pads[:rank] == pads[rank:], "symmetric padding"
    return torch.nn.functional.conv2d(
        x,
        weight,
        bias,
        attributes.get("strides", 1),
        pads[:rank],
        attributes.get("dilations", 1),
        attributes.get("group", 1),
    )


def max_pool(attributes, x):
    pads = attributes["pads"]
    assert pads[:2] == pads[2:] and not attributes.get("ceil_mode", 0), "symmetric padding"
    return torch.nn.functional.max_pool2d(x, attributes["kernel_shape"], attributes["strides"], pads[:2])


def layer_norm(attributes, x, scale, bias):
    assert attributes["axis"] == -1
    return torch.nn.functional.layer_norm(x, x.shape[-1:], scale, bias, attributes["epsilon"])


def reshape(attributes, x, shape):
    sizes = ints(shape)
    if not attributes.get("allowzero", 0):
        sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(sizes)]
    return x.reshape(sizes)


def resize(attributes, x, _, factors, sizes=None):
    assert attributes["mode"] == b"nearest" and attributes["nearest_mode"] == b"floor"
    assert attributes["coordinate_transformation_mode"] == b"asymmetric" and sizes is None
    for axis, factor in enumerate(factors.tolist()):
        places = torch.floor(torch.arange(int(x.shape[axis] * factor)) / factor).long()
        x = x.index_select(axis, places)
    return x


def cut(_, x, starts, ends, axes=None, steps=None):
    axes = range(len(ints(starts))) if axes is None else ints(axes)
    for i, axis in enumerate(axes):
        start, stop, step = ints(starts)[i], ints(ends)[i], 1 if steps is None else ints(steps)[i]
        x = x.index_select(axis, torch.arange(x.shape[axis])[start:stop:step])
    return x


def split(attributes, x, sizes=None):
    axis = attributes.get("axis", 0)
    parts = attributes.get("num_outputs", 2)
    return x.split(-(-x.shape[axis] // parts) if sizes is None else ints(sizes), axis)


def unsqueeze(_, x, axes):
    for axis in sorted(ints(axes)):
        x = x.unsqueeze(axis)
    return x


def constant_of_shape(attributes, shape):
    value = on_torch(numpy_helper.to_array(attributes["value"])) if "value" in attributes else torch.zeros(1)
    return value.expand(ints(shape))


def divide(_, a, b):
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


OPERATORS = {
    "Add": lambda _, a, b: a + b,
    "Cast": lambda attributes, x: x.to(DTYPES[attributes["to"]]),
    "Concat": lambda attributes, *parts: torch.cat(parts, attributes["axis"]),
    "Constant": lambda attributes: on_torch(numpy_helper.to_array(attributes["value"])),
    "ConstantOfShape": constant_of_shape,
    "Conv": convolution,
    "Div": divide,
    "Expand": lambda _, x, shape: x * torch.ones(ints(shape), dtype=x.dtype),
    "Gather": gather,
    "GatherElements": lambda attributes, x, index: x.gather(attributes.get("axis", 0), index),
    "Gemm": gemm,
    "Greater": lambda _, a, b: a > b,
    "Identity": lambda _, x: x,
    "LayerNormalization": layer_norm,
    "MatMul": lambda _, a, b: a @ b,
    "MaxPool": max_pool,
    "Mul": lambda _, a, b: a * b,
    "Pow": lambda _, a, b: a**b,
    "Range": lambda _, start, stop, step: torch.arange(start.item(), stop.item(), step.item(), dtype=start.dtype),
    "ReduceSum": lambda attributes, x, axes: x.sum(ints(axes), keepdim=bool(attributes.get("keepdims", 1))),
    "Reshape": reshape,
    "Resize": resize,
    "Shape": lambda attributes, x: torch.tensor(x.shape[attributes.get("start", 0) : attributes.get("end")]),
    "Sigmoid": lambda _, x: torch.sigmoid(x),
    "Slice": cut,
    "Softmax": lambda attributes, x: torch.softmax(x, attributes.get("axis", -1)),
    "Split": split,
    "Squeeze": lambda _, x, axes=None: x.squeeze() if axes is None else x.squeeze(tuple(ints(axes))),
    "Sub": lambda _, a, b: a - b,
    "Tanh": lambda _, x: torch.tanh(x),
    "Transpose": lambda attributes, x: x.permute(*attributes["perm"]),
    "Unsqueeze": unsqueeze,
}
