"""A model with each operator whose weight can be quantized, all beside each other: an output for each, so that no rounding of one
reaches another."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Columns of the matrices: 72 is no multiple of 32, so that the last group and the last block are short.
COLUMNS, ROWS, TOKENS = 72, 20, 5
node = helper.make_node


class Builder:
    def __init__(self, seed=3):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.inputs, self.outputs, self.constants = [], [], [], []
        self.feed = {}

    def input(self, name, *shape, integers=0):
        kind = TensorProto.INT64 if integers else TensorProto.FLOAT
        self.inputs.append(helper.make_tensor_value_info(name, kind, ["N", *shape[1:]]))
        values = (
            self.rng.integers(0, integers, shape) if integers else self.rng.standard_normal(shape).astype(np.float32)
        )
        self.feed[name] = values
        return name

    def weight(self, name, *shape, dtype=np.float32):
        values = self.rng.standard_normal(shape) * np.exp(
            self.rng.standard_normal((shape[0],) + (1,) * (len(shape) - 1))
        )
        self.constants.append(numpy_helper.from_array((0.1 * values).astype(dtype), name))
        return name

    def ints(self, name, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values, np.int64), name))
        return name

    def op(self, kind, inputs, name, **attributes):
        self.nodes.append(node(kind, inputs, [name], name=name, **attributes))
        return name

    def output(self, name, rank):
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"] + [None] * (rank - 1)))

    def save(self, path, opset, external=False):
        graph = helper.make_graph(self.nodes, "operators", self.inputs, self.outputs, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10 if opset > 20 else 8
        )
        onnx.checker.check_model(model)
        if external:
            onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=1024)
        else:
            onnx.save(model, path)


def build(items=4):
    """The model as a Builder, with `feed`. Names of outputs say the operator."""
    m = Builder()
    x = m.input("x", items, TOKENS, COLUMNS)
    m.op("MatMul", [x, m.weight("w_matmul", COLUMNS, ROWS)], "matmul")
    m.output("matmul", 3)
    # The matrix is stored transposed, and a node turns it.
    turned = m.op("Transpose", [m.weight("w_turned", ROWS, COLUMNS)], "turned", perm=[1, 0])
    m.op("MatMul", [x, turned], "matmul_turned")
    m.output("matmul_turned", 3)
    half = m.op("Cast", [m.weight("w_half", COLUMNS, ROWS, dtype=np.float16)], "half", to=TensorProto.FLOAT)
    m.op("MatMul", [x, half], "matmul_half")
    m.output("matmul_half", 3)
    v = m.input("v", items, COLUMNS)
    m.op("Gemm", [v, m.weight("w_gemm", COLUMNS, ROWS), m.weight("b_gemm", ROWS)], "gemm")
    m.output("gemm", 2)
    m.op("Gemm", [v, m.weight("w_gemm_t", ROWS, COLUMNS), m.weight("b_gemm_t", ROWS)], "gemm_t", transB=1)
    m.output("gemm_t", 2)
    for rank, size in ((1, 9), (2, 7), (3, 5)):
        image = m.input(f"i{rank}", items, 8, *[size] * rank)
        m.op("Conv", [image, m.weight(f"w_conv{rank}", 12, 8, *[3] * rank)], f"conv{rank}")
        m.output(f"conv{rank}", 2 + rank)
    m.op("Conv", ["i2", m.weight("w_pointwise", 12, 8, 1, 1)], "pointwise")
    m.output("pointwise", 4)
    m.op("Conv", ["i2", m.weight("w_grouped", 12, 4, 3, 3)], "grouped", group=2, pads=[1, 1, 1, 1])
    m.output("grouped", 4)
    m.op("Conv", ["i2", m.weight("w_depthwise", 8, 1, 3, 3), m.weight("b_depthwise", 8)], "depthwise", group=8)
    m.output("depthwise", 4)
    m.op("ConvTranspose", ["i2", m.weight("w_transposed", 8, 10, 3, 3)], "transposed", strides=[2, 2])
    m.output("transposed", 4)
    m.op("ConvTranspose", ["i2", m.weight("w_transposed_g", 8, 5, 2, 2)], "transposed_grouped", group=2)
    m.output("transposed_grouped", 4)
    ids = m.input("ids", items, TOKENS, integers=40)
    m.op("Gather", [m.weight("table", 40, COLUMNS), ids], "embedding")
    m.output("embedding", 3)
    # A tied weight: table of one layer, matrix of another.
    tied = m.weight("tied", 40, COLUMNS)
    m.op("Gather", [tied, ids], "tied_embedding")
    m.output("tied_embedding", 3)
    m.op("MatMul", [x, m.op("Transpose", [tied], "tied_turned", perm=[1, 0])], "tied_matmul")
    m.output("tied_matmul", 3)
    # A product of two activations.
    m.op("MatMul", [x, m.op("Transpose", [x], "x_turned", perm=[0, 2, 1])], "attention")
    m.output("attention", 3)
    # One layer reads its weight in FP32: tests leave it out.
    shared = m.weight("shared", COLUMNS, ROWS)
    m.op("MatMul", [x, shared], "shared_quantized")
    m.output("shared_quantized", 3)
    m.op("MatMul", [x, shared], "shared_plain")
    m.output("shared_plain", 3)
    return m
