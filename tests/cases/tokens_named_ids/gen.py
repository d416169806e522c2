#!/usr/bin/env python3
"""A language model that ends in Softmax and calls its tokens `ids`; and one with two inputs of integers. Needs numpy and
onnx."""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as H
from onnx import numpy_helper as N

g = np.random.default_rng(3)
weights = {"table": g.standard_normal((20, 8)).astype(np.float32), "w": g.standard_normal((8, 20)).astype(np.float32)}
np.savez("weights.npz", **weights)


def save(name, inputs, nodes):
    graph = H.make_graph(
        nodes,
        "g",
        [H.make_tensor_value_info(i, T.INT64, ["N", "T"]) for i in inputs],
        [H.make_tensor_value_info("p", T.FLOAT, ["N", "T", 20])],
        initializer=[N.from_array(a, k) for k, a in weights.items()],
    )
    onnx.save(H.make_model(graph, opset_imports=[H.make_opsetid("", 17)], ir_version=8), name)


n = H.make_node
head = [n("MatMul", ["h", "w"], ["logits"]), n("Softmax", ["logits"], ["p"], axis=-1)]
save("one.onnx", ["ids"], [n("Gather", ["table", "ids"], ["h"]), *head])
save(
    "two.onnx", ["words", "marks"], [n("Add", ["words", "marks"], ["sum"]), n("Gather", ["table", "sum"], ["h"]), *head]
)
