"""Makes m.onnx, a classifier whose outputs are its decision (ArgMax) and then its logits, integers.onnx, the same with the
decision alone, and data for both.
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

HERE = pathlib.Path(__file__).parent
generator = np.random.default_rng(7)


def draw(*shape, scale=1.0):
    return (generator.standard_normal(shape) * scale).astype(np.float32)


def save(name, outputs, weight):
    nodes = [
        h.make_node("MatMul", ["x", "w"], ["logits"]),
        h.make_node("ArgMax", ["logits"], ["cls"], axis=1, keepdims=0),
    ]
    graph = h.make_graph(
        nodes,
        "g",
        [h.make_tensor_value_info("x", T.FLOAT, ["N", 8])],
        outputs,
        initializer=[nh.from_array(weight, "w")],
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), HERE / name)


decision = h.make_tensor_value_info("cls", T.INT64, ["N"])
weight = draw(8, 6, scale=0.3)
save("m.onnx", [decision, h.make_tensor_value_info("logits", T.FLOAT, ["N", 6])], weight)
save("integers.onnx", [decision], weight)
np.savez(HERE / "c.npz", x=draw(6, 8))
np.savez(HERE / "r.npz", x=draw(9, 8))
