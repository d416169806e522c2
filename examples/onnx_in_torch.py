"""An ONNX model of convolutions, such as YOLOv8, as a module of PyTorch that takes a recipe and trains.

python examples/onnx_in_torch.py MODEL.onnx DATA.yaml     YOLOv8n: python -m posittune.fetch yolov8n -o yolov8n

It runs the model with posit<6,1> weights, by error-compensated rounding, and int8 inputs in the engine and in PyTorch.
"""

import sys
import tempfile

import numpy as np
import onnx
import torch
from posittune.torch import apply_recipe
from torch import nn
from torch.nn import functional

import posittune as pt


def reshape(x, shape):
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape.tolist())])


def resize(x, _, scales=None, sizes=None, mode=b"nearest", **of):
    if mode != b"nearest" or of.get("coordinate_transformation_mode") != b"asymmetric":
        raise NotImplementedError("Resize of another kind than YOLO's")
    size = sizes.tolist()[2:] if sizes is not None else [int(n * s) for n, s in zip(x.shape[2:], scales.tolist()[2:])]
    return functional.interpolate(x, size=size, mode="nearest")


def cut(x, starts, ends, axes=None, steps=None):
    index = [slice(None)] * x.dim()
    axes = range(len(starts)) if axes is None else axes.tolist()
    steps = [1] * len(starts) if steps is None else steps.tolist()
    for axis, *part in zip(axes, starts.tolist(), ends.tolist(), steps):
        index[axis] = slice(*part)
    return x[tuple(index)]


def split(x, sizes=None, axis=0, num_outputs=None):
    return x.split(sizes.tolist() if sizes is not None else -(-x.shape[axis] // num_outputs), axis)


def pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), **_):
    return functional.max_pool2d(x, tuple(kernel_shape), tuple(strides), tuple(pads[:2]))


def take(x, index, axis=0):
    return x[(slice(None),) * axis + (index,)]


def unsqueeze(x, axes):
    for axis in sorted(axes.tolist()):
        x = x.unsqueeze(axis)
    return x


OPERATIONS = {
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Sigmoid": torch.sigmoid,
    "Concat": lambda *x, axis: torch.cat(x, axis),
    "Softmax": lambda x, axis=-1: x.softmax(axis),
    "ReduceSum": lambda x, axes, keepdims=1, **_: x.sum(axes.tolist(), bool(keepdims)),
    "Transpose": lambda x, perm: x.permute(perm),
    "Cast": lambda x, to, **_: x.to(getattr(torch, np.dtype(onnx.helper.tensor_dtype_to_np_dtype(to)).name)),
    "Shape": lambda x, start=0, end=None: torch.tensor(x.shape[start:end]),
    "Range": lambda first, end, step: torch.arange(first.item(), end.item(), step.item(), dtype=first.dtype),
    "Expand": lambda x, shape: x.expand(torch.broadcast_shapes(x.shape, shape.tolist())),
    "ConstantOfShape": lambda shape, value: torch.full(shape.tolist(), value.item()),
    "Reshape": lambda x, shape, allowzero=0: reshape(x, shape),
    "Resize": resize, "Slice": cut, "Split": split, "MaxPool": pool, "Gather": take, "Unsqueeze": unsqueeze,
}  # fmt: skip


def attributes(node):
    found = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    return {name: array(value) if isinstance(value, onnx.TensorProto) else value for name, value in found.items()}


def array(tensor):
    return torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy())


def convolution(weight, bias, of):
    if weight.dim() != 4 or of.get("auto_pad", b"NOTSET") != b"NOTSET" or of["pads"][:2] != of["pads"][2:]:
        raise NotImplementedError("a convolution of another kind than YOLO's")
    groups, strides = of.get("group", 1), of.get("strides", [1, 1])
    made = nn.Conv2d(
        weight.shape[1] * groups, len(weight), weight.shape[2:], strides, of["pads"][:2], of["dilations"], groups
    )
    made.weight, made.bias = nn.Parameter(weight), None if bias is None else nn.Parameter(bias)
    return made


class OnnxModule(nn.Module):
    """The model's one output. Convolutions are submodules under their weights' names; constants stay on the CPU.

    names: from layers of the model to submodules, for apply_recipe().
    """

    def __init__(self, path):
        super().__init__()
        graph = onnx.load(path).graph
        self.inputs, self.output = [each.name for each in graph.input], graph.output[0].name
        self.constants = {"": None} | {each.name: array(each) for each in graph.initializer}
        self.names, self.steps, stored = {}, [], {each.name: each.name for each in graph.initializer}
        for node in graph.node:
            values = [self.constants.get(name) for name in node.input]
            if node.op_type == "Conv":
                path = stored[node.input[1]].removesuffix(".weight")
                self.names[node.name] = path
                made = convolution(values[1], values[2] if len(values) > 2 else None, attributes(node))
                owner, leaf = self, path.rpartition(".")[2]
                for part in path.split(".")[:-1]:
                    if part not in dict(owner.named_children()):
                        owner.add_module(part, nn.Module())
                    owner = getattr(owner, part)
                owner.add_module(leaf, made)
                self.steps.append((made, [node.input[0]], {}, list(node.output)))
            elif all(name in self.constants for name in node.input):
                self.run(OPERATIONS[node.op_type], node.input, attributes(node), node.output, self.constants)
                stored |= {node.output[0]: stored.get(node.input[0])}  # behind its Cast
            else:
                self.steps.append((OPERATIONS[node.op_type], list(node.input), attributes(node), list(node.output)))

    @staticmethod
    def run(operation, inputs, of, outputs, values):
        found = operation(*(values[name] for name in inputs), **of)
        values.update(zip(outputs, found) if isinstance(found, tuple) else [(outputs[0], found)])

    def forward(self, *inputs):
        values = self.constants | dict(zip(self.inputs, inputs))
        for step in self.steps:
            self.run(*step, values)
        return values[self.output]


def main(model, data):
    session = pt.Session(model, data, limit=4, progress=False, runs=tempfile.mkdtemp())
    layers = [row for row in session.inspect().rows if row["quantized"]]
    weight = {"format": "posit<6,1>", "scale": "mse_pow2", "granularity": "channel", "rounding": "compensated"}
    layer_input = {"format": "int8", "scale": "mse_pow2", "chosen": "static"}
    recipe = pt.Recipe(
        {row["weight"]: weight for row in layers if row["weight"]}, {row["layer"]: layer_input for row in layers}
    )
    seen = []
    metric = pt.Metric(lambda outputs, item: seen.append((item, outputs)) or 0.0, "seen", "1")
    session.compare("fp32", what="w", recipes=[recipe], metrics=metric)
    module = OnnxModule(model).eval()
    apply_recipe(module, session.quantized(recipe), names=module.names)
    for (_, fp32), (item, engine) in zip(seen[: len(seen) // 2], seen[len(seen) // 2 :]):
        with torch.no_grad():
            found = module(*(torch.tensor(array)[None] for array in item.values()))[0].numpy()
        (fp32,), (engine,) = fp32.values(), engine.values()
        error, apart = np.square(engine - fp32).mean() ** 0.5, np.square(found - engine).mean() ** 0.5
        print(f"item {item.index}: the recipe changes outputs by {error:.4f}, PyTorch is {apart:.4f} from the engine")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
