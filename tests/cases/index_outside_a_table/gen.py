#!/usr/bin/env python3
"""Three models that read by index where no layer is quantized. Needs numpy and onnx."""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as H
from onnx import numpy_helper as N

g = np.random.default_rng(11)


def r(*s):
    return g.standard_normal(s).astype(np.float32)


def save(name, nodes, constants, inputs):
    np.savez(f"{name}.npz", **constants)
    graph = H.make_graph(
        nodes,
        "g",
        [H.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [H.make_tensor_value_info("y", T.FLOAT, ["N", 4])],
        initializer=[N.from_array(np.asarray(a), name) for name, a in constants.items()],
    )
    onnx.save(H.make_model(graph, opset_imports=[H.make_opsetid("", 17)], ir_version=8), f"{name}.onnx")


x = ("x", T.FLOAT, ["N", 6, 8])
# the hidden state at the last token of each item, as GPT-2's classifiers take it: GatherND
save(
    "gather_nd",
    [H.make_node("GatherND", ["x", "last"], ["h"], batch_dims=1), H.make_node("MatMul", ["h", "w"], ["y"])],
    {"w": r(8, 4)},
    [x, ("last", T.INT64, ["N", 1])],
)
# one number for each class of item
save(
    "gather_1d",
    [
        H.make_node("Gather", ["scales", "kind"], ["s"]),
        H.make_node("ReduceMean", ["x"], ["m"], axes=[1], keepdims=0),
        H.make_node("Mul", ["m", "s"], ["h"]),
        H.make_node("MatMul", ["h", "w"], ["y"]),
    ],
    {"scales": r(5), "w": r(8, 4)},
    [x, ("kind", T.INT64, ["N", 1])],
)
# one column picked for each item
save(
    "gather_elements",
    [
        H.make_node("GatherElements", ["x", "pick"], ["p"], axis=1),
        H.make_node("Squeeze", ["p", "one"], ["h"]),
        H.make_node("MatMul", ["h", "w"], ["y"]),
    ],
    {"one": np.array([1]), "w": r(8, 4)},
    [x, ("pick", T.INT64, ["N", 1, 8])],
)
